#include "server/telemetry/rate_limit.h"

#include <gtest/gtest.h>

namespace eir {
namespace {

constexpr Timestamp at(Duration d) { return Timestamp(std::chrono::hours(1) + d); }

TEST(EventRateLimit, BurstPassesAndTheNextLineDoesNot) {
  EventRateLimit limit(3, 1);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(limit.admit("e7", at(0s)), 0U);
  EXPECT_FALSE(limit.admit("e7", at(0s)).has_value());
}

TEST(EventRateLimit, FirstLineAfterASilenceTellsHowManyWereHeldBack) {
  EventRateLimit limit(1, 2);
  EXPECT_EQ(limit.admit("e7", at(0s)), 0U);
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(limit.admit("e7", at(100ms)).has_value());
  EXPECT_EQ(limit.admit("e7", at(600ms)), 5U);
  EXPECT_EQ(limit.admit("e7", at(1200ms)), 0U);
}

TEST(EventRateLimit, EventsDoNotShareTheirAllowance) {
  EventRateLimit limit(1, 1);
  EXPECT_TRUE(limit.admit("e1", at(0s)).has_value());
  EXPECT_FALSE(limit.admit("e1", at(0s)).has_value());
  EXPECT_TRUE(limit.admit("e2", at(0s)).has_value());
}

TEST(EventRateLimit, ALongSilenceAllowsNoMoreThanTheBurst) {
  EventRateLimit limit(2, 1);
  EXPECT_TRUE(limit.admit("e1", at(0s)).has_value());
  int passed = 0;
  for (int i = 0; i < 10; ++i) passed += limit.admit("e1", at(24h)).has_value() ? 1 : 0;
  EXPECT_EQ(passed, 2);
}

// 100,000 events in a minute, evenly: 20 at once and 5 a second for 60 s make 320 at most.
TEST(EventRateLimit, AStormLeavesFewLines) {
  EventRateLimit limit(20, 5);
  int passed = 0;
  for (int i = 0; i < 100000; ++i) passed += limit.admit("e1", at(i * 600us)).has_value() ? 1 : 0;
  EXPECT_LE(passed, 320);
  EXPECT_GE(passed, 300);
}

TEST(EventRateLimit, WhatAStormHeldBackIsTakenOnceItIsOver) {
  EventRateLimit limit(1, 1);
  EXPECT_TRUE(limit.admit("storm", at(0s)).has_value());
  for (int i = 0; i < 7; ++i) EXPECT_FALSE(limit.admit("storm", at(100ms)).has_value());
  EXPECT_TRUE(limit.take_held_back(at(1099ms)).empty());
  const auto taken = limit.take_held_back(at(1100ms));
  ASSERT_EQ(taken.size(), 1U);
  EXPECT_EQ(taken[0].event, "storm");
  EXPECT_EQ(taken[0].count, 7U);
  EXPECT_TRUE(limit.take_held_back(at(5s)).empty());
  EXPECT_EQ(limit.admit("storm", at(5s)), 0U);
}

TEST(EventRateLimit, InventedNamesShareOneBucketBeyondTheLimit) {
  EventRateLimit limit(1, 1);
  for (size_t i = 1; i <= EventRateLimit::kEventsMax; ++i) {
    EXPECT_TRUE(limit.admit("invented" + std::to_string(i), at(0s)).has_value());
  }
  EXPECT_TRUE(limit.admit("e100001", at(0s)).has_value());
  EXPECT_FALSE(limit.admit("e100002", at(0s)).has_value());
}

}  // namespace
}  // namespace eir
