#include "bench/ivf.h"

#include <algorithm>

namespace eir::bench {
namespace {

constexpr size_t kFileHeaderBytes = 32;
constexpr size_t kFrameHeaderBytes = 12;
constexpr std::string_view kSignature = "DKIF";

uint64_t load_little_endian(ByteView bytes) {
  uint64_t value = 0;
  for (size_t i = bytes.size(); i-- > 0;) value = value << 8 | bytes[i];
  return value;
}

std::string_view text_of(ByteView bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

}  // namespace

std::optional<IvfFile> IvfFile::parse(ByteView file) {
  if (file.size() < kFileHeaderBytes || text_of(file.first(4)) != kSignature) return std::nullopt;
  const size_t header_size = load_little_endian(file.subspan(6, 2));
  if (header_size < kFileHeaderBytes || header_size > file.size()) return std::nullopt;
  IvfFile out;
  out.codec = text_of(file.subspan(8, 4));
  out.width = static_cast<uint16_t>(load_little_endian(file.subspan(12, 2)));
  out.height = static_cast<uint16_t>(load_little_endian(file.subspan(14, 2)));
  out.rate = static_cast<uint32_t>(load_little_endian(file.subspan(16, 4)));
  out.scale = static_cast<uint32_t>(load_little_endian(file.subspan(20, 4)));
  if (out.rate == 0 || out.scale == 0) return std::nullopt;
  for (ByteView rest = file.subspan(header_size); !rest.empty();) {
    if (rest.size() < kFrameHeaderBytes) return std::nullopt;
    const size_t size = load_little_endian(rest.first(4));
    const uint64_t pts = load_little_endian(rest.subspan(4, 8));
    rest = rest.subspan(kFrameHeaderBytes);
    if (size == 0 || size > rest.size()) return std::nullopt;
    out.frames.push_back({rest.first(size), pts});
    rest = rest.subspan(size);
  }
  return out;
}

bool is_vp8_key_frame(ByteView frame) { return !frame.empty() && (frame[0] & 1) == 0; }

}  // namespace eir::bench
