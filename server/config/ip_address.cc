#include "server/config/ip_address.h"

#include <arpa/inet.h>

#include <algorithm>

namespace eir {

std::optional<SocketAddress> parse_ip_address(const std::string& text, uint16_t port) {
  std::array<uint8_t, 4> v4{};
  if (inet_pton(AF_INET, text.c_str(), v4.data()) == 1) return SocketAddress::v4(v4, port);
  SocketAddress out;
  if (inet_pton(AF_INET6, text.c_str(), out.ip.data()) != 1) return std::nullopt;
  out.port = port;
  return out;
}

bool is_loopback(const SocketAddress& address) {
  if (address.is_v4()) return address.ip[12] == 127;
  return std::all_of(address.ip.begin(), address.ip.end() - 1, [](uint8_t b) { return b == 0; }) && address.ip[15] == 1;
}

bool is_wildcard(const SocketAddress& address) {
  const auto first = address.ip.begin() + (address.is_v4() ? 12 : 0);
  return std::all_of(first, address.ip.end(), [](uint8_t b) { return b == 0; });
}

}  // namespace eir
