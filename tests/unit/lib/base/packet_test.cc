#include "lib/base/packet.h"

#include <gtest/gtest.h>

#include <array>

namespace eir {
namespace {

TEST(PacketPool, HandsOutNoMoreThanItsLimit) {
  PacketPool pool(2);
  PacketPtr a = pool.allocate();
  PacketPtr b = pool.allocate();
  EXPECT_NE(a, nullptr);
  EXPECT_NE(b, nullptr);
  EXPECT_EQ(pool.allocate(), nullptr);
  a.reset();
  EXPECT_NE(pool.allocate(), nullptr);
}

TEST(PacketPool, UsesAReturnedPacketAgain) {
  PacketPool pool(PacketPool::kBlockPackets * 2);
  PacketPtr kept = pool.allocate();
  const Packet* first = kept.get();
  kept.reset();
  for (int i = 0; i < 1000; ++i) {
    kept = pool.allocate();
    EXPECT_EQ(kept.get(), first);
    kept.reset();
  }
  EXPECT_EQ(pool.allocated(), PacketPool::kBlockPackets);
}

TEST(Packet, AssignRefusesWhatDoesNotFit) {
  PacketPool pool(1);
  PacketPtr packet = pool.allocate();
  const std::array<uint8_t, Packet::kPayloadMax + 1> big{};
  EXPECT_FALSE(packet->assign(big));
  EXPECT_EQ(packet->size(), 0U);
  EXPECT_TRUE(packet->assign(ByteView(big).first(Packet::kPayloadMax)));
  EXPECT_EQ(packet->size(), Packet::kPayloadMax);
  EXPECT_EQ(packet->tailroom(), Packet::kTailroom);
}

}  // namespace
}  // namespace eir
