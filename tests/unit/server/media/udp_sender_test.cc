#include "server/media/udp_sender.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

#include "tests/unit/server/media/udp_loopback.h"

namespace eir {
namespace {

Path to(const LoopbackSocket& client, uint32_t socket = 0) { return {.socket = socket, .remote = client.address}; }

class UdpSenderTest : public testing::Test {
 protected:
  UdpSender sender() { return UdpSender({{server_.fd.value(), kV4}}); }
  void push(const Path& path, std::string_view text) {
    ASSERT_TRUE(queue_.push(path, as_bytes(text), TransmitKind::kVideo));
  }

  LoopbackSocket server_;
  TransmitQueue queue_{512, size_t{512} * 1600};
};

TEST_F(UdpSenderTest, RunsArriveAsTheDatagramsThatTheyAreMadeOf) {
  const LoopbackSocket alice;
  push(to(alice), std::string(1000, 'a'));
  push(to(alice), std::string(1000, 'b'));
  push(to(alice), "short end");
  UdpSender sends = sender();
  EXPECT_EQ(sends.send(queue_), SendOutcome::kDone);
  EXPECT_TRUE(queue_.empty());
  EXPECT_EQ(alice.receive(), std::string(1000, 'a'));
  EXPECT_EQ(alice.receive(), std::string(1000, 'b'));
  EXPECT_EQ(alice.receive(), "short end");
  EXPECT_EQ(alice.receive(), "");
  EXPECT_EQ(sends.counters().calls, 1U);
  EXPECT_EQ(sends.counters().datagrams, 3U);
  EXPECT_EQ(sends.counters().bytes, 2009U);
  EXPECT_EQ(sends.counters().gso_runs, 1U);
  EXPECT_EQ(sends.counters().runs[1], 1U);  // 2–3
}

TEST_F(UdpSenderTest, OneCallServesManyDestinations) {
  const LoopbackSocket alice;
  const LoopbackSocket bob;
  push(to(alice), "for alice");
  push(to(bob), "for bob");
  push(to(alice), "alice again");
  UdpSender sends = sender();
  EXPECT_EQ(sends.send(queue_), SendOutcome::kDone);
  EXPECT_EQ(alice.receive(), "for alice");
  EXPECT_EQ(alice.receive(), "alice again");
  EXPECT_EQ(bob.receive(), "for bob");
  EXPECT_EQ(sends.counters().calls, 1U);
  EXPECT_EQ(sends.counters().runs[0], 3U);
  EXPECT_EQ(sends.counters().gso_runs, 0U);
}

TEST_F(UdpSenderTest, EachDatagramLeavesByTheSocketOfItsPath) {
  const LoopbackSocket second;
  const LoopbackSocket alice;
  push(to(alice, 1), "by the second");
  push(to(alice, 0), "by the first");
  UdpSender sends({{server_.fd.value(), kV4}, {second.fd.value(), kV4}});
  EXPECT_EQ(sends.send(queue_), SendOutcome::kDone);
  char buffer[64];
  for (const SocketAddress& from : {second.address, server_.address}) {
    NativeAddress name{};
    socklen_t size = sizeof name;
    ASSERT_GT(recvfrom(alice.fd.value(), buffer, sizeof buffer, 0, &name.common, &size), 0);
    EXPECT_EQ(from_native(name), from);
  }
}

TEST_F(UdpSenderTest, APathThatNoSocketServesCostsOnlyItsOwnDatagrams) {
  const LoopbackSocket alice;
  SocketAddress v6;
  v6.ip = {0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
  v6.port = 5000;
  push(to(alice, 7), "no such socket");
  push({.socket = 0, .remote = v6}, "IPv6 over an IPv4 socket");
  push(to(alice), "arrives");
  UdpSender sends = sender();
  EXPECT_EQ(sends.send(queue_), SendOutcome::kDone);
  EXPECT_EQ(alice.receive(), "arrives");
  EXPECT_EQ(sends.counters().drop_no_socket, 1U);
  EXPECT_EQ(sends.counters().drop_error, 1U);
}

// Port 0 is refused with EINVAL, run or not: the run is broken up, and then each of its datagrams is lost alone.
TEST_F(UdpSenderTest, ARefusedRunIsTriedAsSingleDatagramsAndThePathRemembered) {
  const LoopbackSocket alice;
  const Path nowhere{.socket = 0, .remote = SocketAddress::v4({127, 0, 0, 1}, 0)};
  UdpSender sends = sender();
  for (int round = 0; round < 2; ++round) {
    push(nowhere, "12345678");
    push(nowhere, "12345678");
    push(to(alice), "arrives");
    push(to(alice), "arrives");
    EXPECT_EQ(sends.send(queue_), SendOutcome::kDone);
    EXPECT_EQ(alice.receive(), "arrives");
    EXPECT_EQ(alice.receive(), "arrives");
  }
  EXPECT_EQ(sends.counters().gso_refused, 1U) << "the second time nothing is tried in vain";
  EXPECT_EQ(sends.counters().drop_error, 4U);
  EXPECT_EQ(sends.counters().gso_runs, 2U) << "other paths still get their runs";
}

// What the next datagram was marked with, by the field that carries it; -1 if none waits.
int received_mark(const OwnedFd& socket, int level, int type) {
  std::array<char, 64> text{};
  alignas(cmsghdr) std::array<char, 64> control{};
  iovec area{text.data(), text.size()};
  msghdr header{};
  header.msg_iov = &area;
  header.msg_iovlen = 1;
  header.msg_control = control.data();
  header.msg_controllen = control.size();
  if (recvmsg(socket.value(), &header, 0) < 0) return -1;
  const cmsghdr* const message = CMSG_FIRSTHDR(&header);
  if (message == nullptr || message->cmsg_level != level || message->cmsg_type != type) return -1;
  // ip(7): IP_TOS comes as one byte; ipv6(7): IPV6_TCLASS as an int, on a little-endian machine with that byte first.
  return *CMSG_DATA(message);
}

// Expedited forwarding is 46 = 0xb8 >> 2 (RFC 3246), AF42 is 36 = 0x90 >> 2 (RFC 2597).
TEST_F(UdpSenderTest, EachKindCarriesItsMarkAndARunHoldsOneKind) {
  const LoopbackSocket alice;
  const int on = 1;
  ASSERT_EQ(setsockopt(alice.fd.value(), IPPROTO_IP, IP_RECVTOS, &on, sizeof on), 0);
  for (const TransmitKind kind : {TransmitKind::kVideo, TransmitKind::kVideo, TransmitKind::kVideo,
                                  TransmitKind::kAudio, TransmitKind::kAudio, TransmitKind::kControl}) {
    ASSERT_TRUE(queue_.push(to(alice), as_bytes("12345678"), kind));
  }
  UdpSender sends({{server_.fd.value(), kV4}}, {.audio = 46, .video = 36});
  EXPECT_EQ(sends.send(queue_), SendOutcome::kDone);
  for (const int mark : {0x90, 0x90, 0x90, 0xb8, 0xb8, 0xb8}) {
    EXPECT_EQ(received_mark(alice.fd, IPPROTO_IP, IP_TOS), mark);
  }
  EXPECT_EQ(sends.counters().gso_runs, 2U);
  EXPECT_EQ(sends.counters().runs[0], 1U) << "control is a message of its own";
}

TEST_F(UdpSenderTest, ZeroLeavesDatagramsUnmarked) {
  const LoopbackSocket alice;
  const int on = 1;
  ASSERT_EQ(setsockopt(alice.fd.value(), IPPROTO_IP, IP_RECVTOS, &on, sizeof on), 0);
  ASSERT_TRUE(queue_.push(to(alice), as_bytes("sound"), TransmitKind::kAudio));
  ASSERT_TRUE(queue_.push(to(alice), as_bytes("picture"), TransmitKind::kVideo));
  UdpSender sends({{server_.fd.value(), kV4}}, {.audio = 0, .video = 36});
  EXPECT_EQ(sends.send(queue_), SendOutcome::kDone);
  EXPECT_EQ(received_mark(alice.fd, IPPROTO_IP, IP_TOS), 0);
  EXPECT_EQ(received_mark(alice.fd, IPPROTO_IP, IP_TOS), 0x90);
}

TEST_F(UdpSenderTest, Ipv6HasTheMarkInItsTrafficClass) {
  constexpr int kV6 = AF_INET6;  // io: as kV4
  const OwnedFd alice(socket(kV6, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const OwnedFd server(socket(kV6, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  SocketAddress loopback;
  loopback.ip[15] = 1;  // ::1
  NativeAddress name{};
  socklen_t size = to_native(loopback, kV6, name);
  if (bind(alice.value(), &name.common, size) != 0) GTEST_SKIP() << "this machine has no IPv6";
  ASSERT_EQ(getsockname(alice.value(), &name.common, &size), 0);
  const int on = 1;
  ASSERT_EQ(setsockopt(alice.value(), IPPROTO_IPV6, IPV6_RECVTCLASS, &on, sizeof on), 0);
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(queue_.push({.socket = 0, .remote = from_native(name)}, as_bytes("12345678"), TransmitKind::kAudio));
  }
  UdpSender sends({{server.value(), kV6}}, {.audio = 46, .video = 36});
  EXPECT_EQ(sends.send(queue_), SendOutcome::kDone);
  EXPECT_EQ(received_mark(alice, IPPROTO_IPV6, IPV6_TCLASS), 0xb8);
  EXPECT_EQ(received_mark(alice, IPPROTO_IPV6, IPV6_TCLASS), 0xb8);
  EXPECT_EQ(sends.counters().gso_runs, 1U);
}

TEST_F(UdpSenderTest, MoreThanOneCallTakesIsSentByMore) {
  const LoopbackSocket alice;
  // Growing sizes make no runs, so 100 datagrams are 100 messages.
  for (size_t i = 1; i <= 100; ++i) push(to(alice), std::string(i, 'x'));
  UdpSender sends = sender();
  EXPECT_EQ(sends.send(queue_), SendOutcome::kDone);
  for (size_t i = 1; i <= 100; ++i) EXPECT_EQ(alice.receive().size(), i);
  EXPECT_EQ(sends.counters().calls, 2U);
  EXPECT_EQ(sends.counters().datagrams, 100U);
}

}  // namespace
}  // namespace eir
