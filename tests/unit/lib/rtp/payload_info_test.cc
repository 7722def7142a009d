#include "lib/rtp/payload_info.h"

#include <gtest/gtest.h>

#include <array>

namespace eir {
namespace {

TEST(PayloadInfo, AudioPacketsAreWholeFramesThatNeedNoOther) {
  constexpr std::array<uint8_t, 1> kPacket = {0xff};
  for (const Codec codec : {Codec::kOpus, Codec::kPcmu, Codec::kPcma}) {
    const auto info = parse_payload_info(codec, kPacket, false);
    ASSERT_TRUE(info);
    EXPECT_TRUE(info->key_frame);
    EXPECT_TRUE(info->frame_start);
    EXPECT_TRUE(info->frame_end);
    EXPECT_FALSE(info->picture_id);
  }
}

TEST(PayloadInfo, EachVideoCodecHasItsParser) {
  constexpr std::array<uint8_t, 3> kVp8 = {0x90, 0x00, 0x00};   // X=1 S=1, no fields, key frame
  constexpr std::array<uint8_t, 3> kVp9 = {0x8c, 0x2a, 0x00};   // I=1 B=1 E=1, picture id 42
  constexpr std::array<uint8_t, 3> kH264 = {0x65, 0x88, 0x80};  // IDR
  constexpr std::array<uint8_t, 3> kAv1 = {0x18, 0x30, 0x00};   // W=1 N=1, frame
  EXPECT_TRUE(parse_payload_info(Codec::kVp8, kVp8, true)->key_frame);
  EXPECT_TRUE(parse_payload_info(Codec::kVp8, kVp8, true)->frame_end);
  EXPECT_EQ(parse_payload_info(Codec::kVp9, kVp9, false)->picture_id, 42);
  EXPECT_TRUE(parse_payload_info(Codec::kH264, kH264, false)->key_frame);
  EXPECT_FALSE(parse_payload_info(Codec::kH264, kH264, false)->frame_end);
  EXPECT_TRUE(parse_payload_info(Codec::kAv1, kAv1, false)->key_frame);
}

TEST(PayloadInfo, AnEmptyVideoPayloadIsMalformed) {
  for (const Codec codec : {Codec::kVp8, Codec::kH264, Codec::kVp9, Codec::kAv1}) {
    EXPECT_FALSE(parse_payload_info(codec, {}, true));
  }
}

TEST(PayloadInfo, PatchingALongPictureIdKeepsItsWidthBit) {
  std::array<uint8_t, 3> payload = {0xaa, 0x80, 0x00};
  PayloadInfo info;
  info.picture_id = 0;
  info.picture_id_bits = 15;
  info.picture_id_offset = 1;
  patch_picture_ids(payload, info, 0x7fff, 0);
  EXPECT_EQ(payload[1], 0xff);
  EXPECT_EQ(payload[2], 0xff);
  patch_picture_ids(payload, info, 0x8001, 0);  // the top bit is not part of the id
  EXPECT_EQ(payload[1], 0x80);
  EXPECT_EQ(payload[2], 0x01);
  EXPECT_EQ(payload[0], 0xaa);
}

}  // namespace
}  // namespace eir
