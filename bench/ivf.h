#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "lib/base/bytes.h"

namespace eir::bench {

struct IvfFrame {
  ByteView bytes;  // of the file that was parsed
  uint64_t pts = 0;
};

// A file of encoded pictures in the IVF container of libvpx: a header of 32 bytes ("DKIF"), then per frame its size (4
// bytes) and its time (8 bytes), all little-endian. A view: it must not outlive the bytes.
struct IvfFile {
  std::string_view codec;  // "VP80"
  uint16_t width = 0;
  uint16_t height = 0;
  uint32_t rate = 0;  // time is counted in scale/rate seconds
  uint32_t scale = 0;
  std::vector<IvfFrame> frames;

  // Nothing if the header is not one, or a frame is empty or reaches beyond the end.
  static std::optional<IvfFile> parse(ByteView file);
};

// RFC 6386 section 9.1: the first bit of a VP8 frame is 0 in a key frame.
bool is_vp8_key_frame(ByteView frame);

}  // namespace eir::bench
