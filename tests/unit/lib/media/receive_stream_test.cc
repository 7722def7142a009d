#include "lib/media/receive_stream.h"

#include <gtest/gtest.h>

#include <array>

#include "tests/support/packets.h"

namespace eir {
namespace {

using Outcome = ReceiveStream::Outcome;
Timestamp at(Duration d) { return Timestamp(d); }

class ReceiveStreamTest : public testing::Test {
 protected:
  PacketPool pool_{4096};
  ReceiveStream stream_{{.ssrc = Ssrc(1), .codec = Codec::kVp8, .payload_type = 96, .nack = true}};

  Outcome put(uint16_t sequence, const TestVp8& vp8 = {}, Timestamp now = at(0ms), uint32_t timestamp = 1000) {
    return receive(now, pool_, stream_,
                   {.sequence = sequence, .timestamp = timestamp, .marker = true, .payload = vp8.payload()});
  }
};

TEST_F(ReceiveStreamTest, StoresAndDescribesAPacket) {
  EXPECT_EQ(put(10, {.key_frame = true, .picture_id = 300, .width = 1280, .height = 720}), Outcome::kStored);
  const StoredPacket* const stored = stream_.history().arrival(0);
  ASSERT_NE(stored, nullptr);
  EXPECT_EQ(stored->sequence, 10 + 65536);
  EXPECT_TRUE(stored->info.key_frame);
  EXPECT_EQ(stored->info.picture_id, 300);
  EXPECT_EQ(stream_.width(), 1280U);
  EXPECT_EQ(stream_.height(), 720U);
}

TEST_F(ReceiveStreamTest, ADuplicateIsCountedOnce) {
  EXPECT_EQ(put(10), Outcome::kStored);
  EXPECT_EQ(put(10), Outcome::kDuplicate);
  EXPECT_EQ(stream_.counters().packets, 1U);
}

TEST_F(ReceiveStreamTest, AMalformedPayloadChangesNothing) {
  EXPECT_EQ(receive(at(0ms), pool_, stream_, {.sequence = 1, .payload = {0x80}}), Outcome::kMalformed);
  EXPECT_EQ(stream_.history().arrivals(), 0U);
}

TEST_F(ReceiveStreamTest, PaddingClosesAGapAndKeepsNoBuffer) {
  EXPECT_EQ(put(10), Outcome::kStored);
  EXPECT_EQ(receive(at(0ms), pool_, stream_, {.sequence = 11, .payload = {}}), Outcome::kPadding);
  EXPECT_EQ(pool_.in_use(), 1U);
  EXPECT_EQ(put(12), Outcome::kStored);
  EXPECT_EQ(stream_.next_nack(), kNever);
}

TEST_F(ReceiveStreamTest, ARetransmissionFillsTheGap) {
  EXPECT_EQ(put(10), Outcome::kStored);
  EXPECT_EQ(put(12), Outcome::kStored);
  std::array<uint16_t, 8> wanted{};
  EXPECT_EQ(stream_.collect_nacks(at(10ms), 50ms, wanted), 1U);
  EXPECT_EQ(wanted[0], 11);

  std::vector<uint8_t> payload = {0x00, 11};  // original sequence number
  const std::vector<uint8_t> media = TestVp8{.picture_id = 7}.payload();
  payload.insert(payload.end(), media.begin(), media.end());
  const TestRtp rtx{.sequence = 500, .timestamp = 1000, .ssrc = 2, .payload_type = 97, .payload = payload};
  PacketPtr packet = pool_.allocate();
  ASSERT_TRUE(packet->assign(rtx.bytes()));
  const auto view = RtpPacketView::parse(std::as_const(*packet).bytes());
  EXPECT_EQ(stream_.handle_rtx(at(60ms), std::move(packet), *view, {}), Outcome::kStored);
  const StoredPacket* const stored = stream_.history().find(11 + 65536);
  ASSERT_NE(stored, nullptr);
  EXPECT_EQ(stored->info.picture_id, 7);
  EXPECT_TRUE(std::equal(media.begin(), media.end(), stored->payload().begin(), stored->payload().end()));
  EXPECT_EQ(stream_.counters().recovered, 1U);
  EXPECT_EQ(stream_.nacks().missing(), 0U);
}

TEST_F(ReceiveStreamTest, ARuntRetransmissionIsMalformed) {
  EXPECT_EQ(put(10), Outcome::kStored);
  PacketPtr packet = pool_.allocate();
  ASSERT_TRUE(packet->assign(TestRtp{.sequence = 1, .ssrc = 2, .payload = {0x00}}.bytes()));
  const auto view = RtpPacketView::parse(std::as_const(*packet).bytes());
  EXPECT_EQ(stream_.handle_rtx(at(0ms), std::move(packet), *view, {}), Outcome::kMalformed);
}

TEST_F(ReceiveStreamTest, AStrayNumberIsOldAndTwoInARowAreARestart) {
  EXPECT_EQ(put(10), Outcome::kStored);
  EXPECT_EQ(put(40'000), Outcome::kTooOld);
  EXPECT_EQ(put(11), Outcome::kStored);
  EXPECT_EQ(put(30'000), Outcome::kTooOld);
  EXPECT_EQ(put(30'001), Outcome::kStored);
  EXPECT_EQ(stream_.counters().restarts, 1U);
  EXPECT_EQ(put(30'002), Outcome::kStored);
}

TEST_F(ReceiveStreamTest, TheReportCountsLossAndSecondsSinceTheSenderReport) {
  for (uint16_t sequence = 0; sequence < 100; ++sequence) {
    if (sequence % 4 != 3) put(sequence, {}, at(Duration(1ms) * sequence));
  }
  stream_.handle_sender_report(at(200ms),
                               {.sender = Ssrc(1), .ntp = NtpTime{0x1234'5678'9abc'def0}, .rtp_timestamp = 0});
  const ReportBlock block = stream_.make_report(at(700ms));
  EXPECT_EQ(block.source, Ssrc(1));
  EXPECT_EQ(block.cumulative_lost, 24);  // 99 never came either, but nothing says that it was sent
  EXPECT_EQ(block.fraction_lost, 24 * 256 / 99);
  EXPECT_EQ(block.extended_highest_sequence, 98U);
  EXPECT_EQ(block.last_sr, 0x5678'9abcU);
  EXPECT_EQ(block.delay_since_last_sr, 0x8000U);  // half a second
  EXPECT_EQ(stream_.make_report(at(800ms)).fraction_lost, 0);
}

TEST_F(ReceiveStreamTest, ThreeWrapsOfTheSequenceNumberAreNoLoss) {
  for (uint32_t i = 0; i < 3 * 65536 + 10; ++i) {
    put(static_cast<uint16_t>(65'000 + i), {}, at(Duration(1ms) * i));
    if (i % 100 == 0) stream_.expire(at(Duration(1ms) * i));
  }
  EXPECT_EQ(stream_.make_report(at(0s)).cumulative_lost, 0);
  EXPECT_EQ(stream_.make_report(at(0s)).extended_highest_sequence, 65'000U + 3 * 65536 + 9);
}

// One voice of 20 ms packets (960 ticks at 48 kHz) that stops after its first.
class PauseTest : public testing::Test {
 protected:
  PacketPool pool_{16};
  ReceiveStream stream_{{.ssrc = Ssrc(1), .codec = Codec::kOpus, .payload_type = 111}};
  uint16_t sequence_ = 65'534;

  void SetUp() override {
    // NTP 1, RTP 0.
    stream_.handle_sender_report(at(0ms), {.ntp = NtpTime{uint64_t{1} << 32}, .rtp_timestamp = 0});
  }
  // The pause found before a packet of this time.
  Duration put(Duration arrival, uint32_t timestamp, std::optional<uint32_t> abs_send_time = std::nullopt) {
    HeaderExtensions extensions;
    extensions.abs_send_time = abs_send_time;
    EXPECT_EQ(
        receive(at(arrival), pool_, stream_,
                {.sequence = ++sequence_, .timestamp = timestamp, .payload_type = 111, .payload = {1, 2}}, extensions),
        Outcome::kStored);
    return stream_.history().arrival(stream_.history().arrivals() - 1)->pause;
  }
};

TEST_F(PauseTest, AGapWithoutRtpTimeIsAPauseAndEndsTheReportsTruth) {
  EXPECT_EQ(put(0ms, 0xffff'ff00), 0ms);
  EXPECT_TRUE(stream_.clock().synchronised());
  EXPECT_EQ(put(2020ms, 0xffff'ff00 + 960), 2000ms);
  EXPECT_FALSE(stream_.clock().synchronised());
  EXPECT_EQ(put(2040ms, 0xffff'ff00 + 2 * 960), 0ms);
  stream_.handle_sender_report(at(3s), {.ntp = NtpTime{uint64_t{4} << 32}, .rtp_timestamp = 5000});
  EXPECT_TRUE(stream_.clock().synchronised());
  EXPECT_EQ(stream_.counters().pauses, 1U);
}

TEST_F(PauseTest, AGapInWhichRtpTimeGoesOnIsNone) {
  put(0ms, 0);
  EXPECT_EQ(put(10s, 480'000), 0ms);
  EXPECT_TRUE(stream_.clock().synchronised());
}

TEST_F(PauseTest, JustBelowTheLeastIsNone) {
  put(0ms, 0);
  EXPECT_EQ(put(519ms, 960), 0ms);
  EXPECT_EQ(put(519ms + 520ms, 2 * 960), 500ms);
}

TEST_F(PauseTest, WhatTheNetworkHeldBackIsNone) {
  // Sent 20 ms after each other: 0.02 × 2^18 = 5,243.
  put(0ms, 0, 0xff'f000);
  EXPECT_EQ(put(3s, 960, (0xff'f000 + 5243) & 0xff'ffff), 0ms);
  EXPECT_TRUE(stream_.clock().synchronised());
}

TEST_F(PauseTest, SendTimesGoRoundInAPauseOfMoreThanAMinute) {
  put(0ms, 0, 1000);
  // 70 s after 1000: 70 × 2^18 modulo 2^24, and 100 ms longer on the way.
  EXPECT_EQ(put(70'100ms, 960, 1000 + 6 * (1 << 18)), 70s - 20ms);
}

TEST_F(PauseTest, RtpTimeThatWentBackIsAPauseToo) {
  put(0ms, 96'000);
  EXPECT_EQ(put(1s, 48'000), 2s);
}

TEST_F(ReceiveStreamTest, PicturesHaveNoPauses) {
  put(1, {.key_frame = true}, at(0ms), 1000);
  put(2, {}, at(10s), 4000);
  EXPECT_EQ(stream_.history().arrival(1)->pause, 0ms);
}

}  // namespace
}  // namespace eir
