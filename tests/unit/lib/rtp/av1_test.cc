#include "lib/rtp/av1.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

#include "tests/support/bit_string.h"

namespace eir {
namespace {

constexpr std::string_view kSequenceHeader =
    "0 0001 0 0 0"              // OBU header: type 1, no extension, no size
    "000 0 0"                   // seq_profile 0, no still picture, not reduced
    "0 0"                       // no timing info, no initial display delay
    "00000 000000000000 00101"  // one operating point, idc 0, level 5
    "1010 1001"                 // 11 bits of width, 10 bits of height
    "10011111111 1011001111"    // 1280 − 1, 720 − 1
    "0";

// The first packet of a coded video sequence: sequence header and frame, W=2.
std::vector<uint8_t> key_frame() {
  const auto sequence_header = bit_string(kSequenceHeader);
  std::vector<uint8_t> packet = {0x28, static_cast<uint8_t>(sequence_header.size())};  // Z=0 Y=0 W=2 N=1
  packet.insert(packet.end(), sequence_header.begin(), sequence_header.end());
  packet.insert(packet.end(), {0x30, 0x10, 0x20});  // OBU type 6 (frame), no extension, no size
  return packet;
}

TEST(Av1, TheFirstPacketOfASequenceIsAKeyFrameAndTellsItsSize) {
  const auto info = parse_av1(key_frame(), false);
  ASSERT_TRUE(info);
  EXPECT_TRUE(info->key_frame);
  EXPECT_TRUE(info->frame_start);
  EXPECT_FALSE(info->frame_end);
  EXPECT_TRUE(info->has_parameter_sets);
  EXPECT_TRUE(info->layer_switch_point);
  EXPECT_EQ(info->width, 1280);
  EXPECT_EQ(info->height, 720);
}

TEST(Av1, EveryCutBeforeTheLastElementIsMalformed) {
  const auto packet = key_frame();
  for (size_t size = 0; size + 3 <= packet.size(); ++size) {
    EXPECT_FALSE(parse_av1(ByteView(packet).first(size), false)) << size;
  }
}

TEST(Av1, TheLongestSequenceHeaderIsRead) {
  const std::string fields =
      "000 0 0"
      "1 00000000000000000000000000000001 00000000000000000000000000011110"  // timing info
      "1 010"                                                                // equal intervals, uvlc 1
      "1 01001 00000000000000000000000000000001 01001 01001"                 // decoder model, 10-bit delays
      "1 00001"                                                              // display delay, two operating points
      "000000000001 01000 1"                                                 // level 8 has a tier
      "1 1111111111 1111111111 1"                                            // parameters of this operating point
      "1 1001"                                                               // display delay
      "000000000000 00111 0 0"                                               // level 7 has none, and nothing else
      "0101 0100 111111 10110 0";                                            // 64 by 23
  std::vector<uint8_t> packet = {0x18, 0x08};                                // W=1 N=1; sequence header
  const auto bytes = bit_string(fields);
  packet.insert(packet.end(), bytes.begin(), bytes.end());
  const auto info = parse_av1(packet, false);
  ASSERT_TRUE(info);
  EXPECT_EQ(info->width, 64);
  EXPECT_EQ(info->height, 23);
}

TEST(Av1, AReducedSequenceHeaderIsRead) {
  std::vector<uint8_t> packet = {0x18, 0x08};
  const auto bytes = bit_string("000 1 1 00101 0011 0011 1111 0111");  // still, reduced, level, 4 bits: 16 by 8
  packet.insert(packet.end(), bytes.begin(), bytes.end());
  const auto info = parse_av1(packet, false);
  ASSERT_TRUE(info);
  EXPECT_EQ(info->width, 16);
  EXPECT_EQ(info->height, 8);
}

TEST(Av1, ACutSequenceHeaderLeavesTheSizeZero) {
  constexpr std::array<uint8_t, 4> kPacket = {0x18, 0x08, 0x00, 0x00};
  const auto info = parse_av1(kPacket, false);
  ASSERT_TRUE(info);
  EXPECT_TRUE(info->has_parameter_sets);
  EXPECT_EQ(info->width, 0);
}

TEST(Av1, LayersComeFromTheExtensionHeader) {
  constexpr std::array<uint8_t, 4> kPacket = {0x10, 0x34, 0x50, 0xaa};  // W=1; frame with X; TID=2 SID=2
  const auto info = parse_av1(kPacket, true);
  ASSERT_TRUE(info);
  EXPECT_FALSE(info->key_frame);
  EXPECT_TRUE(info->frame_start);
  EXPECT_TRUE(info->frame_end);
  EXPECT_EQ(info->temporal_layer, 2);
  EXPECT_EQ(info->spatial_layer, 2);
  EXPECT_FALSE(parse_av1(ByteView(kPacket).first(2), false));  // the extension is missing
}

TEST(Av1, AContinuedObuIsNotReadAsAHeader) {
  constexpr std::array<uint8_t, 3> kPacket = {0x90, 0x34, 0xff};  // Z=1 W=1
  const auto info = parse_av1(kPacket, false);
  ASSERT_TRUE(info);
  EXPECT_FALSE(info->frame_start);
  EXPECT_EQ(info->temporal_layer, 0);
  EXPECT_EQ(info->spatial_layer, 0);
}

TEST(Av1, TileGroupsDoNotBeginAFrame) {
  constexpr std::array<uint8_t, 3> kPacket = {0x10, 0x20, 0xff};  // W=1; OBU type 4
  const auto info = parse_av1(kPacket, false);
  ASSERT_TRUE(info);
  EXPECT_FALSE(info->frame_start);
}

TEST(Av1, ASequenceCannotBeginWithAContinuedObu) {
  constexpr std::array<uint8_t, 3> kPacket = {0x98, 0x30, 0xff};  // Z=1 N=1
  EXPECT_FALSE(parse_av1(kPacket, false));
}

TEST(Av1, WithoutACountEveryElementHasItsLength) {
  constexpr std::array<uint8_t, 7> kPacket = {0x00, 0x02, 0x28, 0x01, 0x02, 0x30, 0xaa};  // W=0: metadata, frame
  EXPECT_TRUE(parse_av1(kPacket, false));
  EXPECT_FALSE(parse_av1(ByteView(kPacket).first(6), false));
  EXPECT_FALSE(parse_av1(ByteView(kPacket).first(5), false));  // a length and no element
  EXPECT_TRUE(parse_av1(ByteView(kPacket).first(4), false));
}

TEST(Av1, AnEmptyElementOrACountTooHighIsMalformed) {
  constexpr std::array<uint8_t, 4> kEmpty = {0x00, 0x00, 0x01, 0x30};
  constexpr std::array<uint8_t, 3> kMissing = {0x20, 0x01, 0x30};  // W=2, one element
  EXPECT_FALSE(parse_av1(kEmpty, false));
  EXPECT_FALSE(parse_av1(kMissing, false));
}

TEST(Av1, LengthsMayHaveSeveralBytesUpToEight) {
  constexpr std::array<uint8_t, 10> kEight = {0x00, 0x81, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00, 0x30};
  constexpr std::array<uint8_t, 11> kNine = {0x00, 0x81, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00, 0x30};
  constexpr std::array<uint8_t, 10> kHuge = {0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 0x30};
  EXPECT_TRUE(parse_av1(kEight, false));
  EXPECT_FALSE(parse_av1(kNine, false));
  EXPECT_FALSE(parse_av1(kHuge, false));
}

TEST(Av1, AnObuWithItsOwnSizeIsRead) {
  constexpr std::array<uint8_t, 5> kPacket = {0x10, 0x36, 0x20, 0x01, 0xaa};  // W=1; X=1 S=1; TID=1; size 1
  const auto info = parse_av1(kPacket, false);
  ASSERT_TRUE(info);
  EXPECT_EQ(info->temporal_layer, 1);
  EXPECT_FALSE(parse_av1(ByteView(kPacket).first(3), false));  // no size
}

}  // namespace
}  // namespace eir
