#include "lib/rtp/red.h"

#include <gtest/gtest.h>

#include <vector>

namespace eir {
namespace {

using Bytes = std::vector<uint8_t>;

Bytes copy(ByteView view) { return {view.begin(), view.end()}; }

// RFC 2198 section 5: DVI4 (84 bytes, PT 5) after LPC (14 bytes, PT 7), both 20 ms at 8 kHz.
Bytes example() {
  Bytes out = {0x87, 0x02, 0x80, 0x0e,  // 1, PT 7, offset 160 (14 bits), length 14 (10 bits)
               0x05};                   // 0, PT 5
  out.insert(out.end(), 14, 0xaa);
  out.insert(out.end(), 84, 0xbb);
  return out;
}

TEST(ParseRed, ReadsTheExampleOfTheRfc) {
  const Bytes bytes = example();
  const auto red = parse_red(bytes);
  ASSERT_TRUE(red);
  ASSERT_EQ(red->earlier().size(), 1U);
  EXPECT_EQ(red->earlier()[0].payload_type, 7);
  EXPECT_EQ(red->earlier()[0].timestamp_offset, 160);
  EXPECT_EQ(copy(red->earlier()[0].payload), Bytes(14, 0xaa));
  EXPECT_EQ(red->primary.payload_type, 5);
  EXPECT_EQ(copy(red->primary.payload), Bytes(84, 0xbb));
}

TEST(ParseRed, APrimaryAloneHasOneByteBeforeIt) {
  const Bytes bytes = {0x6f, 1, 2, 3};
  const auto red = parse_red(bytes);
  ASSERT_TRUE(red);
  EXPECT_TRUE(red->earlier().empty());
  EXPECT_EQ(red->primary.payload_type, 111);
  EXPECT_EQ(copy(red->primary.payload), (Bytes{1, 2, 3}));
}

TEST(ParseRed, OffsetAndLengthReachTheirLimits) {
  Bytes bytes = {0xff, 0xff, 0xff, 0xff, 0x6f};
  bytes.resize(5 + 1023 + 1, 0x11);
  const auto red = parse_red(bytes);
  ASSERT_TRUE(red);
  EXPECT_EQ(red->earlier()[0].payload_type, 127);
  EXPECT_EQ(red->earlier()[0].timestamp_offset, 16383);
  EXPECT_EQ(red->earlier()[0].payload.size(), 1023U);
  EXPECT_EQ(red->primary.payload.size(), 1U);
}

TEST(ParseRed, BlocksMayBeEmpty) {
  const Bytes bytes = {0xef, 0x0f, 0x00, 0x00, 0x6f};  // offset 960, length 0
  const auto red = parse_red(bytes);
  ASSERT_TRUE(red);
  EXPECT_EQ(red->earlier()[0].timestamp_offset, 960);
  EXPECT_TRUE(red->earlier()[0].payload.empty());
  EXPECT_TRUE(red->primary.payload.empty());
}

TEST(ParseRed, WhatIsCutShortIsMalformed) {
  const Bytes whole = example();
  // The primary's own length is what is left, so only the headers and the redundant block can be too short.
  for (size_t size = 0; size < 5 + 14; ++size) EXPECT_FALSE(parse_red(ByteView(whole).first(size))) << size;
  EXPECT_TRUE(parse_red(ByteView(whole).first(5 + 14)));
}

TEST(ParseRed, EightEarlierBlocksAreReadAndNineAreNot) {
  Bytes bytes;
  for (int i = 0; i < 8; ++i) bytes.insert(bytes.end(), {0xef, 0, 0, 0});
  bytes.push_back(0x6f);
  ASSERT_TRUE(parse_red(bytes));
  EXPECT_EQ(parse_red(bytes)->earlier().size(), 8U);
  bytes.insert(bytes.begin(), {0xef, 0, 0, 0});
  EXPECT_FALSE(parse_red(bytes));
}

TEST(WriteRed, WritesTheExampleOfTheRfc) {
  const Bytes lpc(14, 0xaa);
  const Bytes dvi4(84, 0xbb);
  const RedBlock redundant{.payload_type = 7, .timestamp_offset = 160, .payload = lpc};
  Bytes out(200);
  const size_t size = write_red(out, {&redundant, 1}, {.payload_type = 5, .timestamp_offset = 0, .payload = dvi4});
  out.resize(size);
  EXPECT_EQ(out, example());
}

TEST(WriteRed, TwoEarlierPayloadsStandInTheirOrder) {
  const Bytes oldest = {1};
  const Bytes older = {2, 2};
  const Bytes now = {3, 3, 3};
  const std::array<RedBlock, 2> redundant = {RedBlock{.payload_type = 111, .timestamp_offset = 1920, .payload = oldest},
                                             RedBlock{.payload_type = 111, .timestamp_offset = 960, .payload = older}};
  Bytes out(64);
  out.resize(write_red(out, redundant, {.payload_type = 111, .timestamp_offset = 0, .payload = now}));
  EXPECT_EQ(out, (Bytes{0xef, 0x1e, 0x00, 0x01,  // 1920 << 10 | 1
                        0xef, 0x0f, 0x00, 0x02,  // 960 << 10 | 2
                        0x6f, 1, 2, 2, 3, 3, 3}));
}

TEST(WriteRed, WhatCannotBeExpressedIsLeftOutButThePrimaryIsNot) {
  const Bytes large(1024, 1);
  const Bytes small = {2};
  const std::array<RedBlock, 2> redundant = {RedBlock{.payload_type = 111, .timestamp_offset = 16384, .payload = small},
                                             RedBlock{.payload_type = 111, .timestamp_offset = 960, .payload = large}};
  Bytes out(2000);
  out.resize(write_red(out, redundant, {.payload_type = 111, .timestamp_offset = 0, .payload = small}));
  EXPECT_EQ(out, (Bytes{0x6f, 2}));
}

TEST(WriteRed, WhatDoesNotFitIsNotWritten) {
  const Bytes payload = {1, 2, 3};
  const RedBlock block{.payload_type = 111, .timestamp_offset = 960, .payload = payload};
  Bytes out(11);
  EXPECT_EQ(write_red(out, {&block, 1}, block), 11U);
  EXPECT_EQ(write_red(MutableBytes(out).first(10), {&block, 1}, block), 0U);
}

}  // namespace
}  // namespace eir
