#include "lib/rtp/rtcp_common.h"

#include <gtest/gtest.h>

#include <array>
#include <vector>

namespace eir {
namespace {

using Bytes = std::vector<uint8_t>;

TEST(RtcpIterator, WalksACompoundPacket) {
  const Bytes compound = {
      0x80, 0xc9, 0x00, 0x01, 0, 0, 0, 1,                // empty receiver report
      0x81, 0xca, 0x00, 0x02, 0, 0, 0, 1, 1, 1, 'a', 0,  // SDES
      0x81, 0xce, 0x00, 0x02, 0, 0, 0, 1, 0, 0, 0,   2,  // PLI
  };
  RtcpIterator packets(compound);
  const auto report = packets.next();
  ASSERT_TRUE(report);
  EXPECT_TRUE(report->is(RtcpType::kReceiverReport));
  EXPECT_EQ(report->count, 0);
  EXPECT_EQ(report->body.size(), 4U);
  const auto sdes = packets.next();
  ASSERT_TRUE(sdes);
  EXPECT_TRUE(sdes->is(RtcpType::kSourceDescription));
  EXPECT_EQ(sdes->body.size(), 8U);
  const auto pli = packets.next();
  ASSERT_TRUE(pli);
  EXPECT_TRUE(pli->is(RtcpType::kPayloadFeedback, kFmtPli));
  EXPECT_FALSE(pli->is(RtcpType::kPayloadFeedback, kFmtFir));
  EXPECT_FALSE(packets.next());
  EXPECT_FALSE(packets.failed());
}

TEST(RtcpIterator, KeepsTypesItDoesNotKnow) {
  const Bytes packet = {0x85, 0xdf, 0x00, 0x00};
  RtcpIterator packets(packet);
  const auto block = packets.next();
  ASSERT_TRUE(block);
  EXPECT_EQ(static_cast<uint8_t>(block->type), 223);
  EXPECT_EQ(block->count, 5);
  EXPECT_TRUE(block->body.empty());
}

TEST(RtcpIterator, AnEmptyDatagramIsMalformed) {
  RtcpIterator packets({});
  EXPECT_FALSE(packets.next());
  EXPECT_TRUE(packets.failed());
}

TEST(RtcpIterator, StopsAtAMalformedPacketAndKeepsTheGoodOnes) {
  const std::vector<Bytes> tails = {
      {0x80, 0xc9, 0x00},                    // runt
      {0x40, 0xc9, 0x00, 0x01, 0, 0, 0, 1},  // version 1
      {0x80, 0xc9, 0x00, 0x02, 0, 0, 0, 1},  // one word more than there is
      {0x80, 0xc9, 0xff, 0xff, 0, 0, 0, 1},  // 65,535 words more
  };
  for (const Bytes& tail : tails) {
    Bytes compound = {0x80, 0xc9, 0x00, 0x01, 0, 0, 0, 1};
    compound.insert(compound.end(), tail.begin(), tail.end());
    RtcpIterator packets(compound);
    EXPECT_TRUE(packets.next());
    EXPECT_FALSE(packets.failed());
    EXPECT_FALSE(packets.next());
    EXPECT_TRUE(packets.failed());
    EXPECT_FALSE(packets.next());
  }
}

TEST(RtcpIterator, TakesPaddingOffTheLastPacket) {
  const Bytes packet = {0xa0, 0xc9, 0x00, 0x03, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 8};
  RtcpIterator packets(packet);
  const auto block = packets.next();
  ASSERT_TRUE(block);
  EXPECT_EQ(block->body.size(), 4U);
  EXPECT_FALSE(packets.next());
  EXPECT_FALSE(packets.failed());
}

// As libwebrtc writes transport-wide feedback: one chunk and one delta, filled up to the word by one byte.
TEST(RtcpIterator, TakesOffPaddingOfLessThanAWord) {
  const Bytes packet = {0xaf, 0xcd, 0x00, 0x05, 0, 0, 0, 1, 0, 0, 0, 2, 0, 1, 0, 1, 0, 0, 3, 0, 0x20, 0x01, 0x10, 0x01};
  RtcpIterator packets(packet);
  const auto block = packets.next();
  ASSERT_TRUE(block);
  EXPECT_EQ(block->body.size(), 19U);
  EXPECT_FALSE(packets.next());
  EXPECT_FALSE(packets.failed());
}

TEST(RtcpIterator, RefusesPaddingBeforeTheLastPacket) {
  const Bytes compound = {0xa0, 0xc9, 0x00, 0x02, 0, 0, 0, 1, 0, 0, 0, 4,  //
                          0x80, 0xc9, 0x00, 0x01, 0, 0, 0, 1};
  RtcpIterator packets(compound);
  EXPECT_FALSE(packets.next());
  EXPECT_TRUE(packets.failed());
}

TEST(RtcpIterator, RefusesPaddingOfAnImpossibleSize) {
  for (const uint8_t count : {0, 9, 12}) {
    const Bytes packet = {0xa0, 0xc9, 0x00, 0x02, 0, 0, 0, 1, 0, 0, 0, count};
    RtcpIterator packets(packet);
    EXPECT_FALSE(packets.next()) << int{count};
    EXPECT_TRUE(packets.failed());
  }
  const Bytes nothing_to_pad = {0xa0, 0xc9, 0x00, 0x00};
  RtcpIterator packets(nothing_to_pad);
  EXPECT_FALSE(packets.next());
  EXPECT_TRUE(packets.failed());
}

TEST(RtcpList, ReadsWholeEntriesAndIgnoresARaggedEnd) {
  const Bytes bytes = {0, 0, 0, 1, 0, 0, 0, 2, 0xff, 0xff, 0xff};
  const RtcpList<Ssrc> list{ByteView(bytes)};
  ASSERT_EQ(list.size(), 2U);
  EXPECT_EQ(list[1], Ssrc(2));
  uint32_t sum = 0;
  for (const Ssrc ssrc : list) sum += ssrc.value;
  EXPECT_EQ(sum, 3U);
  EXPECT_TRUE(RtcpList<Ssrc>().empty());
  for (const Ssrc ssrc : RtcpList<Ssrc>()) ADD_FAILURE() << ssrc.value;
}

TEST(WriteRtcpHeader, WritesTheLengthInWordsMinusOne) {
  std::array<uint8_t, 12> buffer{};
  ByteWriter writer(buffer);
  ASSERT_TRUE(write_rtcp_header(writer, RtcpType::kBye, 31, 8));
  EXPECT_EQ((Bytes(buffer.begin(), buffer.begin() + 4)), (Bytes{0x9f, 0xcb, 0x00, 0x02}));
}

TEST(WriteRtcpHeader, RefusesWhatDoesNotFitAndLeavesTheWriterUsable) {
  std::array<uint8_t, 12> buffer{};
  ByteWriter writer(buffer);
  EXPECT_FALSE(write_rtcp_header(writer, RtcpType::kBye, 32, 8));
  EXPECT_FALSE(write_rtcp_header(writer, RtcpType::kBye, 1, 6));
  EXPECT_FALSE(write_rtcp_header(writer, RtcpType::kBye, 1, 12));
  EXPECT_EQ(writer.size(), 0U);
  EXPECT_FALSE(writer.failed());
  EXPECT_TRUE(write_rtcp_header(writer, RtcpType::kBye, 1, 8));
}

}  // namespace
}  // namespace eir
