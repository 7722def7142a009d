#include "lib/congestion/arrival_groups.h"

#include <gtest/gtest.h>

namespace eir {
namespace {

Timestamp at(Duration d) { return Timestamp(100s + d); }

TEST(ArrivalGroups, ABurstIsOneGroupAndTheThirdTellsOfTheFirstTwo) {
  ArrivalGroups groups;
  // Sent 0, 2 and 5 ms: one burst. It ends with the packet sent at 5 ms, which came at 1009 ms.
  EXPECT_FALSE(groups.add(at(0ms), 1000ms, 100));
  EXPECT_FALSE(groups.add(at(2ms), 1004ms, 100));
  EXPECT_FALSE(groups.add(at(5ms), 1009ms, 100));
  EXPECT_FALSE(groups.add(at(20ms), 1030ms, 100));
  const auto delta = groups.add(at(40ms), 1050ms, 100);
  ASSERT_TRUE(delta);
  EXPECT_EQ(delta->sent, 15ms);     // 20 − 5
  EXPECT_EQ(delta->arrived, 21ms);  // 1030 − 1009
  EXPECT_EQ(delta->sent_at, at(20ms));
  EXPECT_EQ(delta->arrival, 1030ms);
}

TEST(ArrivalGroups, APacketOfAnOlderGroupIsLeftOut) {
  ArrivalGroups groups;
  groups.add(at(0ms), 1000ms, 100);
  groups.add(at(20ms), 1020ms, 100);
  EXPECT_FALSE(groups.add(at(10ms), 1200ms, 100));
  const auto delta = groups.add(at(40ms), 1040ms, 100);
  ASSERT_TRUE(delta);
  EXPECT_EQ(delta->arrived, 20ms);
}

TEST(ArrivalGroups, WithinAGroupTheOrderOfArrivalDoesNotMatter) {
  ArrivalGroups groups;
  groups.add(at(0ms), 1000ms, 100);
  groups.add(at(20ms), 1030ms, 100);
  groups.add(at(22ms), 1025ms, 100);  // overtook
  const auto delta = groups.add(at(40ms), 1050ms, 100);
  ASSERT_TRUE(delta);
  EXPECT_EQ(delta->sent, 22ms);
  EXPECT_EQ(delta->arrived, 30ms);
}

TEST(ArrivalGroups, WhatWasHeldUpTogetherIsOneGroup) {
  ArrivalGroups groups;
  groups.add(at(0ms), 1000ms, 100);
  // Sent 20 ms apart, let go within 5 ms of each other: no news of the queue.
  groups.add(at(20ms), 1100ms, 100);
  EXPECT_FALSE(groups.add(at(40ms), 1101ms, 100));
  EXPECT_FALSE(groups.add(at(60ms), 1105ms, 100));
  const auto delta = groups.add(at(120ms), 1160ms, 100);
  ASSERT_TRUE(delta);
  EXPECT_EQ(delta->sent, 60ms);
  EXPECT_EQ(delta->arrived, 105ms);
}

TEST(ArrivalGroups, AfterResetNothingIsKnown) {
  ArrivalGroups groups;
  groups.add(at(0ms), 1000ms, 100);
  groups.add(at(20ms), 1020ms, 100);
  groups.reset();
  EXPECT_FALSE(groups.add(at(40ms), 5ms, 100));
  EXPECT_FALSE(groups.add(at(60ms), 25ms, 100));
  EXPECT_TRUE(groups.add(at(80ms), 45ms, 100));
}

}  // namespace
}  // namespace eir
