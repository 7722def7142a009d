#include "lib/transport/transmit_queue.h"

#include <gtest/gtest.h>

#include <array>

namespace eir {
namespace {

const Path kPath{.socket = 0, .remote = SocketAddress::v4({192, 0, 2, 1}, 5000)};

TEST(TransmitQueue, PacksDatagramsOneBehindTheOther) {
  TransmitQueue queue(8, 8 * TransmitQueue::kDatagramMax);
  const std::array<uint8_t, 3> first = {1, 2, 3};
  const std::array<uint8_t, 2> second = {4, 5};
  EXPECT_TRUE(queue.push(kPath, first, TransmitKind::kAudio));
  EXPECT_TRUE(queue.push(kPath, second, TransmitKind::kVideo));
  ASSERT_EQ(queue.datagrams().size(), 2U);
  EXPECT_EQ(queue.datagrams()[1].offset, 3U);
  EXPECT_EQ(queue.bytes(queue.datagrams()[1])[0], 4);
}

TEST(TransmitQueue, RefusesOneTooManyAndGivesTheRoomBackWhenAllIsSent) {
  TransmitQueue queue(2, 100 * TransmitQueue::kDatagramMax);
  const std::array<uint8_t, 1> byte = {1};
  EXPECT_TRUE(queue.push(kPath, byte, TransmitKind::kVideo));
  EXPECT_TRUE(queue.push(kPath, byte, TransmitKind::kVideo));
  EXPECT_FALSE(queue.push(kPath, byte, TransmitKind::kVideo));
  queue.pop(1);
  EXPECT_EQ(queue.datagrams().size(), 1U);
  EXPECT_FALSE(queue.push(kPath, byte, TransmitKind::kVideo));
  queue.pop(1);
  EXPECT_TRUE(queue.empty());
  EXPECT_TRUE(queue.push(kPath, byte, TransmitKind::kVideo));
}

TEST(TransmitQueue, WhileBlockedVideoGivesWayFirstThenAudioThenControl) {
  TransmitQueue queue(64, 1000 * TransmitQueue::kDatagramMax);
  queue.set_blocked(true);
  const std::array<uint8_t, 1> byte = {1};
  const auto fill = [&](TransmitKind kind) {
    int count = 0;
    while (queue.push(kPath, byte, kind)) ++count;
    return count;
  };
  EXPECT_EQ(fill(TransmitKind::kVideo), 48);
  EXPECT_EQ(fill(TransmitKind::kAudio), 12);
  EXPECT_EQ(fill(TransmitKind::kControl), 4);
}

}  // namespace
}  // namespace eir
