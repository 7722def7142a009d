#include "lib/media/packet_history.h"

#include <gtest/gtest.h>

namespace eir {
namespace {

Timestamp at(Duration d) { return Timestamp(d); }

TEST(PacketHistory, FindsWhatIsThereAndNothingElse) {
  PacketHistory history(8);
  EXPECT_NE(history.insert(at(0ms), 100), nullptr);
  EXPECT_NE(history.find(100), nullptr);
  EXPECT_EQ(history.find(108), nullptr);  // the same place of the ring
  EXPECT_EQ(history.find(92), nullptr);
  EXPECT_EQ(history.find(-1), nullptr);
}

TEST(PacketHistory, RefusesADuplicateAndWhatIsTooOld) {
  PacketHistory history(8);
  EXPECT_NE(history.insert(at(0ms), 100), nullptr);
  EXPECT_EQ(history.insert(at(0ms), 100), nullptr);
  EXPECT_NE(history.insert(at(0ms), 93), nullptr);  // the last that still fits
  EXPECT_EQ(history.insert(at(0ms), 92), nullptr);
  EXPECT_EQ(history.arrivals(), 2U);
}

TEST(PacketHistory, KeepsTheOrderOfArrival) {
  PacketHistory history(8);
  for (const int64_t sequence : {5, 7, 6}) EXPECT_NE(history.insert(at(0ms), sequence), nullptr);
  EXPECT_EQ(history.arrival(0)->sequence, 5);
  EXPECT_EQ(history.arrival(1)->sequence, 7);
  EXPECT_EQ(history.arrival(2)->sequence, 6);
  EXPECT_EQ(history.arrival(3), nullptr);
  EXPECT_EQ(history.newest(), 7);
}

TEST(PacketHistory, AnOverwrittenArrivalIsNotThereAnyMore) {
  PacketHistory history(4);
  for (int64_t sequence = 0; sequence < 6; ++sequence) EXPECT_NE(history.insert(at(0ms), sequence), nullptr);
  EXPECT_EQ(history.arrival(1), nullptr);
  EXPECT_EQ(history.arrival(2)->sequence, 2);
  EXPECT_EQ(history.oldest_arrival(), 2U);
}

TEST(PacketHistory, ExpiryGivesTheBuffersBack) {
  PacketPool pool(8);
  PacketHistory history(8);
  history.insert(at(0ms), 1)->packet = pool.allocate();
  history.insert(at(1s), 2)->packet = pool.allocate();
  history.expire(at(PacketHistory::kAgeMax));
  EXPECT_EQ(pool.in_use(), 1U);
  EXPECT_EQ(history.find(1), nullptr);
  EXPECT_NE(history.find(2), nullptr);
  history.expire(at(10s));
  EXPECT_EQ(pool.in_use(), 0U);
}

}  // namespace
}  // namespace eir
