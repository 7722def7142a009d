#include "lib/congestion/trendline.h"

#include <gtest/gtest.h>

#include "lib/base/random.h"

namespace eir {
namespace {

// `groups` pairs, sent 10 ms apart, whose delay grows by `growth` each.
LinkUse feed(Trendline& trendline, int groups, Duration growth, Duration& arrival) {
  LinkUse use = trendline.use();
  for (int i = 0; i < groups; ++i) {
    arrival += 10ms + growth;
    use = trendline.update(10ms, 10ms + growth, arrival);
  }
  return use;
}

TEST(Trendline, AConstantDelayIsNormal) {
  Trendline trendline;
  Duration arrival = 5s;
  EXPECT_EQ(feed(trendline, 100, 0ms, arrival), LinkUse::kNormal);
  EXPECT_DOUBLE_EQ(trendline.slope(), 0);
}

TEST(Trendline, AGrowingDelayIsOverusePastTheThreshold) {
  Trendline trendline;
  Duration arrival = 5s;
  feed(trendline, 60, 0ms, arrival);
  // 2 ms more per 12 ms of arrival: the slope tends to 1/6; 1/6 × 60 × 4 = 40 > 12.5.
  EXPECT_EQ(feed(trendline, 40, 2ms, arrival), LinkUse::kOver);
  EXPECT_NEAR(trendline.slope(), 2.0 / 12, 0.02);
}

TEST(Trendline, ASlowGrowthIsNormal) {
  Trendline trendline;
  Duration arrival = 5s;
  feed(trendline, 60, 0ms, arrival);
  // 0.1 ms per 10.1 ms: 0.0099 × 60 × 4 = 2.4, below the least threshold of 6.
  EXPECT_EQ(feed(trendline, 200, 100us, arrival), LinkUse::kNormal);
}

TEST(Trendline, AQueueThatEmptiesIsUnderuse) {
  Trendline trendline;
  Duration arrival = 5s;
  feed(trendline, 60, 0ms, arrival);
  EXPECT_EQ(feed(trendline, 40, -2ms, arrival), LinkUse::kUnder);
  EXPECT_EQ(feed(trendline, 100, 0ms, arrival), LinkUse::kNormal);
}

TEST(Trendline, TheThresholdFallsWhileNothingHappensAndHasALeast) {
  Trendline trendline;
  Duration arrival = 5s;
  EXPECT_DOUBLE_EQ(trendline.threshold_ms(), 12.5);
  feed(trendline, 3, 0ms, arrival);
  // The first pair sets the time; then twice 10 ms: 12.5 × (1 − 0.039 × 10)² = 4.65, held at 6.
  EXPECT_DOUBLE_EQ(trendline.threshold_ms(), 6);
}

TEST(Trendline, AnOutlierDoesNotMoveTheThreshold) {
  Trendline trendline;
  Duration arrival = 5s;
  feed(trendline, 60, 0ms, arrival);
  feed(trendline, 60, 20ms, arrival);  // the slope tends to 2/3: 160, far beyond what 60 groups can raise 6 + 15 to
  const double before = trendline.threshold_ms();
  feed(trendline, 100, 20ms, arrival);
  EXPECT_DOUBLE_EQ(trendline.threshold_ms(), before);
}

TEST(Trendline, ASlopeBeyondTheThresholdRaisesIt) {
  Trendline trendline;
  Duration arrival = 5s;
  feed(trendline, 60, 0ms, arrival);
  feed(trendline, 100, 500us, arrival);  // 0.5 / 10.5 × 240 = 11.4: between 6 and 21
  EXPECT_GT(trendline.threshold_ms(), 9);
}

TEST(Trendline, PropertyNeverOutsideItsThresholds) {
  for (uint64_t seed = 1; seed <= 50; ++seed) {
    SeededRandom random(seed);
    Trendline trendline;
    Duration arrival = 5s;
    for (int i = 0; i < 1000; ++i) {
      const auto sent = Duration(static_cast<int64_t>(random.below(50'000'000)));
      const auto arrived = Duration(static_cast<int64_t>(random.below(100'000'000)) - 20'000'000);
      arrival += arrived;
      trendline.update(sent, arrived, arrival);
      ASSERT_GE(trendline.threshold_ms(), Trendline::kThresholdMinMs) << seed;
      ASSERT_LE(trendline.threshold_ms(), Trendline::kThresholdMaxMs) << seed;
    }
  }
}

}  // namespace
}  // namespace eir
