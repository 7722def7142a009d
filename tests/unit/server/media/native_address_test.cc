#include "server/media/native_address.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>

namespace eir {
namespace {

constexpr int kV4 = AF_INET;   // io: the constant alone, nothing is opened
constexpr int kV6 = AF_INET6;  // io: the constant alone, nothing is opened

SocketAddress v6_documentation() {
  SocketAddress out;
  out.ip = {0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x07};
  out.port = 40001;
  return out;
}

TEST(NativeAddress, Ipv4GoesToAnIpv4SocketInNetworkOrder) {
  NativeAddress native{};
  ASSERT_EQ(to_native(SocketAddress::v4({192, 0, 2, 1}, 3478), kV4, native), sizeof(sockaddr_in));
  EXPECT_EQ(native.v4.sin_family, kV4);
  EXPECT_EQ(ntohs(native.v4.sin_port), 3478);
  EXPECT_EQ(ntohl(native.v4.sin_addr.s_addr), 0xc0000201U);  // 192.0.2.1
}

TEST(NativeAddress, Ipv4GoesToAnIpv6SocketInItsMappedForm) {
  NativeAddress native{};
  ASSERT_EQ(to_native(SocketAddress::v4({192, 0, 2, 1}, 3478), kV6, native), sizeof(sockaddr_in6));
  EXPECT_EQ(native.v6.sin6_family, kV6);
  EXPECT_EQ(ntohs(native.v6.sin6_port), 3478);
  char text[INET6_ADDRSTRLEN];
  EXPECT_STREQ(inet_ntop(kV6, &native.v6.sin6_addr, text, sizeof text), "::ffff:192.0.2.1");
}

TEST(NativeAddress, Ipv6DoesNotFitAnIpv4Socket) {
  NativeAddress native{};
  EXPECT_EQ(to_native(v6_documentation(), kV4, native), 0U);
}

TEST(NativeAddress, Ipv6KeepsAddressAndPort) {
  NativeAddress native{};
  ASSERT_EQ(to_native(v6_documentation(), kV6, native), sizeof(sockaddr_in6));
  char text[INET6_ADDRSTRLEN];
  EXPECT_STREQ(inet_ntop(kV6, &native.v6.sin6_addr, text, sizeof text), "2001:db8::7");
  EXPECT_EQ(from_native(native), v6_documentation());
}

TEST(NativeAddress, WhatAnIpv4SocketReceivedReadsAsMapped) {
  NativeAddress native{};
  native.v4.sin_family = kV4;
  native.v4.sin_port = htons(5000);
  native.v4.sin_addr.s_addr = htonl(0xc6336409U);  // 198.51.100.9
  EXPECT_EQ(from_native(native), SocketAddress::v4({198, 51, 100, 9}, 5000));
}

// The same client over an IPv4 and over a dual-stack socket is one address to the router.
TEST(NativeAddress, MappedIpv6ReadsAsTheSameAddressAsIpv4) {
  NativeAddress native{};
  to_native(SocketAddress::v4({198, 51, 100, 9}, 5000), kV6, native);
  EXPECT_EQ(from_native(native), SocketAddress::v4({198, 51, 100, 9}, 5000));
  EXPECT_TRUE(from_native(native).is_v4());
}

}  // namespace
}  // namespace eir
