#include "server/media/udp_sender.h"

#include <gtest/gtest.h>

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
