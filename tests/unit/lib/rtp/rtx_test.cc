#include "lib/rtp/rtx.h"

#include <gtest/gtest.h>

#include <array>
#include <vector>

namespace eir {
namespace {

using Bytes = std::vector<uint8_t>;

Bytes packet_of(uint8_t first, std::initializer_list<uint8_t> tail) {
  Bytes packet = {first, 0x61, 0, 9, 0, 0, 0, 2, 0, 0, 0, 3};
  packet.insert(packet.end(), tail);
  return packet;
}

TEST(ParseRtx, TakesTheOriginalSequenceNumberOffThePayload) {
  const Bytes packet = packet_of(0x80, {0xff, 0xfe, 0x10, 0x20});
  const auto rtx = parse_rtx(*RtpPacketView::parse(packet));
  ASSERT_TRUE(rtx);
  EXPECT_EQ(rtx->original_sequence_number, 0xfffe);
  EXPECT_EQ((Bytes(rtx->payload.begin(), rtx->payload.end())), (Bytes{0x10, 0x20}));
}

TEST(ParseRtx, TheOriginalMayHaveBeenEmpty) {
  const Bytes packet = packet_of(0x80, {0x00, 0x01});
  const auto rtx = parse_rtx(*RtpPacketView::parse(packet));
  ASSERT_TRUE(rtx);
  EXPECT_TRUE(rtx->payload.empty());
}

TEST(ParseRtx, RuntsAndEmptyPacketsHaveNoOriginal) {
  const Bytes runt = packet_of(0x80, {0x00});
  EXPECT_FALSE(parse_rtx(*RtpPacketView::parse(runt)));
  const Bytes empty = packet_of(0x80, {});
  EXPECT_FALSE(parse_rtx(*RtpPacketView::parse(empty)));
}

TEST(ParseRtx, PaddingIsNotAnOriginal) {
  const Bytes probe = packet_of(0xa0, {0x00, 0x00, 0x00, 0x04});
  const auto view = RtpPacketView::parse(probe);
  ASSERT_TRUE(view);
  EXPECT_TRUE(view->is_padding_only());
  EXPECT_FALSE(parse_rtx(*view));
  const Bytes runt = packet_of(0xa0, {0x12, 0x00, 0x02});
  EXPECT_FALSE(parse_rtx(*RtpPacketView::parse(runt)));
}

TEST(WriteRtx, WritesNetworkOrderAndRefusesARunt) {
  std::array<uint8_t, 2> out{};
  EXPECT_EQ(write_rtx(MutableBytes(out).first(1), 0x1234), 0U);
  EXPECT_EQ(out[0], 0);
  EXPECT_EQ(write_rtx(out, 0x1234), 2U);
  EXPECT_EQ(out, (std::array<uint8_t, 2>{0x12, 0x34}));
}

}  // namespace
}  // namespace eir
