#include "lib/congestion/rate_control.h"

#include <gtest/gtest.h>

namespace eir {
namespace {

Timestamp at(Duration d) { return Timestamp(100s + d); }
constexpr RateControl::Limits kLimits{.min = DataRate::kbps(30), .max = DataRate::kbps(20'000)};

RateControl::Input over(DataRate carried, DataRate sent, Duration queue = 100ms) {
  return {.use = LinkUse::kOver,
          .acknowledged = carried,
          .carried = carried,
          .sent = sent,
          .is_application_limited = false,
          .round_trip = 50ms,
          .queue = queue,
          .busy_for = 200ms};
}
RateControl::Input normal(DataRate acknowledged) {
  return {.use = LinkUse::kNormal,
          .acknowledged = acknowledged,
          .carried = std::nullopt,
          .sent = acknowledged,
          .is_application_limited = false,
          .round_trip = 50ms,
          .queue = 0ms,
          .busy_for = 0ms};
}

TEST(RateControl, GrowsEightPercentASecondWhileNoCapacityIsKnown) {
  RateControl control(DataRate::kbps(1000), kLimits);
  control.update(at(0s), normal(DataRate::kbps(1000)));
  control.update(at(1s), normal(DataRate::kbps(1000)));
  EXPECT_EQ(control.rate(), DataRate::kbps(1080));
}

TEST(RateControl, GrowsNoFurtherThanAQuarterAheadOfWhatArrives) {
  RateControl control(DataRate::kbps(1000), kLimits);
  for (int i = 0; i < 20; ++i) control.update(at(1s * i), normal(DataRate::kbps(900)));
  EXPECT_EQ(control.rate(), DataRate::kbps(1125));
}

TEST(RateControl, DoesNotGrowWhileTheApplicationIsTheLimit) {
  RateControl control(DataRate::kbps(1000), kLimits);
  RateControl::Input input = normal(DataRate::kbps(900));
  input.is_application_limited = true;
  for (int i = 0; i < 20; ++i) control.update(at(1s * i), input);
  EXPECT_EQ(control.rate(), DataRate::kbps(1000));
}

TEST(RateControl, FallsTo85PercentOfWhatTheLineCarried) {
  RateControl control(DataRate::kbps(1000), kLimits);
  EXPECT_TRUE(control.update(at(0s), over(DataRate::kbps(800), DataRate::kbps(1000))));
  EXPECT_EQ(control.rate(), DataRate::kbps(680));
  EXPECT_EQ(control.decreased_at(), at(0s));
}

TEST(RateControl, FallsAgainOnlyWhenTheLineCouldShowIt) {
  RateControl control(DataRate::kbps(1000), kLimits);
  control.update(at(0s), over(DataRate::kbps(800), DataRate::kbps(1000)));
  // A round trip of 50 ms and the margin of 100 ms.
  EXPECT_FALSE(control.update(at(149ms), over(DataRate::kbps(600), DataRate::kbps(1000))));
  EXPECT_TRUE(control.update(at(150ms), over(DataRate::kbps(600), DataRate::kbps(1000))));
  EXPECT_EQ(control.rate(), DataRate::kbps(510));
}

TEST(RateControl, FallsLessIfWhatIsSentLeavesRoom) {
  RateControl control(DataRate::kbps(1000), kLimits);
  control.update(at(0s), over(DataRate::kbps(900), DataRate::kbps(500)));
  EXPECT_EQ(control.rate(), DataRate::kbps(855));  // 0.95 × 900
}

TEST(RateControl, WaitsUntilItIsKnownWhatTheLineCarries) {
  RateControl control(DataRate::kbps(1000), kLimits);
  RateControl::Input input = over(DataRate::kbps(800), DataRate::kbps(1000));
  input.carried.reset();
  EXPECT_FALSE(control.update(at(0s), input));
  EXPECT_EQ(control.rate(), DataRate::kbps(1000));
}

TEST(RateControl, AShortQueueHalvesTheRateAtMost) {
  RateControl control(DataRate::kbps(1000), kLimits);
  control.update(at(0s), over(DataRate::kbps(100), DataRate::kbps(900), 40ms));
  EXPECT_EQ(control.rate(), DataRate::kbps(500));
  RateControl other(DataRate::kbps(1000), kLimits);
  other.update(at(0s), over(DataRate::kbps(100), DataRate::kbps(900), 200ms));
  EXPECT_EQ(other.rate(), DataRate::kbps(85));
}

TEST(RateControl, SomebodyElsesQueueDoesNotCountAgainstAFlowThatSendsLittle) {
  RateControl control(DataRate::kbps(1000), kLimits);
  RateControl::Input input = over(DataRate::kbps(190), DataRate::kbps(200));
  input.is_application_limited = true;
  EXPECT_FALSE(control.update(at(0s), input));
  EXPECT_EQ(control.rate(), DataRate::kbps(1000));
}

TEST(RateControl, GrowsSlowlyNearTheKnownCapacityAndNotPastIt) {
  RateControl control(DataRate::kbps(950), kLimits);
  control.set_capacity(DataRate::kbps(1000));
  control.update(at(0s), normal(DataRate::kbps(950)));
  control.update(at(1s), normal(DataRate::kbps(950)));
  EXPECT_EQ(control.rate(), DataRate::kbps(969));  // × 1.02
  for (int i = 2; i < 30; ++i) control.update(at(1s * i), normal(DataRate::kbps(1000)));
  EXPECT_EQ(control.rate(), DataRate::kbps(1040));
}

TEST(RateControl, AProbeThatFoundMoreEndsTheKnownCapacity) {
  RateControl control(DataRate::kbps(950), kLimits);
  control.set_capacity(DataRate::kbps(1000));
  control.set_rate(at(0s), DataRate::kbps(2000));
  control.update(at(1s), normal(DataRate::kbps(2000)));
  EXPECT_EQ(control.rate(), DataRate::kbps(2160));
}

TEST(RateControl, ASmallDecreaseIsTakenBackIfTheQueueGoesSoonerThanItExplains) {
  RateControl control(DataRate::kbps(1000), kLimits);
  control.update(at(0s), over(DataRate::kbps(900), DataRate::kbps(1000), 90ms));
  EXPECT_EQ(control.rate(), DataRate::kbps(765));
  // At 0.85 a queue of 90 ms takes 600 ms; half of that and the round trip of 50 ms: until 350 ms.
  control.update(at(340ms), normal(DataRate::kbps(750)));
  EXPECT_EQ(control.rate(), DataRate::kbps(950));

  RateControl other(DataRate::kbps(1000), kLimits);
  other.update(at(0s), over(DataRate::kbps(900), DataRate::kbps(1000), 90ms));
  other.update(at(360ms), normal(DataRate::kbps(750)));
  EXPECT_LT(other.rate(), DataRate::kbps(800));
}

TEST(RateControl, ALargeDecreaseIsNotTakenBack) {
  RateControl control(DataRate::kbps(1000), kLimits);
  control.update(at(0s), over(DataRate::kbps(500), DataRate::kbps(1000), 300ms));
  control.update(at(100ms), normal(DataRate::kbps(400)));
  EXPECT_EQ(control.rate(), DataRate::kbps(425));
}

TEST(RateControl, DecreasesInVainEndAtAQuarterOfTheBest) {
  RateControl control(DataRate::kbps(1000), kLimits);
  // What arrives follows what is sent, and the queue stays: it is another's.
  for (int i = 0; i < 100; ++i) {
    RateControl::Input input = over(control.rate() * 0.9, control.rate());
    input.busy_for = 200ms * (i + 1);
    control.update(at(200ms * i), input);
  }
  // The best, 1000, has halved within 300 s: after 20 s it is 955.
  EXPECT_NEAR(double(control.rate().bps()), 0.25 * 955e3, 5e3);
}

TEST(RateControl, StaysWithinItsLimits) {
  RateControl control(DataRate::kbps(1000), kLimits);
  control.set_rate(at(0s), DataRate::kbps(50'000));
  EXPECT_EQ(control.rate(), kLimits.max);
  control.set_rate(at(0s), DataRate());
  EXPECT_EQ(control.rate(), kLimits.min);
  control.update(at(1s), over(DataRate::kbps(1), DataRate::kbps(30)));
  EXPECT_EQ(control.rate(), kLimits.min);
}

}  // namespace
}  // namespace eir
