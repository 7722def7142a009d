#include "lib/rtp/dependency_descriptor.h"

#include <algorithm>

#include "lib/rtp/bit_reader.h"

namespace eir {
namespace {

constexpr size_t kMandatoryBytes = 3;

enum NextLayer : uint32_t { kSameLayer = 0, kNextTemporal = 1, kNextSpatial = 2, kNoMoreTemplates = 3 };

// template_layers(): false if there are more templates or layers than the limits.
bool read_layers(BitReader& reader, DependencyStructure& structure) {
  uint8_t spatial = 0;
  uint8_t temporal = 0;
  uint8_t temporal_max = 0;
  uint32_t next = kSameLayer;
  while (next != kNoMoreTemplates) {
    if (structure.template_count == kDependencyTemplatesMax || reader.failed()) return false;
    FrameDependencies& entry = structure.templates[structure.template_count++];
    entry.spatial_layer = spatial;
    entry.temporal_layer = temporal;
    next = reader.bits(2);
    if (next == kNextTemporal) ++temporal;
    if (next == kNextSpatial) {
      ++spatial;
      temporal = 0;
    }
    if (spatial >= kSpatialLayersMax || temporal >= kTemporalLayersMax) return false;
    temporal_max = std::max(temporal_max, temporal);
  }
  structure.spatial_layers = static_cast<uint8_t>(spatial + 1);
  structure.temporal_layers = static_cast<uint8_t>(temporal_max + 1);
  return true;
}

void read_indications(BitReader& reader, size_t targets, FrameDependencies& frame) {
  for (size_t i = 0; i < targets; ++i) frame.indications[i] = static_cast<DecodeTargetIndication>(reader.bits(2));
}

// template_fdiffs() of one template: false above kFrameDiffsMax.
bool read_template_diffs(BitReader& reader, FrameDependencies& frame) {
  while (reader.flag()) {
    if (frame.frame_diff_count == kFrameDiffsMax) return false;
    frame.frame_diffs[frame.frame_diff_count++] = static_cast<uint16_t>(reader.bits(4) + 1);
  }
  return true;
}

// frame_fdiffs(): sizes come in units of four bits.
bool read_custom_diffs(BitReader& reader, FrameDependencies& frame) {
  frame.frame_diff_count = 0;
  while (const uint32_t size = reader.bits(2)) {
    if (frame.frame_diff_count == kFrameDiffsMax) return false;
    frame.frame_diffs[frame.frame_diff_count++] = static_cast<uint16_t>(reader.bits(4 * size) + 1);
  }
  return true;
}

void read_chains(BitReader& reader, DependencyStructure& structure) {
  structure.chain_count = static_cast<uint8_t>(reader.non_symmetric(structure.decode_target_count + 1U));
  if (structure.chain_count == 0) return;
  for (size_t target = 0; target < structure.decode_target_count; ++target) {
    structure.protected_by_chain[target] = static_cast<uint8_t>(reader.non_symmetric(structure.chain_count));
  }
  for (size_t i = 0; i < structure.template_count; ++i) {
    for (size_t chain = 0; chain < structure.chain_count; ++chain) {
      structure.templates[i].chain_diffs[chain] = static_cast<uint8_t>(reader.bits(4));
    }
  }
}

// decode_target_layers(): a target contains the layers of all templates that are present in it.
void find_target_layers(DependencyStructure& structure) {
  for (size_t i = 0; i < structure.template_count; ++i) {
    const FrameDependencies& entry = structure.templates[i];
    for (size_t target = 0; target < structure.decode_target_count; ++target) {
      if (entry.indications[target] == DecodeTargetIndication::kNotPresent) continue;
      uint8_t& spatial = structure.target_spatial_layer[target];
      uint8_t& temporal = structure.target_temporal_layer[target];
      spatial = std::max(spatial, entry.spatial_layer);
      temporal = std::max(temporal, entry.temporal_layer);
    }
  }
}

// template_dependency_structure()
bool read_structure(BitReader& reader, DependencyStructure& structure) {
  structure = DependencyStructure{};
  structure.template_id_offset = static_cast<uint8_t>(reader.bits(6));
  structure.decode_target_count = static_cast<uint8_t>(reader.bits(5) + 1);
  if (!read_layers(reader, structure)) return false;
  for (size_t i = 0; i < structure.template_count; ++i) {
    read_indications(reader, structure.decode_target_count, structure.templates[i]);
  }
  for (size_t i = 0; i < structure.template_count; ++i) {
    if (!read_template_diffs(reader, structure.templates[i])) return false;
  }
  read_chains(reader, structure);
  find_target_layers(structure);
  structure.has_resolutions = reader.flag();
  if (!structure.has_resolutions) return !reader.failed();
  for (size_t layer = 0; layer < structure.spatial_layers; ++layer) {
    structure.resolutions[layer].width = reader.bits(16) + 1;
    structure.resolutions[layer].height = reader.bits(16) + 1;
  }
  return !reader.failed();
}

// What follows the mandatory fields in a longer descriptor.
struct ExtendedFlags {
  bool has_structure = false;
  bool has_active_targets = false;
  bool has_custom_indications = false;
  bool has_custom_diffs = false;
  bool has_custom_chains = false;
};

ExtendedFlags read_flags(BitReader& reader) {
  ExtendedFlags flags;
  flags.has_structure = reader.flag();
  flags.has_active_targets = reader.flag();
  flags.has_custom_indications = reader.flag();
  flags.has_custom_diffs = reader.flag();
  flags.has_custom_chains = reader.flag();
  return flags;
}

// frame_dependency_definition(): false for a template that the structure does not have.
bool read_frame(BitReader& reader, const ExtendedFlags& flags, const DependencyStructure& structure,
                DependencyDescriptor& descriptor) {
  const size_t index =
      (descriptor.template_id + kDependencyTemplatesMax - structure.template_id_offset) % kDependencyTemplatesMax;
  if (index >= structure.template_count) return false;
  descriptor.frame = structure.templates[index];
  if (flags.has_custom_indications) read_indications(reader, structure.decode_target_count, descriptor.frame);
  if (flags.has_custom_diffs && !read_custom_diffs(reader, descriptor.frame)) return false;
  if (!flags.has_custom_chains) return true;
  for (size_t chain = 0; chain < structure.chain_count; ++chain) {
    descriptor.frame.chain_diffs[chain] = static_cast<uint8_t>(reader.bits(8));
  }
  return true;
}

}  // namespace

std::optional<DependencyDescriptor> parse_dependency_descriptor(ByteView extension, const DependencyStructure* last,
                                                                DependencyStructure* fresh) {
  BitReader reader(extension);
  DependencyDescriptor descriptor;
  descriptor.start_of_frame = reader.flag();
  descriptor.end_of_frame = reader.flag();
  descriptor.template_id = static_cast<uint8_t>(reader.bits(6));
  descriptor.frame_number = static_cast<uint16_t>(reader.bits(16));

  ExtendedFlags flags;
  if (extension.size() > kMandatoryBytes) flags = read_flags(reader);
  if (flags.has_structure) {
    if (!read_structure(reader, *fresh)) return std::nullopt;
    descriptor.has_structure = true;
    descriptor.active_decode_targets = UINT32_MAX >> (kDecodeTargetsMax - fresh->decode_target_count);
  }
  const DependencyStructure* structure = flags.has_structure ? fresh : last;
  if (structure == nullptr || reader.failed()) return std::nullopt;
  if (flags.has_active_targets) descriptor.active_decode_targets = reader.bits(structure->decode_target_count);
  if (!read_frame(reader, flags, *structure, descriptor) || reader.failed()) return std::nullopt;
  return descriptor;
}

void patch_frame_number(MutableBytes extension, uint16_t frame_number) {
  if (extension.size() >= kMandatoryBytes) store_u16(&extension[1], frame_number);
}

}  // namespace eir
