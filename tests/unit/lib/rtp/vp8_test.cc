#include "lib/rtp/vp8.h"

#include <gtest/gtest.h>

#include <array>
#include <vector>

namespace eir {
namespace {

// A key frame's first packet with everything that the descriptor can have.
constexpr std::array<uint8_t, 16> kFullKeyFrame = {
    0x90,              // X=1 R=0 N=0 S=1 R=0 PID=0
    0xf0,              // I=1 L=1 T=1 K=1
    0x92, 0x34,        // M=1, picture id 0x1234
    0x56,              // TL0PICIDX
    0x25,              // TID=0 Y=1 KEYIDX=5
    0x10, 0x02, 0x00,  // Size0=0 H=1 VER=0 P=0
    0x9d, 0x01, 0x2a,  // start code
    0x80, 0x42,        // width 640 (0x0280), scale 1
    0xe0, 0x01,        // height 480 (0x01e0), scale 0
};

TEST(Vp8, ShortestDescriptorIsOneByteAndSaysLittle) {
  constexpr std::array<uint8_t, 2> kPacket = {0x00, 0xab};  // X=0, S=0; continuation
  const auto info = parse_vp8(kPacket, false);
  ASSERT_TRUE(info);
  EXPECT_FALSE(info->frame_start);
  EXPECT_FALSE(info->frame_end);
  EXPECT_FALSE(info->key_frame);
  EXPECT_FALSE(info->discardable);
  EXPECT_FALSE(info->picture_id);
  EXPECT_EQ(info->picture_id_bits, 0);
  EXPECT_FALSE(info->tl0_pic_idx);
}

TEST(Vp8, KeyFrameTellsItsSizeWithoutTheScaling) {
  const auto info = parse_vp8(kFullKeyFrame, true);
  ASSERT_TRUE(info);
  EXPECT_TRUE(info->key_frame);
  EXPECT_TRUE(info->frame_start);
  EXPECT_TRUE(info->frame_end);
  EXPECT_TRUE(info->layer_switch_point);
  EXPECT_TRUE(info->spatial_switch_point);
  EXPECT_EQ(info->picture_id, 0x1234);
  EXPECT_EQ(info->picture_id_bits, 15);
  EXPECT_EQ(info->picture_id_offset, 2);
  EXPECT_EQ(info->tl0_pic_idx, 0x56);
  EXPECT_EQ(info->tl0_pic_idx_offset, 4);
  EXPECT_EQ(info->temporal_layer, 0);
  EXPECT_EQ(info->width, 640);
  EXPECT_EQ(info->height, 480);
}

TEST(Vp8, EveryCutWithinTheDescriptorIsMalformed) {
  for (size_t size = 0; size <= 6; ++size) {
    EXPECT_FALSE(parse_vp8(ByteView(kFullKeyFrame).first(size), false)) << size;
  }
}

TEST(Vp8, AKeyFrameHeaderCutShortIsAKeyFrameWithoutSize) {
  for (size_t size = 7; size < kFullKeyFrame.size(); ++size) {
    const auto info = parse_vp8(ByteView(kFullKeyFrame).first(size), false);
    ASSERT_TRUE(info) << size;
    EXPECT_TRUE(info->key_frame);
    EXPECT_EQ(info->width, 0) << size;
    EXPECT_EQ(info->height, 0) << size;
  }
}

TEST(Vp8, NoSizeWithoutTheStartCode) {
  std::array<uint8_t, 16> packet = kFullKeyFrame;
  packet[9] = 0x9c;
  const auto info = parse_vp8(packet, false);
  ASSERT_TRUE(info);
  EXPECT_TRUE(info->key_frame);
  EXPECT_EQ(info->width, 0);
}

TEST(Vp8, KeyFrameIsReadOnlyAtTheStartOfPartitionZero) {
  constexpr std::array<uint8_t, 2> kInterFrame = {0x10, 0x01};      // S=1 PID=0, P=1
  constexpr std::array<uint8_t, 2> kOtherPartition = {0x11, 0x00};  // S=1 PID=1
  constexpr std::array<uint8_t, 2> kLastPartition = {0x17, 0x00};   // S=1 PID=7
  constexpr std::array<uint8_t, 2> kContinued = {0x00, 0x00};       // S=0 PID=0
  constexpr std::array<uint8_t, 2> kKeyFrame = {0x10, 0x00};        // S=1 PID=0, P=0
  EXPECT_FALSE(parse_vp8(kInterFrame, false)->key_frame);
  EXPECT_TRUE(parse_vp8(kInterFrame, false)->frame_start);
  EXPECT_FALSE(parse_vp8(kOtherPartition, false)->key_frame);
  EXPECT_FALSE(parse_vp8(kOtherPartition, false)->frame_start);
  EXPECT_FALSE(parse_vp8(kLastPartition, false)->frame_start);
  EXPECT_FALSE(parse_vp8(kContinued, false)->key_frame);
  EXPECT_TRUE(parse_vp8(kKeyFrame, false)->key_frame);
}

TEST(Vp8, NonReferenceFramesAreDiscardable) {
  constexpr std::array<uint8_t, 2> kPacket = {0x30, 0x01};  // N=1 S=1
  EXPECT_TRUE(parse_vp8(kPacket, false)->discardable);
}

// Sixteen combinations of I, L, T, K: each field stands where the ones before it leave off.
TEST(Vp8, EveryCombinationOfOptionalFieldsIsFound) {
  for (unsigned present = 0; present < 16; ++present) {
    const bool has_id = (present & 8) != 0;
    const bool has_tl0 = (present & 4) != 0;
    const bool has_tid = (present & 2) != 0;
    const bool has_key = (present & 1) != 0;
    std::vector<uint8_t> packet = {0x90, static_cast<uint8_t>(present << 4)};
    if (has_id) packet.push_back(0x11);  // M=0, picture id 17
    if (has_tl0) packet.push_back(0x22);
    if (has_tid || has_key) packet.push_back(0xbf);  // TID=2 Y=1 KEYIDX=31
    const size_t descriptor_bytes = packet.size();
    packet.push_back(0x01);  // P=1
    const auto info = parse_vp8(packet, false);
    ASSERT_TRUE(info) << present;
    EXPECT_EQ(info->picture_id.has_value(), has_id);
    EXPECT_EQ(info->picture_id_bits, has_id ? 7 : 0);
    if (has_id) {
      EXPECT_EQ(info->picture_id, 17);
    }
    EXPECT_EQ(info->tl0_pic_idx.has_value(), has_tl0);
    if (has_tl0) {
      EXPECT_EQ(info->tl0_pic_idx, 0x22);
      EXPECT_EQ(info->tl0_pic_idx_offset, has_id ? 3 : 2);
    }
    EXPECT_EQ(info->temporal_layer, has_tid ? 2 : 0);
    EXPECT_EQ(info->layer_switch_point, has_tid);
    EXPECT_FALSE(info->key_frame);
    for (size_t size = 0; size <= descriptor_bytes; ++size) {
      EXPECT_FALSE(parse_vp8(ByteView(packet).first(size), false)) << present << " cut at " << size;
    }
  }
}

TEST(Vp8, PatchingChangesThePictureIdAndTl0PicIdxAlone) {
  std::array<uint8_t, 16> packet = kFullKeyFrame;
  const auto info = parse_vp8(packet, false);
  ASSERT_TRUE(info);
  patch_vp8(packet, *info, 0x7fff, 0xff);
  std::array<uint8_t, 16> expected = kFullKeyFrame;
  expected[2] = 0xff;  // M stays
  expected[3] = 0xff;
  expected[4] = 0xff;
  EXPECT_EQ(packet, expected);
}

TEST(Vp8, ASevenBitPictureIdStaysOne) {
  std::array<uint8_t, 5> packet = {0x90, 0xc0, 0x7f, 0x01, 0x01};  // I=1 L=1, picture id 127, TL0PICIDX 1
  const auto info = parse_vp8(packet, false);
  ASSERT_TRUE(info);
  EXPECT_EQ(info->picture_id, 127);
  patch_vp8(packet, *info, 0x1280, 2);  // wraps to 0 in seven bits
  constexpr std::array<uint8_t, 5> kExpected = {0x90, 0xc0, 0x00, 0x02, 0x01};
  EXPECT_EQ(packet, kExpected);
}

TEST(Vp8, PatchingLeavesAPacketWithoutIdsAlone) {
  std::array<uint8_t, 3> packet = {0x90, 0x00, 0x01};
  const auto info = parse_vp8(packet, false);
  ASSERT_TRUE(info);
  patch_vp8(packet, *info, 0x1234, 0x56);
  constexpr std::array<uint8_t, 3> kExpected = {0x90, 0x00, 0x01};
  EXPECT_EQ(packet, kExpected);
}

TEST(Vp8, PatchingNeverWritesBeyondAShorterPayload) {
  const auto info = parse_vp8(kFullKeyFrame, false);
  ASSERT_TRUE(info);
  std::array<uint8_t, 3> short_copy = {0x90, 0xf0, 0x92};
  patch_vp8(short_copy, *info, 0x7fff, 0xff);
  constexpr std::array<uint8_t, 3> kExpected = {0x90, 0xf0, 0x92};
  EXPECT_EQ(short_copy, kExpected);
}

}  // namespace
}  // namespace eir
