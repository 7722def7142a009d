#include "lib/rtp/dependency_descriptor.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

#include "lib/rtp/payload_info.h"
#include "tests/support/bit_string.h"

namespace eir {
namespace {

using Dti = DecodeTargetIndication;

// The structure of the specification's section A.10.2.1: one spatial and three temporal layers. Decode target 0 is the
// full rate, 2 the lowest. Templates have the ids 61, 62, 63, 0, 1.
const std::string kL1T3Structure =
    "111101 00010"                           // template_id_offset 61, three decode targets
    "00 01 01 00 11"                         // layers T0 T0 T1 T2 T2, end
    "101010 101010 100100 010000 010000"     // SSS SSS SD- D-- D--
    "0 1 0011 0 1 0001 0 1 0000 0 1 0000 0"  // frame differences: none; 4; 2; 1; 1
    "01"                                     // one chain (ns(4)); its number takes no bits (ns(1))
    "0000 0100 0010 0001 0011"               // chain differences
    "1 0000010011111111 0000001011001111";   // 1280×720
const std::vector<uint8_t> kL1T3KeyFrame = bit_string(
    "1 0 111101 0000000001100100"  // start, template 61, frame 100
    "1 0 0 0 0" +                  // a structure, nothing custom
    kL1T3Structure);

DependencyStructure l1t3() {
  DependencyStructure structure;
  EXPECT_TRUE(parse_dependency_descriptor(kL1T3KeyFrame, nullptr, &structure));
  return structure;
}

std::optional<DependencyDescriptor> parse(std::string_view bits, const DependencyStructure& last) {
  DependencyStructure fresh;
  return parse_dependency_descriptor(bit_string(bits), &last, &fresh);
}

TEST(DependencyDescriptor, StructureOfOneLayerAndThreeRatesIsRead) {
  DependencyStructure structure;
  const auto descriptor = parse_dependency_descriptor(kL1T3KeyFrame, nullptr, &structure);
  ASSERT_TRUE(descriptor);
  EXPECT_TRUE(descriptor->start_of_frame);
  EXPECT_FALSE(descriptor->end_of_frame);
  EXPECT_TRUE(descriptor->has_structure);
  EXPECT_EQ(descriptor->template_id, 61);
  EXPECT_EQ(descriptor->frame_number, 100);
  EXPECT_EQ(descriptor->active_decode_targets, 0b111U);
  EXPECT_EQ(descriptor->frame.frame_diff_count, 0);
  EXPECT_EQ(descriptor->frame.indications[2], Dti::kSwitch);

  EXPECT_EQ(structure.template_id_offset, 61);
  EXPECT_EQ(structure.template_count, 5);
  EXPECT_EQ(structure.decode_target_count, 3);
  EXPECT_EQ(structure.chain_count, 1);
  EXPECT_EQ(structure.spatial_layers, 1);
  EXPECT_EQ(structure.temporal_layers, 3);
  EXPECT_EQ(structure.templates[1].frame_diffs[0], 4);
  EXPECT_EQ(structure.templates[2].temporal_layer, 1);
  EXPECT_EQ(structure.templates[2].indications[1], Dti::kDiscardable);
  EXPECT_EQ(structure.templates[2].indications[2], Dti::kNotPresent);
  EXPECT_EQ(structure.templates[4].chain_diffs[0], 3);
  EXPECT_EQ(structure.target_temporal_layer[0], 2);
  EXPECT_EQ(structure.target_temporal_layer[1], 1);
  EXPECT_EQ(structure.target_temporal_layer[2], 0);
  EXPECT_TRUE(structure.has_resolutions);
  EXPECT_EQ(structure.resolutions[0].width, 1280U);
  EXPECT_EQ(structure.resolutions[0].height, 720U);
}

TEST(DependencyDescriptor, EveryCutOfAStructureIsMalformed) {
  ASSERT_EQ(kL1T3KeyFrame.size(), 20U);
  for (size_t size = 0; size < kL1T3KeyFrame.size(); ++size) {
    DependencyStructure fresh;
    EXPECT_FALSE(parse_dependency_descriptor(ByteView(kL1T3KeyFrame).first(size), nullptr, &fresh)) << size;
  }
}

TEST(DependencyDescriptor, ThreeBytesTakeTheirMeaningFromTheStructure) {
  const DependencyStructure structure = l1t3();
  const auto descriptor = parse("1 1 000000 1111111111111111", structure);  // template 0: index 3
  ASSERT_TRUE(descriptor);
  EXPECT_EQ(descriptor->frame_number, 0xffff);
  EXPECT_FALSE(descriptor->has_structure);
  EXPECT_FALSE(descriptor->active_decode_targets);
  EXPECT_EQ(descriptor->frame.temporal_layer, 2);
  EXPECT_EQ(descriptor->frame.frame_diffs[0], 1);
  EXPECT_EQ(descriptor->frame.chain_diffs[0], 1);
}

TEST(DependencyDescriptor, WithoutAStructureNothingIsUnderstood) {
  DependencyStructure fresh;
  EXPECT_FALSE(parse_dependency_descriptor(bit_string("1 1 000000 1111111111111111"), nullptr, &fresh));
}

TEST(DependencyDescriptor, TemplateIdsWrapAt64AndEndAtTheLast) {
  const DependencyStructure structure = l1t3();
  EXPECT_TRUE(parse("1 1 111101 0000000000000000", structure));   // 61, the first
  EXPECT_TRUE(parse("1 1 000001 0000000000000000", structure));   // 1, the last
  EXPECT_FALSE(parse("1 1 000010 0000000000000000", structure));  // 2
  EXPECT_FALSE(parse("1 1 111100 0000000000000000", structure));  // 60
}

TEST(DependencyDescriptor, CustomFieldsReplaceTheTemplates) {
  const DependencyStructure structure = l1t3();
  const auto descriptor = parse(
      "0 1 111110 0000000000000001"             // template 62: index 1
      "0 1 1 1 1"                               // active targets, custom indications, differences and chains
      "101"                                     // targets 0 and 2
      "11 01 00"                                // R D -
      "01 0000 10 11111111 11 111111111111 00"  // differences 1, 256, 4096
      "11111111",                               // chain difference 255
      structure);
  ASSERT_TRUE(descriptor);
  EXPECT_EQ(descriptor->active_decode_targets, 0b101U);
  EXPECT_EQ(descriptor->frame.indications[0], Dti::kRequired);
  EXPECT_EQ(descriptor->frame.indications[1], Dti::kDiscardable);
  EXPECT_EQ(descriptor->frame.indications[2], Dti::kNotPresent);
  ASSERT_EQ(descriptor->frame.frame_diff_count, 3);
  EXPECT_EQ(descriptor->frame.frame_diffs[0], 1);
  EXPECT_EQ(descriptor->frame.frame_diffs[1], 256);
  EXPECT_EQ(descriptor->frame.frame_diffs[2], 4096);
  EXPECT_EQ(descriptor->frame.chain_diffs[0], 255);
}

TEST(DependencyDescriptor, EightFrameDifferencesFitAndNineDoNot) {
  const DependencyStructure structure = l1t3();
  const std::string head = "0 1 111110 0000000000000001 0 0 0 1 0";
  std::string eight = head;
  for (int i = 0; i < 8; ++i) eight += "01 0000";
  EXPECT_TRUE(parse(eight + "00", structure));
  EXPECT_FALSE(parse(eight + "01 0000 00", structure));
}

TEST(DependencyDescriptor, SixtyFourTemplatesFitAndNotOneMore) {
  const auto descriptor_of = [](int templates) {
    std::string bits = "1 1 000000 0000000000000000 1 0 0 0 0 000000 00000";  // one decode target
    for (int i = 1; i < templates; ++i) bits += "00";
    bits += "11";
    for (int i = 0; i < templates; ++i) bits += "10";
    for (int i = 0; i < templates; ++i) bits += "0";
    return bit_string(bits + "0 0");  // no chains (ns(2)), no resolutions
  };
  DependencyStructure fresh;
  EXPECT_TRUE(parse_dependency_descriptor(descriptor_of(64), nullptr, &fresh));
  EXPECT_EQ(fresh.template_count, 64);
  EXPECT_EQ(fresh.chain_count, 0);
  EXPECT_FALSE(parse_dependency_descriptor(descriptor_of(65), nullptr, &fresh));
}

TEST(DependencyDescriptor, ThirtyTwoTargetsAndChainsFit) {
  std::string bits = "1 1 000000 0000000000000000 1 0 0 0 0 000000 11111 11";  // 32 targets, one template
  for (int i = 0; i < 32; ++i) bits += "10";
  bits += "0";
  bits += "111111";                              // ns(33): 6 bits for 31 + value; 32 is the last code
  for (int i = 0; i < 32; ++i) bits += "11111";  // ns(32): chain 31
  for (int i = 0; i < 32; ++i) bits += "0000";
  bits += "0";
  DependencyStructure fresh;
  const auto descriptor = parse_dependency_descriptor(bit_string(bits), nullptr, &fresh);
  ASSERT_TRUE(descriptor);
  EXPECT_EQ(fresh.decode_target_count, 32);
  EXPECT_EQ(fresh.chain_count, 32);
  EXPECT_EQ(fresh.protected_by_chain[31], 31);
  EXPECT_EQ(descriptor->active_decode_targets, 0xffffffffU);
}

TEST(DependencyDescriptor, AFifthSpatialOrNinthTemporalLayerIsRefused) {
  DependencyStructure fresh;
  const std::string head = "1 1 000000 0000000000000000 1 0 0 0 0 000000 00000";
  EXPECT_FALSE(
      parse_dependency_descriptor(bit_string(head + "10 10 10 10 11" + std::string(40, '0')), nullptr, &fresh));
  EXPECT_TRUE(parse_dependency_descriptor(bit_string(head + "10 10 10 11" + std::string(40, '0')), nullptr, &fresh));
  EXPECT_EQ(fresh.spatial_layers, 4);
  EXPECT_FALSE(parse_dependency_descriptor(bit_string(head + "01 01 01 01 01 01 01 01 11" + std::string(60, '0')),
                                           nullptr, &fresh));
  EXPECT_TRUE(parse_dependency_descriptor(bit_string(head + "01 01 01 01 01 01 01 11" + std::string(60, '0')), nullptr,
                                          &fresh));
  EXPECT_EQ(fresh.temporal_layers, 8);
}

TEST(DependencyDescriptor, FrameNumberIsPatchedInPlace) {
  std::array<uint8_t, 4> extension = {0xc1, 0x12, 0x34, 0x56};
  patch_frame_number(extension, 0xfffe);
  constexpr std::array<uint8_t, 4> kExpected = {0xc1, 0xff, 0xfe, 0x56};
  EXPECT_EQ(extension, kExpected);
  std::array<uint8_t, 2> too_short = {0xc1, 0x12};
  patch_frame_number(too_short, 0xfffe);
  EXPECT_EQ(too_short[1], 0x12);
}

// Two spatial layers: S0 key, S0 later, S1 above a key frame, S1 later.
const std::string kL2T1 =
    "1 0 0 0 0 000000 00001"               // a structure, offset 0, two decode targets
    "00 10 00 11"                          // S0 S0 S1 S1
    "1010 1011 0010 0010"                  // SS SR -S -S
    "0 1 0001 0 1 0000 0 1 0001 1 0000 0"  // none; 2; 1; 2 and 1
    "11"                                   // two chains (ns(3))
    "0 1"                                  // target 0 by chain 0, 1 by 1
    "00000000 00100001 00010001 00010001"  // 0 0; 2 1; 1 1; 1 1
    "1 0000000101000000 0000000010110100"  // 321×181
    "0000001010000000 0000000101101000";   // 641×361

TEST(PayloadInfoOfDescriptor, KeyFrameTellsTheLayersAndTheLargestSize) {
  DependencyStructure structure;
  const auto descriptor =
      parse_dependency_descriptor(bit_string("1 0 000000 0000000000000001" + kL2T1), nullptr, &structure);
  ASSERT_TRUE(descriptor);
  PayloadInfo info;
  apply_dependency_descriptor(*descriptor, structure, info);
  EXPECT_TRUE(info.key_frame);
  EXPECT_TRUE(info.frame_start);
  EXPECT_FALSE(info.frame_end);
  EXPECT_TRUE(info.layer_switch_point);
  EXPECT_TRUE(info.spatial_switch_point);
  EXPECT_FALSE(info.inter_layer_predicted);
  EXPECT_EQ(info.spatial_layers, 2);
  EXPECT_EQ(info.width, 641);
  EXPECT_EQ(info.height, 361);
}

TEST(PayloadInfoOfDescriptor, UpperLayerIsASpatialSwitchPointOnlyAboveAKeyFrame) {
  DependencyStructure structure;
  ASSERT_TRUE(parse_dependency_descriptor(bit_string("1 0 000000 0000000000000001" + kL2T1), nullptr, &structure));
  PayloadInfo first;
  apply_dependency_descriptor(*parse("1 1 000010 0000000000000010", structure), structure, first);
  EXPECT_FALSE(first.key_frame);
  EXPECT_EQ(first.spatial_layer, 1);
  EXPECT_TRUE(first.inter_layer_predicted);
  EXPECT_TRUE(first.spatial_switch_point);
  EXPECT_EQ(first.spatial_layers, 0);  // only key frames say it
  PayloadInfo later;
  apply_dependency_descriptor(*parse("1 1 000011 0000000000000100", structure), structure, later);
  EXPECT_TRUE(later.inter_layer_predicted);
  EXPECT_FALSE(later.spatial_switch_point);  // refers back by 2
}

TEST(PayloadInfoOfDescriptor, WhatThePayloadSaidIsReplacedButItsPictureIdStays) {
  const DependencyStructure structure = l1t3();
  PayloadInfo info;
  info.key_frame = true;
  info.layer_switch_point = true;
  info.temporal_layer = 3;
  info.picture_id = 77;
  apply_dependency_descriptor(*parse("0 1 000000 0000000000000010", structure), structure, info);  // T2: D - -
  EXPECT_FALSE(info.key_frame);
  EXPECT_FALSE(info.frame_start);
  EXPECT_TRUE(info.frame_end);
  EXPECT_FALSE(info.layer_switch_point);
  EXPECT_TRUE(info.discardable);
  EXPECT_EQ(info.temporal_layer, 2);
  EXPECT_EQ(info.picture_id, 77);
}

TEST(PayloadInfoOfDescriptor, AFrameThatSomeTargetNeedsIsNotDiscardable) {
  const DependencyStructure structure = l1t3();
  PayloadInfo info;
  apply_dependency_descriptor(*parse("1 1 111111 0000000000000010", structure), structure, info);  // T1: S D -
  EXPECT_FALSE(info.discardable);
  EXPECT_TRUE(info.layer_switch_point);
}

}  // namespace
}  // namespace eir
