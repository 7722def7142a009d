#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "lib/base/bytes.h"

namespace eir {

// Limits of the dependency descriptor: the first three follow from field widths (6 bits of template id, 5 bits of
// dt_cnt_minus_one, and as many chains as decode targets); the fourth is ours, encoders use up to 3.
inline constexpr size_t kDependencyTemplatesMax = 64;
inline constexpr size_t kDecodeTargetsMax = 32;
inline constexpr size_t kDependencyChainsMax = 32;
inline constexpr size_t kFrameDiffsMax = 8;
inline constexpr size_t kSpatialLayersMax = 4;   // AV1 spatial_id has 2 bits
inline constexpr size_t kTemporalLayersMax = 8;  // AV1 temporal_id has 3 bits

// What a frame is to one decode target (a set of layers that a receiver may ask for).
enum class DecodeTargetIndication : uint8_t { kNotPresent = 0, kDiscardable = 1, kSwitch = 2, kRequired = 3 };

struct FrameDependencies {
  uint8_t spatial_layer = 0;
  uint8_t temporal_layer = 0;
  std::array<DecodeTargetIndication, kDecodeTargetsMax> indications{};
  uint8_t frame_diff_count = 0;
  std::array<uint16_t, kFrameDiffsMax> frame_diffs{};       // 1..4096 frames back
  std::array<uint8_t, kDependencyChainsMax> chain_diffs{};  // 0: this frame begins the chain
};

struct RenderResolution {
  uint32_t width = 0;  // up to 65536
  uint32_t height = 0;
};

// The template dependency structure: sent with key frames, kept by the receive stream, needed to read every later
// descriptor. A value of about 6 KB without pointers.
struct DependencyStructure {
  uint8_t template_id_offset = 0;
  uint8_t template_count = 0;
  uint8_t decode_target_count = 0;
  uint8_t chain_count = 0;
  uint8_t spatial_layers = 0;
  uint8_t temporal_layers = 0;
  bool has_resolutions = false;
  std::array<FrameDependencies, kDependencyTemplatesMax> templates{};
  std::array<uint8_t, kDecodeTargetsMax> protected_by_chain{};  // decode target → chain, if chain_count > 0
  // The highest layers that a decode target contains.
  std::array<uint8_t, kDecodeTargetsMax> target_spatial_layer{};
  std::array<uint8_t, kDecodeTargetsMax> target_temporal_layer{};
  std::array<RenderResolution, kSpatialLayersMax> resolutions{};  // per spatial layer
};

struct DependencyDescriptor {
  bool start_of_frame = false;  // first packet of this layer's frame
  bool end_of_frame = false;
  bool has_structure = false;  // the packet carried a structure: a coded video sequence begins
  uint8_t template_id = 0;
  uint16_t frame_number = 0;
  // Bit i: decode target i is still being produced. Set with every structure (all, if the packet does not say) and
  // whenever it changes.
  std::optional<uint32_t> active_decode_targets;
  // The frame's own: the template's, or what the packet says instead. The first decode_target_count and chain_count of
  // the structure's are meaningful.
  FrameDependencies frame;
};

// Parses the extension of RTP Payload Format For AV1 1.0, appendix A.8. `last` is the stream's current structure or
// nullptr; a structure in the packet is written to *fresh, and the descriptor is then to be read with that one. *fresh
// is scratch otherwise. nullopt: malformed, no structure known, or a template that the structure does not have.
std::optional<DependencyDescriptor> parse_dependency_descriptor(ByteView extension, const DependencyStructure* last,
                                                                DependencyStructure* fresh);

//  0                   1                   2
//  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |S|E|template id|          frame number         |  mandatory fields, always the first three bytes
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// Rewrites the frame number of a descriptor in place. Frame differences are relative and stay true only if the caller
// shifts all frames of an epoch by one offset. An extension shorter than 3 bytes is left alone.
void patch_frame_number(MutableBytes extension, uint16_t frame_number);

}  // namespace eir
