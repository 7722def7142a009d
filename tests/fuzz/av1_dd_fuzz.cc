#include <cstdlib>
#include <vector>

#include "lib/rtp/av1.h"
#include "lib/rtp/dependency_descriptor.h"
#include "lib/rtp/payload_info.h"

namespace {

using eir::ByteView;
using eir::DependencyStructure;

// What every accepted descriptor promises, and that patching moves the frame number alone.
void check_descriptor(ByteView extension, const DependencyStructure& structure, const DependencyStructure* last,
                      const eir::DependencyDescriptor& descriptor) {
  if (structure.template_count == 0 || structure.template_count > eir::kDependencyTemplatesMax) std::abort();
  if (structure.decode_target_count == 0 || structure.decode_target_count > eir::kDecodeTargetsMax) std::abort();
  if (structure.chain_count > structure.decode_target_count) std::abort();
  for (size_t i = 0; structure.chain_count > 0 && i < structure.decode_target_count; ++i) {
    if (structure.protected_by_chain[i] >= structure.chain_count) std::abort();
  }
  if (descriptor.frame.frame_diff_count > eir::kFrameDiffsMax) std::abort();
  if (descriptor.frame.spatial_layer >= structure.spatial_layers) std::abort();
  if (descriptor.frame.temporal_layer >= structure.temporal_layers) std::abort();
  std::vector<uint8_t> copy(extension.begin(), extension.end());
  eir::patch_frame_number(copy, 0xbeef);
  DependencyStructure fresh;
  const auto again = eir::parse_dependency_descriptor(copy, last, &fresh);
  if (!again || again->frame_number != 0xbeef || again->template_id != descriptor.template_id) std::abort();
}

}  // namespace

// A sequence of packets, each {descriptor length, payload length, descriptor, payload}, that share one structure as a
// stream does.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  eir::ByteReader reader(ByteView(data, size));
  DependencyStructure last;
  bool has_last = false;
  while (reader.remaining() > 0) {
    const size_t descriptor_bytes = reader.u8();
    const size_t payload_bytes = reader.u8();
    const ByteView extension = reader.bytes(descriptor_bytes);
    const ByteView payload = reader.bytes(payload_bytes);
    if (reader.failed()) break;
    auto info = eir::parse_av1(payload, true);
    DependencyStructure fresh;
    const DependencyStructure* known = has_last ? &last : nullptr;
    const auto descriptor = eir::parse_dependency_descriptor(extension, known, &fresh);
    if (!descriptor) continue;
    const DependencyStructure& current = descriptor->has_structure ? fresh : last;
    check_descriptor(extension, current, known, *descriptor);
    if (info) eir::apply_dependency_descriptor(*descriptor, current, *info);
    if (info && info->spatial_layer != descriptor->frame.spatial_layer) std::abort();
    if (descriptor->has_structure) last = fresh;
    has_last = has_last || descriptor->has_structure;
  }
  return 0;
}
