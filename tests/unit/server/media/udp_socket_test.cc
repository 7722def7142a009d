#include "server/media/udp_socket.h"

#include <gtest/gtest.h>
#include <time.h>

#include <string>
#include <vector>

#include "tests/unit/server/media/udp_loopback.h"

namespace eir {
namespace {

std::string text_of(const ReceivedDatagram& datagram) {
  return std::string(as_text(std::as_const(*datagram.packet).bytes()));
}

// The clock of the kernel's stamps.
Duration wall_clock() {
  timespec time{};
  clock_gettime(CLOCK_REALTIME, &time);  // io: compared with what the kernel says
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

TEST(UdpReceiver, GivesDatagramsInOrderWithTheirSenders) {
  PacketPool pool(256);
  UdpReceiver receiver(pool);
  const LoopbackSocket server;
  const LoopbackSocket alice;
  const LoopbackSocket bob;
  alice.send_to(server.address, "from alice");
  bob.send_to(server.address, "from bob");
  const auto batch = receiver.receive(server.fd.value());
  ASSERT_EQ(batch.datagrams.size(), 2U);
  EXPECT_FALSE(batch.more);
  EXPECT_EQ(text_of(batch.datagrams[0]), "from alice");
  EXPECT_EQ(batch.datagrams[0].remote, alice.address);
  EXPECT_EQ(text_of(batch.datagrams[1]), "from bob");
  EXPECT_EQ(batch.datagrams[1].remote, bob.address);
  EXPECT_EQ(receiver.counters().datagrams, 2U);
  EXPECT_EQ(receiver.counters().bytes, 18U);
  EXPECT_EQ(receiver.counters().batches[1], 1U);  // of 2 or 3
}

TEST(UdpReceiver, AnEmptySocketGivesNothingAndIsNoError) {
  PacketPool pool(256);
  UdpReceiver receiver(pool);
  const LoopbackSocket server;
  const auto batch = receiver.receive(server.fd.value());
  EXPECT_TRUE(batch.datagrams.empty());
  EXPECT_FALSE(batch.more);
  EXPECT_EQ(receiver.counters().errors, 0U);
  EXPECT_EQ(receiver.counters().calls, 0U);
  EXPECT_EQ(receiver.counters().calls_empty, 1U);
}

TEST(UdpReceiver, ADatagramAboveTheLimitIsDroppedAndItsNeighboursAreKept) {
  PacketPool pool(256);
  UdpReceiver receiver(pool);
  const LoopbackSocket server;
  const LoopbackSocket client;
  client.send_to(server.address, std::string(Packet::kPayloadMax, 'a'));
  client.send_to(server.address, std::string(Packet::kPayloadMax + 1, 'b'));
  client.send_to(server.address, "c");
  const auto batch = receiver.receive(server.fd.value());
  ASSERT_EQ(batch.datagrams.size(), 2U);
  EXPECT_EQ(text_of(batch.datagrams[0]), std::string(Packet::kPayloadMax, 'a'));
  EXPECT_EQ(text_of(batch.datagrams[1]), "c");
  EXPECT_EQ(receiver.counters().drop_truncated, 1U);
}

TEST(UdpReceiver, AFullBatchSaysThatMoreMayWait) {
  PacketPool pool(256);
  UdpReceiver receiver(pool);
  const LoopbackSocket server;
  const LoopbackSocket client;
  for (size_t i = 0; i < UdpReceiver::kBatch + 1; ++i) client.send_to(server.address, std::to_string(i));
  auto batch = receiver.receive(server.fd.value());
  ASSERT_EQ(batch.datagrams.size(), UdpReceiver::kBatch);
  EXPECT_TRUE(batch.more);
  batch = receiver.receive(server.fd.value());
  ASSERT_EQ(batch.datagrams.size(), 1U);
  EXPECT_FALSE(batch.more);
  EXPECT_EQ(text_of(batch.datagrams[0]), "64");
  EXPECT_EQ(receiver.counters().batches, (std::array<uint64_t, kSizeClasses>{1, 0, 0, 0, 0, 1}));
}

TEST(UdpReceiver, WithoutPacketsTheSocketIsEmptiedAndTheLossCounted) {
  PacketPool pool(4);
  UdpReceiver receiver(pool);
  const LoopbackSocket server;
  const LoopbackSocket client;
  for (int i = 0; i < 4; ++i) client.send_to(server.address, "kept");
  const auto first = receiver.receive(server.fd.value());
  ASSERT_EQ(first.datagrams.size(), 4U);
  EXPECT_TRUE(first.more);
  std::vector<PacketPtr> held;
  for (ReceivedDatagram& datagram : first.datagrams) held.push_back(std::move(datagram.packet));
  client.send_to(server.address, "lost");
  client.send_to(server.address, "lost");
  EXPECT_TRUE(receiver.receive(server.fd.value()).datagrams.empty());
  EXPECT_EQ(receiver.counters().drop_no_packet, 2U);
  held.clear();
  client.send_to(server.address, "kept again");
  const auto last = receiver.receive(server.fd.value());
  ASSERT_EQ(last.datagrams.size(), 1U);
  EXPECT_EQ(text_of(last.datagrams[0]), "kept again");
}

TEST(UdpReceiver, GivesTheKernelsStampOfABatchsFirstDatagram) {
  PacketPool pool(256);
  UdpReceiver receiver(pool, UdpReceiver::Stamps::kOldest);
  const LoopbackSocket server;
  const LoopbackSocket client;
  const int one = 1;
  ASSERT_EQ(setsockopt(server.fd.value(), SOL_SOCKET, SO_TIMESTAMPNS, &one, sizeof one), 0);
  // The kernel begins to stamp some time after it was asked to; until then a datagram's stamp is made when it is read.
  const Duration deadline = wall_clock() + 20s;
  bool is_of_the_first = false;
  while (!is_of_the_first && wall_clock() < deadline) {
    const Duration before = wall_clock();
    client.send_to(server.address, "first");
    const Duration between = wall_clock();
    client.send_to(server.address, "second");
    const auto batch = receiver.receive(server.fd.value());
    ASSERT_EQ(batch.datagrams.size(), 2U);
    EXPECT_GE(batch.oldest, before);
    EXPECT_LE(batch.oldest, wall_clock());
    is_of_the_first = batch.oldest <= between;
  }
  EXPECT_TRUE(is_of_the_first);
  EXPECT_EQ(receiver.receive(server.fd.value()).oldest, Duration{});
}

TEST(UdpReceiver, WithoutTheSocketsStampsTheArrivalIsNotKnown) {
  PacketPool pool(256);
  const LoopbackSocket server;
  const LoopbackSocket client;
  UdpReceiver wanting(pool, UdpReceiver::Stamps::kOldest);
  client.send_to(server.address, "a");
  EXPECT_EQ(wanting.receive(server.fd.value()).oldest, Duration{});
  UdpReceiver plain(pool);
  client.send_to(server.address, "b");
  EXPECT_EQ(plain.receive(server.fd.value()).oldest, Duration{});
}

}  // namespace
}  // namespace eir
