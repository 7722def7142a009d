#include "lib/rtp/h264_sps.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

#include "tests/support/bit_string.h"

namespace eir {
namespace {

// Constrained baseline, level 3.1, 640×480, no cropping.
constexpr std::array<uint8_t, 9> kBaseline = {
    0x67,              // nal_ref_idc 3, type 7
    0x42, 0xe0, 0x1f,  // profile_idc 66, constraint_set0..2, level_idc 31
    0xda,              // 1 sps id 0, 1 log2_max_frame_num 4, 011 order type 2, 010 one reference frame
    0x02, 0x80,        // 0 no gaps, 00000101000 width in macroblocks − 1 = 39, 0000…
    0xf6, 0x40,        // …11110 height − 1 = 29, 1 frames only, 1 direct 8×8, 0 no cropping, 0 no VUI, 1 stop bit
};

std::vector<uint8_t> sps(uint8_t profile_idc, std::string_view fields) {
  std::vector<uint8_t> nal = {0x67, profile_idc, 0x00, 0x28};
  const auto bytes = bit_string(fields);
  nal.insert(nal.end(), bytes.begin(), bytes.end());
  return nal;
}

TEST(H264Sps, BaselineSizeIsRead) {
  const auto parsed = parse_h264_sps(kBaseline);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->profile_idc, 0x42);
  EXPECT_EQ(parsed->profile_iop, 0xe0);
  EXPECT_EQ(parsed->level_idc, 31);
  EXPECT_EQ(parsed->width, 640);
  EXPECT_EQ(parsed->height, 480);
}

TEST(H264Sps, EveryCutBeforeTheCroppingFlagIsRefused) {
  for (size_t size = 0; size < kBaseline.size() - 1; ++size) {
    EXPECT_FALSE(parse_h264_sps(ByteView(kBaseline).first(size))) << size;
  }
}

TEST(H264Sps, OnlyAnSpsIsRead) {
  std::array<uint8_t, 9> nal = kBaseline;
  nal[0] = 0x68;  // PPS
  EXPECT_FALSE(parse_h264_sps(nal));
}

constexpr std::string_view kHd =
    "00101 0"        // 4 reference frames, no gaps
    "0000001111000"  // 120 macroblocks wide
    "0000001000100"  // 68 high: 1088
    "1 1"            // frames only, direct 8×8
    "1 1 1 1 00101"  // cropping: left 0, right 0, top 0, bottom 4 units of 2 lines
    "0 1";           // no VUI, stop bit

TEST(H264Sps, HighProfileIsCroppedTo1080) {
  const std::string fields =
      "1 010 1 1 0 0"  // id 0, 4:2:0, 8 bits, 8 bits, no bypass, no scaling lists
      "1 1 1" +        // log2_max_frame_num 4, order type 0, log2 of its lsb 4
      std::string(kHd);
  const auto parsed = parse_h264_sps(sps(100, fields));
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->width, 1920);
  EXPECT_EQ(parsed->height, 1080);
}

TEST(H264Sps, ScalingListsArePassedOver) {
  const std::string fields =
      "1 010 1 1 0 1"                        // as above, but with scaling lists
      "1 010 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1"  // list 0: delta 1, then fifteen of 0
      "0 0 0 0 0"                            // lists 1 to 5 are not there
      "1 000010001"                          // list 6: delta −8 makes the scale 0 and ends it
      "0"                                    // list 7 is not there
      "1 1 1" +
      std::string(kHd);
  const auto parsed = parse_h264_sps(sps(100, fields));
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->width, 1920);
  EXPECT_EQ(parsed->height, 1080);
}

TEST(H264Sps, FieldsDoubleTheHeightAndTheCropping) {
  const auto parsed = parse_h264_sps(sps(77,
                                         "1 1 011 010 0"    // id, frame num, order type 2, one reference, no gaps
                                         "00000101101"      // 45 macroblocks wide: 720
                                         "000010010"        // 18 map units of two fields: 576
                                         "0 0 1"            // fields, no adaptive, direct 8×8
                                         "1 011 010 1 010"  // crop: left 2, right 1, top 0, bottom 1
                                         "0 1"));
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->width, 714);   // 3 units of 2 columns
  EXPECT_EQ(parsed->height, 572);  // 1 unit of 2 lines in each of 2 fields
}

TEST(H264Sps, OrderTypeOneHasACycle) {
  const auto parsed = parse_h264_sps(sps(66,
                                         "1 1 010"          // order type 1
                                         "0 1 1 011 1 010"  // flag, two offsets, a cycle of 2: 0, 1
                                         "010 0"            // one reference, no gaps
                                         "1 1"              // 1 by 1 macroblock
                                         "1 1 0 0 1"));
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->width, 16);
  EXPECT_EQ(parsed->height, 16);
}

TEST(H264Sps, ACycleAbove255IsRefused) {
  EXPECT_FALSE(parse_h264_sps(sps(66, "1 1 010 0 1 1 00000000100000001")));  // 256
}

TEST(H264Sps, CroppingAwayTheWholePictureIsRefused) {
  EXPECT_FALSE(parse_h264_sps(sps(66, "1 1 011 010 0 1 1 1 1 1 0001001 1 1 1 0 1")));  // 8 units of 2 columns of 16
  EXPECT_TRUE(parse_h264_sps(sps(66, "1 1 011 010 0 1 1 1 1 1 0001000 1 1 1 0 1")));   // 7
}

TEST(H264Sps, SizesAbove65535AreRefused) {
  // 4096 macroblocks: 65536 columns.
  EXPECT_FALSE(parse_h264_sps(sps(66, "1 1 011 010 0 0000000000001000000000000 1 1 1 0 0 1")));
  EXPECT_FALSE(parse_h264_sps(
      sps(66, "1 1 011 010 0 0000000000000000000000000000000 1 1111111111111111111111111111111 1 1 1 0 0 1")));
}

TEST(H264Sps, WhatFollowsTheSizeMayBeOfAnyLength) {
  std::vector<uint8_t> nal(kBaseline.begin(), kBaseline.end());
  nal.resize(2000, 0xff);
  const auto parsed = parse_h264_sps(nal);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->width, 640);
}

TEST(H264Sps, EmulationPreventionBytesAreLeftOut) {
  // No constraint flags and level 0: 00 00, which the encoder follows with 03.
  constexpr std::array<uint8_t, 10> kEscaped = {
      0x67, 0x42, 0x00, 0x00, 0x03, 0xda, 0x02, 0x80, 0xf6, 0x40,
  };
  const auto parsed = parse_h264_sps(kEscaped);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->level_idc, 0);
  EXPECT_EQ(parsed->width, 640);
  EXPECT_EQ(parsed->height, 480);
}

}  // namespace
}  // namespace eir
