#include "lib/rtp/payload_info.h"

#include <algorithm>

#include "lib/rtp/av1.h"
#include "lib/rtp/dependency_descriptor.h"
#include "lib/rtp/h264.h"
#include "lib/rtp/vp8.h"
#include "lib/rtp/vp9.h"

namespace eir {
namespace {

constexpr PayloadInfo kAudioInfo = {.key_frame = true, .frame_start = true, .frame_end = true};

bool is_discardable(const DependencyDescriptor& descriptor, const DependencyStructure& structure) {
  bool is_present = false;
  for (size_t target = 0; target < structure.decode_target_count; ++target) {
    const DecodeTargetIndication indication = descriptor.frame.indications[target];
    if (indication == DecodeTargetIndication::kNotPresent) continue;
    if (indication != DecodeTargetIndication::kDiscardable) return false;
    is_present = true;
  }
  return is_present;
}

void apply_switch_points(const DependencyDescriptor& descriptor, const DependencyStructure& structure,
                         PayloadInfo& info) {
  const FrameDependencies& frame = descriptor.frame;
  info.layer_switch_point = false;
  info.spatial_switch_point = false;
  bool reaches_all = true;
  for (size_t target = 0; target < structure.decode_target_count; ++target) {
    if (frame.indications[target] != DecodeTargetIndication::kSwitch) {
      const bool is_higher = structure.target_spatial_layer[target] == frame.spatial_layer &&
                             structure.target_temporal_layer[target] > frame.temporal_layer;
      if (is_higher && frame.indications[target] != DecodeTargetIndication::kNotPresent) reaches_all = false;
      continue;
    }
    info.layer_switch_point = true;
    if (structure.target_spatial_layer[target] == frame.spatial_layer) info.spatial_switch_point = true;
  }
  info.layer_switch_point = info.layer_switch_point && reaches_all;
  for (size_t i = 0; i < frame.frame_diff_count; ++i) {
    if (frame.frame_diffs[i] > frame.spatial_layer) info.spatial_switch_point = false;
  }
}

uint16_t clamp_size(uint32_t size) { return static_cast<uint16_t>(std::min<uint32_t>(size, UINT16_MAX)); }

}  // namespace

std::optional<PayloadInfo> parse_payload_info(Codec codec, ByteView payload, bool marker) {
  switch (codec) {
    case Codec::kOpus:
    case Codec::kPcmu:
    case Codec::kPcma:
      return kAudioInfo;
    case Codec::kVp8:
      return parse_vp8(payload, marker);
    case Codec::kH264:
      return parse_h264(payload, marker);
    case Codec::kVp9:
      return parse_vp9(payload);
    case Codec::kAv1:
      return parse_av1(payload, marker);
  }
  return std::nullopt;
}

void apply_dependency_descriptor(const DependencyDescriptor& descriptor, const DependencyStructure& structure,
                                 PayloadInfo& info) {
  const FrameDependencies& frame = descriptor.frame;
  info.frame_start = descriptor.start_of_frame;
  info.frame_end = descriptor.end_of_frame;
  info.spatial_layer = frame.spatial_layer;
  info.temporal_layer = frame.temporal_layer;
  info.key_frame = descriptor.has_structure && descriptor.start_of_frame && frame.frame_diff_count == 0;
  info.discardable = is_discardable(descriptor, structure);
  apply_switch_points(descriptor, structure, info);
  // Frame differences count all layers' frames, so 1 reaches the layer below in the same picture.
  info.inter_layer_predicted = frame.spatial_layer > 0 &&
                               std::find(frame.frame_diffs.begin(), frame.frame_diffs.begin() + frame.frame_diff_count,
                                         1) != frame.frame_diffs.begin() + frame.frame_diff_count;
  if (!descriptor.has_structure) return;
  info.spatial_layers = structure.spatial_layers;
  if (!structure.has_resolutions) return;
  const RenderResolution& largest = structure.resolutions[structure.spatial_layers - 1U];
  info.width = clamp_size(largest.width);
  info.height = clamp_size(largest.height);
}

//  0                   1
//  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |M| 7 or 15 bits of picture id  |  M = 1: 15 bits
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
void patch_picture_ids(MutableBytes payload, const PayloadInfo& info, uint16_t picture_id, uint8_t tl0_pic_idx) {
  const size_t at = info.picture_id_offset;
  if (info.picture_id_bits == 7 && at < payload.size()) {
    payload[at] = static_cast<uint8_t>(picture_id & 0x7f);
  } else if (info.picture_id_bits == 15 && at + 1 < payload.size()) {
    store_u16(&payload[at], picture_id | 0x8000);
  }
  if (info.tl0_pic_idx.has_value() && info.tl0_pic_idx_offset < payload.size()) {
    payload[info.tl0_pic_idx_offset] = tl0_pic_idx;
  }
}

}  // namespace eir
