#include "bench/statistics.h"

#include <gtest/gtest.h>

#include "server/channel/delay_counters.h"

namespace eir::bench {
namespace {

TEST(Statistics, PercentilesAreValuesByNearestRank) {
  std::vector<Duration> values;
  for (int i = 200; i >= 1; --i) values.push_back(i * 1ms);
  const Percentiles p = percentiles_of(values);
  EXPECT_DOUBLE_EQ(p.p50, 100);  // rank 0.5 · 200
  EXPECT_DOUBLE_EQ(p.p95, 190);
  EXPECT_DOUBLE_EQ(p.p99, 198);
  EXPECT_DOUBLE_EQ(p.max, 200);
}

TEST(Statistics, OneValueIsEveryPercentileAndNoneIsZero) {
  EXPECT_DOUBLE_EQ(percentiles_of({1500us}).p50, 1.5);
  EXPECT_DOUBLE_EQ(percentiles_of({1500us}).p99, 1.5);
  EXPECT_DOUBLE_EQ(percentiles_of({}).max, 0);
}

TEST(Statistics, TheMedianIsOneOfTheRuns) {
  EXPECT_EQ(index_of_median({5, 1, 3}), 2U);
  EXPECT_EQ(index_of_median({4, 1, 3, 2}), 3U);  // 1 2 3 4: the lower one of 2 and 3
  EXPECT_EQ(index_of_median({7}), 0U);
  EXPECT_EQ(index_of_median({}), 0U);
}

TEST(AddedDelay, OfAServerThatDoesNotMeasureIsNotThere) {
  EXPECT_FALSE(added_delay_of({{"rooms", 1}}));
  EXPECT_FALSE(added_delay_of({{"added_delay_datagrams_total", 0}, {"added_delay_seconds_total", 0}}));
}

// 1000 datagrams: 600 within 16 µs, 390 more within 1.024 ms (4 µs · 2^8), 8 more within 65.536 ms, 2 above all bounds.
TEST(AddedDelay, PercentilesAreTheBoundsThatHoldThem) {
  DelayHistogram delay;
  delay.add(15us, 600);
  delay.add(1000us, 390);
  delay.add(60ms, 8);
  delay.add(1s, 2);
  std::vector<channel::Counter> sent;
  channel::append_delay(delay, sent);
  Counters counters;
  for (const channel::Counter& one : sent) counters[one.name] = one.value;
  const auto found = added_delay_of(counters);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->datagrams, 1000U);
  EXPECT_DOUBLE_EQ(found->p50_ms, 0.016);
  EXPECT_DOUBLE_EQ(found->p99_ms, 1.024);
  EXPECT_DOUBLE_EQ(found->p999_ms, 524.288);
  EXPECT_DOUBLE_EQ(found->mean_ms, 2.879);  // (9 + 390 + 480 + 2000) ms of 1000
}

}  // namespace
}  // namespace eir::bench
