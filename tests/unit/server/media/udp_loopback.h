#pragma once

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "lib/base/path.h"
#include "server/channel/owned_fd.h"
#include "server/media/native_address.h"

namespace eir {

inline constexpr int kV4 = AF_INET;  // io: receiver and sender are about sockets; the kernel chooses free ports

// A UDP socket on 127.0.0.1 with a port of the kernel's choice.
struct LoopbackSocket {
  LoopbackSocket() : fd(socket(kV4, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) {
    NativeAddress name{};
    socklen_t size = to_native(SocketAddress::v4({127, 0, 0, 1}, 0), kV4, name);
    EXPECT_EQ(bind(fd.value(), &name.common, size), 0);
    EXPECT_EQ(getsockname(fd.value(), &name.common, &size), 0);
    address = from_native(name);
  }

  void send_to(const SocketAddress& to, std::string_view bytes) const {
    NativeAddress name{};
    const socklen_t size = to_native(to, kV4, name);
    EXPECT_EQ(sendto(fd.value(), bytes.data(), bytes.size(), 0, &name.common, size),
              static_cast<ssize_t>(bytes.size()));
  }
  // The next datagram that waits; "" if none does. Loopback delivers within the call that sends.
  std::string receive() const {
    char buffer[2048];
    const ssize_t got = recv(fd.value(), buffer, sizeof buffer, 0);
    return got < 0 ? std::string() : std::string(buffer, static_cast<size_t>(got));
  }

  OwnedFd fd;
  SocketAddress address;
};

}  // namespace eir
