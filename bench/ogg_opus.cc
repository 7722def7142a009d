#include "bench/ogg_opus.h"

#include <algorithm>
#include <string_view>

namespace eir::bench {
namespace {

// RFC 3533 section 6: capture pattern, version, flags, granule position, serial, page number, checksum, then how many
// lacing values follow.
constexpr size_t kPageHeaderBytes = 27;
constexpr size_t kHeaderPackets = 2;  // OpusHead and OpusTags (RFC 7845 section 3)
constexpr uint8_t kLacingContinues = 255;

bool begins_with(ByteView bytes, std::string_view text) {
  return bytes.size() >= text.size() && std::equal(text.begin(), text.end(), bytes.begin());
}

}  // namespace

std::optional<std::vector<std::vector<uint8_t>>> parse_ogg_opus(ByteView file) {
  std::vector<std::vector<uint8_t>> packets;
  std::vector<uint8_t> packet;
  while (!file.empty()) {
    if (file.size() < kPageHeaderBytes || !begins_with(file, "OggS")) return std::nullopt;
    const size_t segments = file[kPageHeaderBytes - 1];
    if (file.size() < kPageHeaderBytes + segments) return std::nullopt;
    const ByteView lacing = file.subspan(kPageHeaderBytes, segments);
    file = file.subspan(kPageHeaderBytes + segments);
    for (const uint8_t size : lacing) {
      if (size > file.size()) return std::nullopt;
      packet.insert(packet.end(), file.begin(), file.begin() + size);
      file = file.subspan(size);
      if (size == kLacingContinues) continue;
      packets.push_back(std::move(packet));
      packet.clear();
    }
  }
  if (packets.size() <= kHeaderPackets || !begins_with(packets[0], "OpusHead")) return std::nullopt;
  packets.erase(packets.begin(), packets.begin() + kHeaderPackets);
  return packets;
}

}  // namespace eir::bench
