#include "server/channel/delay_counters.h"

#include <gtest/gtest.h>

namespace eir::channel {
namespace {

TEST(DelayCounters, WhatAWorkerCountedIsReadWithSumsUpToEachBound) {
  DelayHistogram delay;
  delay.add(10us, 3);
  delay.add(16us, 2);
  delay.add(1s, 1);
  std::vector<Counter> counters = {{"rooms", 5}};
  append_delay(delay, counters);
  EXPECT_EQ(counters[4].name, "added_delay_upto_16us_total");
  const auto read = delay_among(counters);
  ASSERT_TRUE(read.has_value());
  ASSERT_EQ(read->bounds.size(), DelayHistogram::kBuckets);
  EXPECT_DOUBLE_EQ(read->bounds[0], 4e-6);
  EXPECT_EQ(read->counts[1], 0U);
  EXPECT_EQ(read->counts[2], 3U);  // up to 12 µs
  EXPECT_EQ(read->counts[3], 5U);  // up to 16 µs
  EXPECT_EQ(read->counts.back(), 5U);
  EXPECT_EQ(read->count, 6U);
  EXPECT_DOUBLE_EQ(read->sum, 1.000062);
}

TEST(DelayCounters, NumbersThatNobodyCountedAreZero) {
  const std::vector<Counter> counters = {{"added_delay_datagrams_total", 1e300},
                                         {"added_delay_seconds_total", -1},
                                         {"added_delay_upto_4us_total", -5},
                                         {"added_delay_upto_8us_total", 9007199254740992}};
  const auto read = delay_among(counters);
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->count, 0U);
  EXPECT_EQ(read->bounds.size(), 2U);
  EXPECT_EQ(read->counts, (std::vector<uint64_t>{0, 9007199254740992U}));
}

TEST(DelayCounters, AWorkerThatDoesNotMeasureHasNone) {
  const std::vector<Counter> counters = {{"rooms", 5}, {"added_delay_upto_16us_total", 1}};
  EXPECT_FALSE(delay_among(counters).has_value());
}

}  // namespace
}  // namespace eir::channel
