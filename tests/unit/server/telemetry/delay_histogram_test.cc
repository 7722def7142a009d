#include "server/telemetry/delay_histogram.h"

#include <gtest/gtest.h>

namespace eir {
namespace {

// The bucket that counts a duration; kBuckets if none does.
size_t bucket_of(Duration duration) {
  DelayHistogram one;
  one.add(duration, 1);
  for (size_t i = 0; i < DelayHistogram::kBuckets; ++i) {
    if (one.count_in(i) == 1) return i;
  }
  return DelayHistogram::kBuckets;
}

TEST(DelayHistogram, BoundsGrowByAQuarterOfADoublingEach) {
  const Duration wanted[] = {4us, 8us, 12us, 16us, 20us, 24us, 28us, 32us, 40us, 48us, 56us, 64us, 80us};
  for (size_t i = 0; i < std::size(wanted); ++i) EXPECT_EQ(DelayHistogram::bound(i), wanted[i]);
  EXPECT_EQ(DelayHistogram::bound(DelayHistogram::kBuckets - 1), 524'288us);  // 4 µs · 2^17
}

TEST(DelayHistogram, ADurationCountsBelowTheFirstBoundThatHoldsIt) {
  EXPECT_EQ(bucket_of(-5us), 0U);
  EXPECT_EQ(bucket_of(0us), 0U);
  for (size_t i = 0; i < DelayHistogram::kBuckets; ++i) {
    EXPECT_EQ(bucket_of(DelayHistogram::bound(i)), i);
    EXPECT_EQ(bucket_of(DelayHistogram::bound(i) + 1ns), i + 1);
  }
  EXPECT_EQ(bucket_of(1h), DelayHistogram::kBuckets);
}

TEST(DelayHistogram, CountsEachOfABatchAndWhatIsAboveTheLastBound) {
  DelayHistogram histogram;
  histogram.add(100us, 3);
  histogram.add(2s, 1);
  EXPECT_EQ(histogram.count(), 4U);
  EXPECT_EQ(histogram.sum(), 2s + 300us);
  EXPECT_EQ(histogram.count_in(14), 3U);  // above 96 µs, up to 112 µs
}

}  // namespace
}  // namespace eir
