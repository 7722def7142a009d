#include "lib/congestion/sent_packets.h"

#include <gtest/gtest.h>

namespace eir {
namespace {

Timestamp at(Duration d) { return Timestamp(100s + d); }

TEST(SentPackets, AReceivedPacketLeavesTheFlight) {
  SentPackets sent;
  sent.add(at(0ms), {.sequence = 65'535, .bytes = 1000, .cluster = 3});
  sent.add(at(1ms), {.sequence = 0, .bytes = 200});
  EXPECT_EQ(sent.bytes_in_flight(), 1200U);
  const auto first = sent.resolve(65'535, true);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->at, at(0ms));
  EXPECT_EQ(first->bytes, 1000U);
  EXPECT_EQ(first->cluster, 3);
  EXPECT_FALSE(first->was_lost);
  EXPECT_EQ(sent.bytes_in_flight(), 200U);
  const auto second = sent.resolve(0, true);
  ASSERT_TRUE(second);
  EXPECT_EQ(second->sequence, first->sequence + 1);
  EXPECT_EQ(sent.bytes_in_flight(), 0U);
  EXPECT_EQ(sent.counters().acknowledged, 2U);
}

TEST(SentPackets, ALostPacketMayComeAfterAll) {
  SentPackets sent;
  sent.add(at(0ms), {.sequence = 10, .bytes = 1000});
  EXPECT_TRUE(sent.resolve(10, false));
  EXPECT_EQ(sent.bytes_in_flight(), 0U);
  EXPECT_EQ(sent.counters().lost, 1U);
  EXPECT_FALSE(sent.resolve(10, false));  // says nothing new
  const auto late = sent.resolve(10, true);
  ASSERT_TRUE(late);
  EXPECT_TRUE(late->was_lost);
  EXPECT_EQ(sent.bytes_in_flight(), 0U);
  EXPECT_EQ(sent.counters().come_late, 1U);
  EXPECT_EQ(sent.counters().acknowledged, 0U);
  EXPECT_EQ(sent.counters().repeated, 1U);
}

TEST(SentPackets, WhatWasNeverSentOrIsKnownAlreadyChangesNothing) {
  SentPackets sent;
  EXPECT_FALSE(sent.resolve(5, true));
  sent.add(at(0ms), {.sequence = 10, .bytes = 1000});
  EXPECT_FALSE(sent.resolve(11, true));      // ahead
  EXPECT_FALSE(sent.resolve(9, true));       // before the first
  EXPECT_FALSE(sent.resolve(32'700, true));  // half a circle away
  EXPECT_TRUE(sent.resolve(10, true));
  EXPECT_FALSE(sent.resolve(10, true));
  EXPECT_FALSE(sent.resolve(10, false));
  EXPECT_EQ(sent.bytes_in_flight(), 0U);
  EXPECT_EQ(sent.counters().unknown + sent.counters().repeated, 6U);
  EXPECT_EQ(sent.counters().acknowledged, 1U);
}

TEST(SentPackets, TheRingGrowsOnlyWhileWhatItHoldsIsOnItsWay) {
  SentPackets sent;
  for (uint16_t i = 0; i < 10'000; ++i) {
    sent.add(at(1ms * i), {.sequence = i, .bytes = 100});
    if (i >= 100) {
      ASSERT_TRUE(sent.resolve(static_cast<uint16_t>(i - 100), true));
    }
  }
  EXPECT_EQ(sent.capacity(), SentPackets::kPacketsMin);
  for (uint16_t i = 0; i < 1'000; ++i) sent.add(at(10s), {.sequence = static_cast<uint16_t>(10'000 + i), .bytes = 100});
  EXPECT_EQ(sent.capacity(), 2048U);  // 1,100 of them are on their way
  EXPECT_EQ(sent.bytes_in_flight(), 110'000U);
  for (uint16_t i = 9'900; i < 11'000; ++i) ASSERT_TRUE(sent.resolve(i, true)) << i;
  EXPECT_EQ(sent.bytes_in_flight(), 0U);
}

TEST(SentPackets, BeyondTheCapTheOldestAreForgotten) {
  SentPackets sent;
  for (size_t i = 0; i < SentPackets::kPacketsMax + 5; ++i)
    sent.add(at(0ms), {.sequence = static_cast<uint16_t>(i), .bytes = 10});
  EXPECT_EQ(sent.capacity(), SentPackets::kPacketsMax);
  EXPECT_EQ(sent.counters().overwritten, 5U);
  EXPECT_EQ(sent.bytes_in_flight(), SentPackets::kPacketsMax * 10);
  EXPECT_FALSE(sent.resolve(4, true));
  EXPECT_TRUE(sent.resolve(5, true));
}

TEST(SentPackets, ANumberIsNotedOnce) {
  SentPackets sent;
  sent.add(at(0ms), {.sequence = 10, .bytes = 100});
  sent.add(at(1ms), {.sequence = 10, .bytes = 100});
  sent.add(at(1ms), {.sequence = 9, .bytes = 100});
  EXPECT_EQ(sent.counters().reused, 2U);
  EXPECT_EQ(sent.bytes_in_flight(), 100U);
}

TEST(SentPackets, AClearedRingKnowsNothing) {
  SentPackets sent;
  sent.add(at(0ms), {.sequence = 10, .bytes = 100});
  sent.clear();
  EXPECT_EQ(sent.bytes_in_flight(), 0U);
  EXPECT_FALSE(sent.resolve(10, true));
  sent.add(at(1ms), {.sequence = 11, .bytes = 100});
  EXPECT_TRUE(sent.resolve(11, true));
}

}  // namespace
}  // namespace eir
