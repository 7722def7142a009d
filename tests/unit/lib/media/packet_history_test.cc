#include "lib/media/packet_history.h"

#include <gtest/gtest.h>

namespace eir {
namespace {

Timestamp at(Duration d) { return Timestamp(d); }

TEST(PacketHistory, FindsWhatIsThereAndNothingElse) {
  PacketHistory history({.packets = 8});
  EXPECT_NE(history.insert(at(0ms), 100), nullptr);
  EXPECT_NE(history.find(100), nullptr);
  EXPECT_EQ(history.find(108), nullptr);  // the same place of the ring
  EXPECT_EQ(history.find(92), nullptr);
  EXPECT_EQ(history.find(-1), nullptr);
}

TEST(PacketHistory, RefusesADuplicateAndWhatIsTooOld) {
  PacketHistory history({.packets = 8});
  EXPECT_NE(history.insert(at(0ms), 100), nullptr);
  EXPECT_EQ(history.insert(at(0ms), 100), nullptr);
  EXPECT_NE(history.insert(at(0ms), 93), nullptr);  // the last that still fits
  EXPECT_EQ(history.insert(at(0ms), 92), nullptr);
  EXPECT_EQ(history.arrivals(), 2U);
}

TEST(PacketHistory, KeepsTheOrderOfArrival) {
  PacketHistory history({.packets = 8});
  for (const int64_t sequence : {5, 7, 6}) EXPECT_NE(history.insert(at(0ms), sequence), nullptr);
  EXPECT_EQ(history.arrival(0)->sequence, 5);
  EXPECT_EQ(history.arrival(1)->sequence, 7);
  EXPECT_EQ(history.arrival(2)->sequence, 6);
  EXPECT_EQ(history.arrival(3), nullptr);
  EXPECT_EQ(history.newest(), 7);
}

TEST(PacketHistory, AnOverwrittenArrivalIsNotThereAnyMore) {
  PacketHistory history({.packets = 4});
  for (int64_t sequence = 0; sequence < 6; ++sequence) EXPECT_NE(history.insert(at(0ms), sequence), nullptr);
  EXPECT_EQ(history.arrival(1), nullptr);
  EXPECT_EQ(history.arrival(2)->sequence, 2);
  EXPECT_EQ(history.oldest_arrival(), 2U);
}

TEST(PacketHistory, ExpiryGivesTheBuffersBack) {
  PacketPool pool(8);
  PacketHistory history({.packets = 8});
  history.keep(*history.insert(at(0ms), 1), pool.allocate());
  history.keep(*history.insert(at(1s), 2), pool.allocate());
  history.expire(at(PacketHistory::kAgeMax));
  EXPECT_EQ(pool.in_use(), 1U);
  EXPECT_EQ(history.bytes(), Packet::kBufferBytes);
  EXPECT_EQ(history.find(1), nullptr);
  EXPECT_NE(history.find(2), nullptr);
  history.expire(at(10s));
  EXPECT_EQ(pool.in_use(), 0U);
  EXPECT_EQ(history.bytes(), 0U);
  EXPECT_EQ(history.dropped_early(), 0U);
}

TEST(PacketHistory, GrowsOnlyWhenAYoungPacketWouldHaveToGo) {
  PacketHistory history({.packets = 256});
  EXPECT_EQ(history.capacity(), PacketHistory::kFirstPackets);
  // 40 packets a second: 60 within kAgeMax, which the first room holds.
  for (int64_t sequence = 0; sequence < 400; ++sequence) {
    EXPECT_NE(history.insert(at(25ms * sequence), sequence), nullptr);
  }
  EXPECT_EQ(history.capacity(), 64U);
  // 100 packets a second: 150 within kAgeMax.
  for (int64_t sequence = 400; sequence < 800; ++sequence) {
    EXPECT_NE(history.insert(at(6s + 10ms * sequence), sequence), nullptr);
  }
  EXPECT_EQ(history.capacity(), 256U);
  for (int64_t sequence = 650; sequence < 800; ++sequence) ASSERT_NE(history.find(sequence), nullptr) << sequence;
}

TEST(PacketHistory, KeepsAllAndTheirOrderWhenItGrows) {
  PacketPool pool(256);
  PacketHistory history({.packets = 256});
  for (int64_t i = 0; i < 100; ++i) {
    const int64_t sequence = i ^ 1;  // neighbours change places
    history.keep(*history.insert(at(0ms), sequence), pool.allocate());
  }
  EXPECT_EQ(history.capacity(), 128U);
  EXPECT_EQ(history.oldest_arrival(), 0U);
  for (uint64_t number = 0; number < 100; ++number) {
    ASSERT_NE(history.arrival(number), nullptr) << number;
    EXPECT_EQ(history.arrival(number)->sequence, static_cast<int64_t>(number ^ 1));
  }
  EXPECT_EQ(pool.in_use(), 100U);
  EXPECT_EQ(history.bytes(), 100 * Packet::kBufferBytes);
}

TEST(PacketHistory, GrowsForWhatComesLateBehindALongGap) {
  PacketHistory history({.packets = 256});
  EXPECT_NE(history.insert(at(0ms), 1000), nullptr);
  EXPECT_NE(history.insert(at(1ms), 1200), nullptr);
  EXPECT_NE(history.insert(at(2ms), 1001), nullptr);
  EXPECT_EQ(history.capacity(), 256U);
  EXPECT_EQ(history.arrival(0)->sequence, 1000);
  EXPECT_EQ(history.insert(at(3ms), 1200 - 256), nullptr);  // as far back as the limit, and no further
}

TEST(PacketHistory, ADuplicateIsNoReasonToGrow) {
  PacketHistory history({.packets = 256});
  for (int64_t sequence = 0; sequence < 64; ++sequence) EXPECT_NE(history.insert(at(0ms), sequence), nullptr);
  EXPECT_EQ(history.insert(at(0ms), 63), nullptr);
  EXPECT_EQ(history.insert(at(0ms), 0), nullptr);
  EXPECT_EQ(history.capacity(), 64U);
}

TEST(PacketHistory, AboveItsBytesTheOldestGoBeforeTheirTimeAndAreCounted) {
  PacketPool pool(64);
  PacketHistory history({.packets = 64, .bytes = 4 * Packet::kBufferBytes});
  for (int64_t sequence = 0; sequence < 6; ++sequence) {
    history.keep(*history.insert(at(0ms), sequence), pool.allocate());
  }
  EXPECT_EQ(history.bytes(), 4 * Packet::kBufferBytes);
  EXPECT_EQ(pool.in_use(), 4U);
  EXPECT_EQ(history.dropped_early(), 2U);
  EXPECT_EQ(history.find(1), nullptr);
  EXPECT_EQ(history.arrival(1), nullptr);
  EXPECT_NE(history.find(2), nullptr);
}

TEST(PacketHistory, AStreamOfLargePacketsStaysWithinItsBytes) {
  PacketPool pool(2048);
  PacketHistory history({});
  // 8 Mbit/s: 1,000 packets a second, for 5 s.
  for (int64_t i = 0; i < 5000; ++i) {
    history.keep(*history.insert(at(1ms * i), i), pool.allocate());
    if (i % 250 == 0) history.expire(at(1ms * i));
    ASSERT_LE(history.bytes(), PacketHistory::kVideoBytes);
  }
  EXPECT_EQ(history.bytes(), pool.in_use() * Packet::kBufferBytes);
  EXPECT_GT(history.dropped_early(), 0U);
  EXPECT_NE(history.find(4300), nullptr);  // 0.7 s back
}

TEST(PacketHistory, APlaceTakenAgainGivesItsBytesBack) {
  PacketPool pool(8);
  PacketHistory history({.packets = 4});
  for (int64_t sequence = 0; sequence < 6; ++sequence) {
    history.keep(*history.insert(at(0ms), sequence), pool.allocate());
  }
  EXPECT_EQ(history.bytes(), 4 * Packet::kBufferBytes);
  EXPECT_EQ(history.dropped_early(), 2U);
}

}  // namespace
}  // namespace eir
