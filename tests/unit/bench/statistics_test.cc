#include "bench/statistics.h"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace eir::bench
