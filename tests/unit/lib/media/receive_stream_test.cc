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

}  // namespace
}  // namespace eir
