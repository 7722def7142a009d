#include "lib/rtp/vp9.h"

#include <gtest/gtest.h>

#include <array>
#include <vector>

namespace eir {
namespace {

// Non-flexible mode: the first packet of a key frame of three spatial layers, with sizes and a picture group of two.
constexpr std::array<uint8_t, 25> kKeyFrame = {
    0xaa,                    // I=1 P=0 L=1 F=0 B=1 E=0 V=1 Z=0
    0xff, 0xff,              // M=1, picture id 0x7fff
    0x10,                    // TID=0 U=1 SID=0 D=0
    0xfe,                    // TL0PICIDX
    0x58,                    // N_S=2 Y=1 G=1
    0x01, 0x40, 0x00, 0xb4,  // 320×180
    0x02, 0x80, 0x01, 0x68,  // 640×360
    0x05, 0x00, 0x02, 0xd0,  // 1280×720
    0x02,                    // N_G=2
    0x04, 0x02,              // TID=0 U=0 R=1, P_DIFF 2
    0x38, 0x01, 0x02,        // TID=1 U=1 R=2, P_DIFF 1 and 2
    0x82,                    // the VP9 frame itself
};

TEST(Vp9, KeyFrameTellsLayersAndTheLargestSize) {
  Vp9ScalabilityStructure structure;
  const auto info = parse_vp9(kKeyFrame, &structure);
  ASSERT_TRUE(info);
  EXPECT_TRUE(info->key_frame);
  EXPECT_TRUE(info->frame_start);
  EXPECT_FALSE(info->frame_end);
  EXPECT_TRUE(info->layer_switch_point);
  EXPECT_TRUE(info->spatial_switch_point);
  EXPECT_EQ(info->picture_id, 0x7fff);
  EXPECT_EQ(info->picture_id_bits, 15);
  EXPECT_EQ(info->picture_id_offset, 1);
  EXPECT_EQ(info->tl0_pic_idx, 0xfe);
  EXPECT_EQ(info->tl0_pic_idx_offset, 4);
  EXPECT_EQ(info->spatial_layers, 3);
  EXPECT_EQ(info->width, 1280);
  EXPECT_EQ(info->height, 720);
  EXPECT_EQ(structure.spatial_layers, 3);
  EXPECT_EQ(structure.sizes[0].width, 320);
  EXPECT_EQ(structure.sizes[1].height, 360);
  EXPECT_EQ(structure.pictures_in_group, 2);
}

TEST(Vp9, EveryCutWithinTheDescriptorIsMalformedAndStoresNoStructure) {
  for (size_t size = 0; size < kKeyFrame.size(); ++size) {
    Vp9ScalabilityStructure structure;
    structure.pictures_in_group = 77;
    EXPECT_FALSE(parse_vp9(ByteView(kKeyFrame).first(size), &structure)) << size;
    const bool is_within_descriptor = size < kKeyFrame.size() - 1;
    EXPECT_EQ(structure.pictures_in_group, is_within_descriptor ? 77 : 2) << size;
  }
}

TEST(Vp9, ShortestDescriptorIsOneByte) {
  constexpr std::array<uint8_t, 2> kPacket = {0x04, 0x00};  // E=1, all else 0: the last packet of an intra frame
  const auto info = parse_vp9(kPacket);
  ASSERT_TRUE(info);
  EXPECT_TRUE(info->key_frame);  // P=0, no layers: belongs to a key frame
  EXPECT_FALSE(info->frame_start);
  EXPECT_TRUE(info->frame_end);
  EXPECT_FALSE(info->picture_id);
  EXPECT_EQ(info->spatial_layers, 0);
}

TEST(Vp9, AnUpperLayerWithoutEarlierPicturesIsASwitchPointButNoKeyFrame) {
  constexpr std::array<uint8_t, 4> kUpper = {0x28, 0x03, 0x09, 0x00};  // L=1 B=1; SID=1 D=1; TL0PICIDX 9
  const auto info = parse_vp9(kUpper);
  ASSERT_TRUE(info);
  EXPECT_FALSE(info->key_frame);
  EXPECT_TRUE(info->spatial_switch_point);
  EXPECT_TRUE(info->inter_layer_predicted);
  EXPECT_EQ(info->spatial_layer, 1);
}

TEST(Vp9, LayersUseTheirWholeWidth) {
  constexpr std::array<uint8_t, 4> kPacket = {0x60, 0xee, 0x00, 0x00};  // P=1 L=1; TID=7 U=0 SID=7 D=0
  const auto info = parse_vp9(kPacket);
  ASSERT_TRUE(info);
  EXPECT_EQ(info->temporal_layer, 7);
  EXPECT_EQ(info->spatial_layer, 7);
  EXPECT_FALSE(info->layer_switch_point);
  EXPECT_FALSE(info->inter_layer_predicted);
  EXPECT_FALSE(info->spatial_switch_point);
  EXPECT_FALSE(info->key_frame);
}

TEST(Vp9, FlexibleModeHasReferencesAndNoTl0PicIdx) {
  constexpr std::array<uint8_t, 7> kPacket = {
      0xf8,              // I=1 P=1 L=1 F=1 B=1
      0x05,              // M=0, picture id 5
      0x50,              // TID=2 U=1 SID=0 D=0
      0x03, 0x05, 0x06,  // P_DIFF 1 N=1, P_DIFF 2 N=1, P_DIFF 3 N=0
      0x00,
  };
  const auto info = parse_vp9(kPacket);
  ASSERT_TRUE(info);
  EXPECT_EQ(info->picture_id, 5);
  EXPECT_EQ(info->picture_id_bits, 7);
  EXPECT_FALSE(info->tl0_pic_idx);
  EXPECT_EQ(info->temporal_layer, 2);
  EXPECT_FALSE(info->key_frame);
  for (size_t size = 0; size < kPacket.size(); ++size) EXPECT_FALSE(parse_vp9(ByteView(kPacket).first(size))) << size;
}

TEST(Vp9, AFourthReferenceIsMalformed) {
  constexpr std::array<uint8_t, 8> kPacket = {0xf8, 0x05, 0x50, 0x03, 0x05, 0x07, 0x08, 0x00};  // third has N=1
  EXPECT_FALSE(parse_vp9(kPacket));
}

TEST(Vp9, FlexibleModeWithoutPredictionHasNoReferences) {
  constexpr std::array<uint8_t, 3> kPacket = {0x98, 0x05, 0xff};  // I=1 F=1 B=1
  const auto info = parse_vp9(kPacket);
  ASSERT_TRUE(info);
  EXPECT_TRUE(info->key_frame);
}

TEST(Vp9, AStructureOfEightLayersAnd255PicturesFits) {
  std::vector<uint8_t> packet = {0x0a, 0xf8};  // B=1 V=1; N_S=7 Y=1 G=1
  for (uint8_t layer = 1; layer <= 8; ++layer) packet.insert(packet.end(), {layer, 0, 0, layer});
  packet.push_back(255);
  for (int picture = 0; picture < 255; ++picture) packet.insert(packet.end(), {0x0c, 1, 2, 3});  // R=3
  EXPECT_FALSE(parse_vp9(packet));  // nothing follows the descriptor
  packet.push_back(0x00);
  const auto info = parse_vp9(packet);
  ASSERT_TRUE(info);
  EXPECT_EQ(info->spatial_layers, 8);
  EXPECT_EQ(info->width, 0x0800);
  EXPECT_EQ(info->height, 8);
}

TEST(Vp9, AStructureWithoutSizesLeavesThemZero) {
  constexpr std::array<uint8_t, 3> kPacket = {0x0a, 0x20, 0x00};  // B=1 V=1; N_S=1 Y=0 G=0
  const auto info = parse_vp9(kPacket);
  ASSERT_TRUE(info);
  EXPECT_EQ(info->spatial_layers, 2);
  EXPECT_EQ(info->width, 0);
}

TEST(Vp9, PatchingChangesThePictureIdAndTl0PicIdxAlone) {
  std::array<uint8_t, 25> packet = kKeyFrame;
  const auto info = parse_vp9(packet);
  ASSERT_TRUE(info);
  patch_vp9(packet, *info, 0x0000, 0x07);
  std::array<uint8_t, 25> expected = kKeyFrame;
  expected[1] = 0x80;  // M stays
  expected[2] = 0x00;
  expected[4] = 0x07;
  EXPECT_EQ(packet, expected);
}

TEST(Vp9, ASevenBitPictureIdStaysOne) {
  std::array<uint8_t, 3> packet = {0x88, 0x05, 0x00};  // I=1 B=1
  const auto info = parse_vp9(packet);
  ASSERT_TRUE(info);
  patch_vp9(packet, *info, 0xffff, 0x07);
  constexpr std::array<uint8_t, 3> kExpected = {0x88, 0x7f, 0x00};
  EXPECT_EQ(packet, kExpected);
}

}  // namespace
}  // namespace eir
