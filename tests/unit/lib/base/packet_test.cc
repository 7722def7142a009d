#include "lib/base/packet.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <utility>

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

TEST(PacketPool, CompactKeepsTheBytesAndGivesTheLargeBufferBack) {
  PacketPool pool(4);
  PacketPtr packet = pool.allocate();
  const Packet* const full = packet.get();
  std::array<uint8_t, Packet::kCompactBytes> bytes{};
  for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<uint8_t>(i);
  ASSERT_TRUE(packet->assign(bytes));
  packet = PacketPool::compact(std::move(packet));
  EXPECT_NE(packet.get(), full);
  EXPECT_EQ(packet->buffer_bytes(), Packet::kCompactBytes);
  EXPECT_TRUE(std::ranges::equal(packet->bytes(), bytes));
  EXPECT_EQ(pool.in_use(), 1U);
  EXPECT_EQ(pool.allocate().get(), full);
  packet.reset();
  EXPECT_EQ(pool.in_use(), 0U);
}

TEST(PacketPool, CompactLeavesAloneWhatIsLongerOrHasNoPlace) {
  PacketPool pool(2);
  PacketPtr large = pool.allocate();
  ASSERT_TRUE(large->assign(std::array<uint8_t, Packet::kCompactBytes + 1>{}));
  large = PacketPool::compact(std::move(large));
  EXPECT_EQ(large->buffer_bytes(), Packet::kBufferBytes);
  PacketPtr small = pool.allocate();
  ASSERT_TRUE(small->assign(std::array<uint8_t, 3>{1, 2, 3}));
  small = PacketPool::compact(std::move(small));  // both packets of the pool are in use
  EXPECT_EQ(small->buffer_bytes(), Packet::kBufferBytes);
  large.reset();
  small = PacketPool::compact(PacketPool::compact(std::move(small)));
  EXPECT_EQ(small->buffer_bytes(), Packet::kCompactBytes);
  EXPECT_EQ(small->bytes()[2], 3);
}

}  // namespace
}  // namespace eir
