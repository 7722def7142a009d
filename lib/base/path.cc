#include "lib/base/path.h"

#include <algorithm>
#include <cstdio>

namespace eir {
namespace {

constexpr std::array<uint8_t, 12> kV4Mapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

}  // namespace

SocketAddress SocketAddress::v4(std::array<uint8_t, 4> address, uint16_t port) {
  SocketAddress result;
  std::copy(kV4Mapped.begin(), kV4Mapped.end(), result.ip.begin());
  std::copy(address.begin(), address.end(), result.ip.begin() + kV4Mapped.size());
  result.port = port;
  return result;
}

bool SocketAddress::is_v4() const { return std::equal(kV4Mapped.begin(), kV4Mapped.end(), ip.begin()); }

std::string SocketAddress::to_string() const {
  std::array<char, 64> text{};
  if (is_v4()) {
    std::snprintf(text.data(), text.size(), "%u.%u.%u.%u:%u", ip[12], ip[13], ip[14], ip[15], port);
  } else {
    int at = std::snprintf(text.data(), text.size(), "[");
    for (size_t i = 0; i < 16; i += 2) {
      at += std::snprintf(text.data() + at, text.size() - static_cast<size_t>(at), i == 0 ? "%x" : ":%x",
                          load_u16(&ip[i]));
    }
    std::snprintf(text.data() + at, text.size() - static_cast<size_t>(at), "]:%u", port);
  }
  return text.data();
}

size_t PathHash::operator()(const Path& path) const noexcept {
  // A stranger chooses only where it really sends from, and an entry costs a STUN integrity check: mixing well is
  // enough.
  uint64_t h = load_u64(path.remote.ip.data()) * 0x9e3779b97f4a7c15U;
  h ^= load_u64(path.remote.ip.data() + 8) + (h << 6) + (h >> 2);
  h *= 0xbf58476d1ce4e5b9U;
  h ^= (uint64_t{path.socket} << 16 | path.remote.port) + (h >> 29);
  h *= 0x94d049bb133111ebU;
  return static_cast<size_t>(h ^ (h >> 32));
}

}  // namespace eir
