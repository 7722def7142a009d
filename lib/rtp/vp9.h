#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "lib/base/bytes.h"
#include "lib/rtp/payload_info.h"

namespace eir {

// The scalability structure of a VP9 stream (RFC 9628 section 4.2.1): how many spatial layers, and their sizes.
// The picture group is checked and passed over: layer selection needs the per-packet fields alone.
struct Vp9ScalabilityStructure {
  static constexpr uint8_t kSpatialLayersMax = 8;  // N_S has 3 bits
  struct Size {
    uint16_t width = 0;
    uint16_t height = 0;
  };
  uint8_t spatial_layers = 1;
  std::array<Size, kSpatialLayersMax> sizes{};  // zeros if the structure gives no resolutions
  uint8_t pictures_in_group = 0;
};

// The VP9 payload descriptor (RFC 9628 section 4.2), flexible and non-flexible mode. nullopt: cut short, nothing
// follows it, or more reference differences than the three allowed. If the packet carries a scalability structure and
// `structure` is given, the structure is stored there.
std::optional<PayloadInfo> parse_vp9(ByteView payload, Vp9ScalabilityStructure* structure = nullptr);

// See patch_picture_ids: never grows the payload, a 7-bit picture id stays one.
void patch_vp9(MutableBytes payload, const PayloadInfo& info, uint16_t picture_id, uint8_t tl0_pic_idx);

}  // namespace eir
