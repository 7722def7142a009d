#include "lib/media/forwarder.h"

#include <gtest/gtest.h>

#include <optional>
#include <vector>

#include "lib/media/receive_stream.h"
#include "tests/support/packets.h"

namespace eir {
namespace {

Timestamp at(Duration d) { return Timestamp(1000s + d); }

// One video slot and two sources; time in steps of a frame.
class ForwarderTest : public testing::Test {
 protected:
  PacketPool pool_{8192};
  ReceiveStream a_{{.ssrc = Ssrc(1), .codec = Codec::kVp8, .payload_type = 96, .nack = true}};
  ReceiveStream b_{{.ssrc = Ssrc(2), .codec = Codec::kVp8, .payload_type = 96, .nack = true}};
  PublisherClock clock_;
  ForwardCounters counters_;
  Forwarder forwarder_{MediaKind::kVideo, 1000, 5000, counters_};
  Ring<EgressEntry> out_{256};

  void put(ReceiveStream& stream, uint16_t sequence, const TestVp8& vp8, Timestamp now, uint32_t timestamp) {
    ASSERT_EQ(receive(now, pool_, stream, {.sequence = sequence, .timestamp = timestamp, .payload = vp8.payload()}),
              ReceiveStream::Outcome::kStored);
  }
  // What the receiver would see, in order.
  std::vector<RewrittenPacket> pull(Timestamp now) {
    forwarder_.pull(now, out_);
    std::vector<RewrittenPacket> packets;
    while (!out_.empty()) {
      const auto packet = forwarder_.rewrite(out_.pop().out_sequence);
      if (packet) packets.push_back(*packet);
    }
    return packets;
  }
};

TEST_F(ForwarderTest, WaitsForAKeyFrameAndBeginsWithIt) {
  forwarder_.set_target(at(0ms), TrackId(7), &a_, &clock_);
  EXPECT_TRUE(forwarder_.wants_key_frame());
  put(a_, 50, {.picture_id = 20}, at(0ms), 90'000);
  EXPECT_TRUE(pull(at(0ms)).empty());
  put(a_, 51, {.key_frame = true, .picture_id = 21}, at(33ms), 93'000);
  put(a_, 52, {.picture_id = 22}, at(66ms), 96'000);
  const auto packets = pull(at(66ms));
  ASSERT_EQ(packets.size(), 2U);
  EXPECT_FALSE(forwarder_.wants_key_frame());
  EXPECT_EQ(packets[0].sequence, 1000);
  EXPECT_EQ(packets[0].timestamp, 5000U);
  EXPECT_EQ(packets[0].track, TrackId(7));
  EXPECT_EQ(packets[0].picture_id, 21);
  EXPECT_EQ(packets[1].sequence, 1001);
  EXPECT_EQ(packets[1].timestamp, 8000U);
}

TEST_F(ForwarderTest, ASwitchOfSourceIsOneUnbrokenStream) {
  forwarder_.set_target(at(0ms), TrackId(7), &a_, &clock_);
  put(a_, 50, {.key_frame = true, .picture_id = 0x7ffe, .tl0_pic_idx = 254}, at(0ms), 90'000);
  put(a_, 51, {.picture_id = 0x7fff, .tl0_pic_idx = 255}, at(33ms), 93'000);
  EXPECT_EQ(pull(at(33ms)).size(), 2U);

  forwarder_.set_target(at(40ms), TrackId(8), &b_, &clock_);
  put(a_, 52, {.picture_id = 0, .tl0_pic_idx = 0}, at(66ms), 96'000);  // the old one goes on until then
  auto packets = pull(at(66ms));
  ASSERT_EQ(packets.size(), 1U);
  EXPECT_EQ(packets[0].track, TrackId(7));

  put(b_, 9000, {.key_frame = true, .picture_id = 123, .tl0_pic_idx = 45}, at(100ms), 777);
  put(b_, 9001, {.picture_id = 124, .tl0_pic_idx = 46}, at(133ms), 777 + 3000);
  put(a_, 53, {.picture_id = 1, .tl0_pic_idx = 1}, at(133ms), 99'000);
  packets = pull(at(133ms));
  ASSERT_EQ(packets.size(), 2U);
  EXPECT_EQ(packets[0].track, TrackId(8));
  EXPECT_EQ(packets[0].sequence, 1003);
  EXPECT_EQ(packets[0].picture_id, 1);  // after 0x7fff, 0
  EXPECT_EQ(packets[0].tl0_pic_idx, 1);
  EXPECT_EQ(packets[0].timestamp, 5000U + 9000);  // captured 100 ms after the first frame
  EXPECT_EQ(packets[1].sequence, 1004);
  EXPECT_EQ(packets[1].picture_id, 2);
}

TEST_F(ForwarderTest, ARetransmissionAcrossASwitchIsAsSentFirst) {
  forwarder_.set_target(at(0ms), TrackId(7), &a_, &clock_);
  put(a_, 50, {.key_frame = true, .picture_id = 5}, at(0ms), 90'000);
  const auto first = pull(at(0ms));
  forwarder_.set_target(at(1ms), TrackId(8), &b_, &clock_);
  put(b_, 1, {.key_frame = true}, at(33ms), 0);
  EXPECT_EQ(pull(at(33ms)).size(), 1U);
  const auto again = forwarder_.rewrite(forwarder_.unwrap_out(1000));
  ASSERT_TRUE(again);
  EXPECT_EQ(again->track, TrackId(7));
  EXPECT_EQ(again->timestamp, first[0].timestamp);
  EXPECT_EQ(again->picture_id, first[0].picture_id);
  EXPECT_EQ(again->payload.data(), first[0].payload.data());
}

TEST_F(ForwarderTest, ARevokedTrackIsNotSentNotEvenAgain) {
  forwarder_.set_target(at(0ms), TrackId(7), &a_, &clock_);
  put(a_, 50, {.key_frame = true}, at(0ms), 90'000);
  put(a_, 51, {}, at(1ms), 90'000);
  forwarder_.pull(at(1ms), out_);  // paced, not yet released
  forwarder_.revoke(TrackId(7));
  EXPECT_EQ(out_.size(), 2U);
  while (!out_.empty()) EXPECT_FALSE(forwarder_.rewrite(out_.pop().out_sequence));
  put(a_, 52, {}, at(2ms), 90'000);
  EXPECT_TRUE(pull(at(2ms)).empty());
}

TEST_F(ForwarderTest, ALatePacketFillsItsGapInPlace) {
  forwarder_.set_target(at(0ms), TrackId(7), &a_, &clock_);
  put(a_, 50, {.key_frame = true}, at(0ms), 90'000);
  put(a_, 52, {}, at(1ms), 90'000);
  EXPECT_EQ(pull(at(1ms)).size(), 2U);
  put(a_, 51, {}, at(80ms), 90'000);
  const auto packets = pull(at(80ms));
  ASSERT_EQ(packets.size(), 1U);
  EXPECT_EQ(packets[0].sequence, 1001);
}

TEST_F(ForwarderTest, LaterPacketsOfAKeyFrameThatOvertookItsFirstAreSentToo) {
  forwarder_.set_target(at(0ms), TrackId(7), &a_, &clock_);
  put(a_, 51, {.start = false}, at(0ms), 90'000);
  EXPECT_TRUE(pull(at(0ms)).empty());
  put(a_, 50, {.key_frame = true}, at(1ms), 90'000);
  const auto packets = pull(at(1ms));
  ASSERT_EQ(packets.size(), 2U);
  EXPECT_EQ(packets[0].sequence + packets[1].sequence, 1000 + 1001);
}

TEST_F(ForwarderTest, PaddingOfThePublisherLeavesNoGap) {
  forwarder_.set_target(at(0ms), TrackId(7), &a_, &clock_);
  put(a_, 50, {.key_frame = true}, at(0ms), 90'000);
  EXPECT_EQ(receive(at(1ms), pool_, a_, {.sequence = 51, .payload = {}}), ReceiveStream::Outcome::kPadding);
  put(a_, 52, {}, at(2ms), 90'000);
  const auto packets = pull(at(2ms));
  ASSERT_EQ(packets.size(), 2U);
  EXPECT_EQ(packets[1].sequence, 1001);
}

TEST_F(ForwarderTest, TheRtpTimeNeverStandsStillAtASwitch) {
  forwarder_.set_target(at(0ms), TrackId(7), &a_, &clock_);
  put(a_, 50, {.key_frame = true}, at(0ms), 90'000);
  const uint32_t first = pull(at(0ms))[0].timestamp;
  forwarder_.set_target(at(0ms), TrackId(8), &b_, &clock_);
  put(b_, 1, {.key_frame = true}, at(0ms), 0);  // captured at the same moment
  const auto packets = pull(at(0ms));
  ASSERT_EQ(packets.size(), 1U);
  EXPECT_GT(static_cast<int32_t>(packets[0].timestamp - first), 0);
}

TEST_F(ForwarderTest, ASlotReportsOnlyOnceItsSourceHasReported) {
  forwarder_.set_target(at(0ms), TrackId(7), &a_, &clock_);
  put(a_, 51, {.key_frame = true}, at(100ms), 93'000);
  ASSERT_EQ(pull(at(100ms)).size(), 1U);
  EXPECT_EQ(forwarder_.report_timestamp(at(150ms)), std::nullopt);
  // The picture of 93000 was taken 130 ms before the report, at 70 ms, though it came in at 100 ms only.
  clock_.handle_sender_report(at(200ms), to_ntp(at(200ms)));
  a_.handle_sender_report(at(200ms), {.sender = Ssrc(1), .ntp = to_ntp(at(200ms)), .rtp_timestamp = 93'000 + 11'700});
  EXPECT_EQ(forwarder_.report_timestamp(at(200ms)), 5000U + 11'700);
  // The next source goes on along what was reported: 230 ms after the first picture was taken.
  b_.handle_sender_report(at(200ms), {.sender = Ssrc(2), .ntp = to_ntp(at(200ms)), .rtp_timestamp = 0});
  forwarder_.set_target(at(250ms), TrackId(8), &b_, &clock_);
  put(b_, 9, {.key_frame = true}, at(320ms), 9'000);
  const auto packets = pull(at(320ms));
  ASSERT_EQ(packets.size(), 1U);
  EXPECT_EQ(packets[0].timestamp, 5000U + 20'700);
}

TEST_F(ForwarderTest, ASourceThatNeverReportsIsTakenByArrivalInTheEnd) {
  forwarder_.set_target(at(0ms), TrackId(7), &a_, &clock_);
  put(a_, 51, {.key_frame = true}, at(0ms), 93'000);
  ASSERT_EQ(pull(at(0ms)).size(), 1U);
  EXPECT_EQ(forwarder_.report_timestamp(at(Forwarder::kReportWait - 1ms)), std::nullopt);
  EXPECT_EQ(forwarder_.report_timestamp(at(Forwarder::kReportWait)), 5000U + 8 * 90'000);
}

TEST_F(ForwarderTest, AStreamGivenBackIsForgotten) {
  forwarder_.set_target(at(0ms), TrackId(7), &a_, &clock_);
  put(a_, 50, {.key_frame = true}, at(0ms), 90'000);
  EXPECT_EQ(pull(at(0ms)).size(), 1U);
  forwarder_.forget(&a_);
  EXPECT_FALSE(forwarder_.rewrite(forwarder_.unwrap_out(1000)));
}

TEST(ForwarderOfAudio, BeginsAtAnyPacketWithAMarker) {
  PacketPool pool(256);
  ReceiveStream stream({.ssrc = Ssrc(1), .codec = Codec::kOpus, .payload_type = 111});
  const PublisherClock clock;
  ForwardCounters counters;
  Forwarder forwarder(MediaKind::kAudio, 1, 0, counters);
  Ring<EgressEntry> out(64);
  forwarder.set_target(at(0ms), TrackId(3), &stream, &clock);
  EXPECT_FALSE(forwarder.wants_key_frame());
  for (uint16_t i = 0; i < 3; ++i) {
    receive(
        at(Duration(20ms) * i), pool, stream,
        {.sequence = static_cast<uint16_t>(65'535 + i), .timestamp = 960U * i, .payload_type = 111, .payload = {1, 2}});
  }
  forwarder.pull(at(40ms), out);
  ASSERT_EQ(out.size(), 3U);
  EXPECT_TRUE(forwarder.rewrite(out[0].out_sequence)->marker);
  EXPECT_FALSE(forwarder.rewrite(out[1].out_sequence)->marker);
  EXPECT_EQ(forwarder.rewrite(out[2].out_sequence)->sequence, 3);
}

TEST(ForwarderOfAudio, APauseWithoutRtpTimeIsAsLongForTheReceiverAsItWas) {
  PacketPool pool(256);
  ReceiveStream stream({.ssrc = Ssrc(1), .codec = Codec::kOpus, .payload_type = 111});
  PublisherClock clock;
  ForwardCounters counters;
  Forwarder forwarder(MediaKind::kAudio, 1, 7000, counters);
  Ring<EgressEntry> out(64);
  const auto put = [&](uint16_t sequence, uint32_t timestamp, Duration arrival) {
    receive(at(arrival), pool, stream,
            {.sequence = sequence, .timestamp = timestamp, .payload_type = 111, .payload = {1, 2}});
    forwarder.pull(at(arrival), out);
  };
  const NtpTime ntp{uint64_t{9} << 32};
  clock.handle_sender_report(at(0ms), ntp);
  stream.handle_sender_report(at(0ms), {.ntp = ntp, .rtp_timestamp = 0});
  forwarder.set_target(at(0ms), TrackId(3), &stream, &clock);
  put(10, 0, 0ms);
  put(11, 960, 20ms);
  EXPECT_EQ(forwarder.report_timestamp(at(30ms)), 7000U + 1440);
  // 12 is lost on the way; 13 says that 3 s passed of which RTP time shows 40 ms.
  put(13, 3 * 960, 3020ms);
  put(12, 2 * 960, 3030ms);  // it comes after all
  put(14, 4 * 960, 3040ms);
  ASSERT_EQ(out.size(), 5U);
  const uint32_t shift = 48 * 2960;
  const uint32_t expected[] = {7000, 7960, 7000 + 3 * 960 + shift, 7000 + 2 * 960 + shift, 7000 + 4 * 960 + shift};
  const uint16_t sequences[] = {1, 2, 4, 3, 5};
  for (size_t i = 0; i < 5; ++i) {
    const auto packet = forwarder.rewrite(out[i].out_sequence);
    ASSERT_TRUE(packet) << i;
    EXPECT_EQ(packet->timestamp, expected[i]) << i;
    EXPECT_EQ(packet->sequence, sequences[i]) << i;
  }
  EXPECT_EQ(counters.pauses, 1U);
  // The source's last report is wrong now; its next one is right.
  EXPECT_FALSE(forwarder.report_timestamp(at(3050ms)));
  clock.handle_sender_report(at(4s), NtpTime{uint64_t{13} << 32});
  stream.handle_sender_report(at(4s), {.ntp = NtpTime{uint64_t{13} << 32}, .rtp_timestamp = 4 * 960 + 48 * 960});
  EXPECT_EQ(forwarder.report_timestamp(at(4s)), 7000U + 4 * 960 + shift + 48 * 960);
}

}  // namespace
}  // namespace eir
