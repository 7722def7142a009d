#include "server/telemetry/histogram.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace eir {
namespace {

using testing::ElementsAre;

TEST(Histogram, EachBucketCountsWhatIsAtMostItsBound) {
  Histogram histogram{0.5, 1, 2};
  for (const double value : {0.25, 0.5, 1.5, 4.0}) histogram.observe(value);
  EXPECT_THAT(histogram.snapshot().bounds, ElementsAre(0.5, 1, 2));
  EXPECT_THAT(histogram.snapshot().counts, ElementsAre(2, 2, 3));
  EXPECT_EQ(histogram.snapshot().count, 4U);
  EXPECT_EQ(histogram.snapshot().sum, 6.25);
}

TEST(Histogram, WithoutObservationsEverythingIsZero) {
  const Histogram histogram{1};
  EXPECT_THAT(histogram.snapshot().counts, ElementsAre(0));
  EXPECT_EQ(histogram.snapshot().count, 0U);
}

}  // namespace
}  // namespace eir
