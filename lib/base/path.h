#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>

#include "lib/base/bytes.h"

namespace eir {

// An IP address and a port, without any operating system header. IPv4 is held as an IPv4-mapped IPv6 address (RFC 4291
// section 2.5.5.2), so comparing and hashing need no cases. Personal data: print it only through Pii.
struct SocketAddress {
  std::array<uint8_t, 16> ip{};
  uint16_t port = 0;

  static SocketAddress v4(std::array<uint8_t, 4> address, uint16_t port);
  bool is_v4() const;
  // "192.0.2.1:3478", "[2001:db8::1]:3478" without zero compression. For candidates and tests.
  std::string to_string() const;
  bool operator==(const SocketAddress&) const = default;
};

// How a datagram came in, and so how the answer leaves: (local socket, remote address) over UDP, or one TCP connection.
struct Path {
  // Index of the worker's UDP socket, or kTcp + the worker's number of the ICE-TCP connection.
  static constexpr uint32_t kTcp = 0x80000000;
  uint32_t socket = 0;
  SocketAddress remote;

  bool is_tcp() const { return socket >= kTcp; }
  bool operator==(const Path&) const = default;
};

struct PathHash {
  size_t operator()(const Path& path) const noexcept;
};

}  // namespace eir
