#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include "lib/base/path.h"

namespace eir {

// A socket address as the kernel has it, IPv4 or IPv6; both fit into the larger one.
union NativeAddress {
  sockaddr common;
  sockaddr_in v4;
  sockaddr_in6 v6;
};

// Writes `address` as a socket of `family` (AF_INET or AF_INET6) takes it, and returns its length. An IPv4 address goes
// to an IPv6 socket in its mapped form. 0: an IPv6 address for an IPv4 socket.
socklen_t to_native(const SocketAddress& address, int family, NativeAddress& out);

// What recvmsg() wrote. The family is one of the two: the socket's own.
SocketAddress from_native(const NativeAddress& native);

}  // namespace eir
