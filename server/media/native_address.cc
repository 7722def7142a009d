#include "server/media/native_address.h"

#include <arpa/inet.h>

#include <array>
#include <cstring>

namespace eir {

socklen_t to_native(const SocketAddress& address, int family, NativeAddress& out) {
  if (family == AF_INET) {
    if (!address.is_v4()) return 0;
    out.v4 = sockaddr_in{};
    out.v4.sin_family = AF_INET;
    out.v4.sin_port = htons(address.port);
    std::memcpy(&out.v4.sin_addr, address.ip.data() + 12, 4);
    return sizeof out.v4;
  }
  out.v6 = sockaddr_in6{};
  out.v6.sin6_family = AF_INET6;
  out.v6.sin6_port = htons(address.port);
  std::memcpy(&out.v6.sin6_addr, address.ip.data(), address.ip.size());
  return sizeof out.v6;
}

SocketAddress from_native(const NativeAddress& native) {
  if (native.common.sa_family == AF_INET) {
    std::array<uint8_t, 4> ip{};
    std::memcpy(ip.data(), &native.v4.sin_addr, ip.size());
    return SocketAddress::v4(ip, ntohs(native.v4.sin_port));
  }
  SocketAddress out;
  std::memcpy(out.ip.data(), &native.v6.sin6_addr, out.ip.size());
  out.port = ntohs(native.v6.sin6_port);
  return out;
}

}  // namespace eir
