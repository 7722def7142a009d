#pragma once

#include <cstdint>
#include <optional>

#include "lib/base/bytes.h"

namespace eir {

// What Eir reads of a sequence parameter set (H.264 section 7.3.2.1.1).
struct H264Sps {
  uint8_t profile_idc = 0;
  uint8_t profile_iop = 0;  // the constraint_set flags
  uint8_t level_idc = 0;
  uint16_t width = 0;  // after cropping
  uint16_t height = 0;
};

// `nal` is the whole NAL unit with its header byte. nullopt: not an SPS, cut short, or a size of 0 or above 65535.
// Baseline, main, extended and the high profiles are read; the VUI is not.
std::optional<H264Sps> parse_h264_sps(ByteView nal);

}  // namespace eir
