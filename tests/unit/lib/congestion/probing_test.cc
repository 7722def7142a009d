#include "lib/congestion/probing.h"

#include <gtest/gtest.h>

namespace eir {
namespace {

Timestamp at(Duration d) { return Timestamp(100s + d); }

ProbeControl::Line line(DataRate target) {
  return {.target = target, .is_quiet = true, .decreased_at = Timestamp::min(), .round_trip = 100ms, .jitter = 0ms};
}
ProbeEstimator::Result found(const ProbeEstimator::Plan& plan, DataRate rate, bool is_saturated) {
  return {.cluster = plan.cluster, .rate = rate, .capacity = rate, .is_saturated = is_saturated};
}

TEST(ProbeControl, NothingIsProbedBeforeSomethingIsWanted) {
  ProbeControl probing;
  probing.update(at(0ms), line(DataRate::kbps(300)));
  EXPECT_FALSE(probing.poll(at(0ms)));
  EXPECT_EQ(probing.next_timeout(), kNever);
}

TEST(ProbeControl, BeginsWithThreeTimesTheRateAndDoublesWhileItSucceeds) {
  ProbeControl probing;
  probing.set_limit(at(0ms), DataRate::kbps(10'000));
  probing.update(at(0ms), line(DataRate::kbps(300)));
  auto plan = probing.poll(at(0ms));
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->rate, DataRate::kbps(900));
  EXPECT_EQ(plan->packets, 5U);
  EXPECT_EQ(plan->bytes, 1687U);  // 15 ms
  EXPECT_FALSE(probing.poll(at(0ms)));
  probing.handle_result(at(150ms), found(*plan, DataRate::kbps(900), false));
  probing.update(at(150ms), line(DataRate::kbps(900)));
  plan = probing.poll(at(150ms));
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->rate, DataRate::kbps(1800));
  EXPECT_EQ(probing.succeeded(), 1U);
}

TEST(ProbeControl, AFullLineIsAskedAgainAfterTheInterval) {
  ProbeControl probing;
  probing.set_limit(at(0ms), DataRate::kbps(10'000));
  probing.update(at(0ms), line(DataRate::kbps(300)));
  const auto plan = probing.poll(at(0ms));
  ASSERT_TRUE(plan);
  probing.handle_result(at(150ms), found(*plan, DataRate::kbps(500), true));
  probing.update(at(150ms), line(DataRate::kbps(500)));
  EXPECT_FALSE(probing.poll(at(150ms)));
  EXPECT_EQ(probing.next_timeout(), at(4s));
  probing.update(at(4s), line(DataRate::kbps(500)));
  const auto next = probing.poll(at(4s));
  ASSERT_TRUE(next);
  EXPECT_EQ(next->rate, DataRate::kbps(1000));
  EXPECT_NE(next->cluster, plan->cluster);
}

TEST(ProbeControl, NeverGoesBeyondTheLimit) {
  ProbeControl probing;
  probing.set_limit(at(0ms), DataRate::kbps(1000));
  probing.update(at(0ms), line(DataRate::kbps(800)));
  const auto plan = probing.poll(at(0ms));
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->rate, DataRate::kbps(1000));
  ProbeControl other;
  other.set_limit(at(0ms), DataRate::kbps(1000));
  other.update(at(0ms), line(DataRate::kbps(960)));  // 4 % more teach nothing
  EXPECT_FALSE(other.poll(at(0ms)));
}

TEST(ProbeControl, WaitsForAQuietLine) {
  ProbeControl probing;
  probing.set_limit(at(0ms), DataRate::kbps(1000));
  ProbeControl::Line busy = line(DataRate::kbps(300));
  busy.is_quiet = false;
  probing.update(at(0ms), busy);
  EXPECT_FALSE(probing.poll(at(0ms)));
  ProbeControl::Line fell = line(DataRate::kbps(300));
  fell.decreased_at = at(0ms);
  probing.update(at(1999ms), fell);
  EXPECT_FALSE(probing.poll(at(1999ms)));
  probing.update(at(2s), fell);
  EXPECT_TRUE(probing.poll(at(2s)));
}

TEST(ProbeControl, AClusterWithoutAnswerIsGivenUp) {
  ProbeControl probing;
  probing.set_limit(at(0ms), DataRate::kbps(10'000));
  probing.update(at(0ms), line(DataRate::kbps(300)));
  const auto plan = probing.poll(at(0ms));
  ASSERT_TRUE(plan);
  // 15 ms to send, 100 ms round trip, 1 s.
  EXPECT_NEAR(double(to_ms(probing.next_timeout() - at(0ms))), 1115, 1);
  probing.update(at(1200ms), line(DataRate::kbps(300)));
  EXPECT_EQ(probing.given_up(), 1U);
  EXPECT_FALSE(probing.poll(at(1200ms)));
  probing.handle_result(at(1300ms), found(*plan, DataRate::kbps(900), false));  // too late
  EXPECT_EQ(probing.succeeded(), 0U);
}

TEST(ProbeControl, MoreWantedIsLookedForAtOnce) {
  ProbeControl probing;
  probing.set_limit(at(0ms), DataRate::kbps(600));
  probing.update(at(0ms), line(DataRate::kbps(300)));
  const auto plan = probing.poll(at(0ms));
  ASSERT_TRUE(plan);
  probing.handle_result(at(100ms), found(*plan, DataRate::kbps(600), false));
  probing.update(at(100ms), line(DataRate::kbps(600)));
  EXPECT_FALSE(probing.poll(at(100ms)));
  probing.set_limit(at(1s), DataRate::kbps(2000));
  probing.update(at(1s), line(DataRate::kbps(600)));
  EXPECT_TRUE(probing.poll(at(1s)));
}

TEST(ProbeControl, AProbeThatMisledMakesTheNextOnesRarer) {
  ProbeControl probing;
  probing.set_limit(at(0ms), DataRate::kbps(10'000));
  probing.update(at(0ms), line(DataRate::kbps(300)));
  auto plan = probing.poll(at(0ms));
  ASSERT_TRUE(plan);
  probing.handle_result(at(100ms), found(*plan, DataRate::kbps(600), true));
  probing.handle_decrease(at(1s));  // the rise did not hold for 3 s
  probing.update(at(3s), line(DataRate::kbps(300)));
  plan = probing.poll(at(3s));
  ASSERT_TRUE(plan);
  probing.handle_result(at(3100ms), found(*plan, DataRate::kbps(310), true));
  EXPECT_EQ(probing.next_timeout(), at(11s));  // 8 s instead of 4
}

TEST(ProbeControl, OnAJitteryLineTheClusterOutlastsTheJitter) {
  ProbeControl probing;
  probing.set_limit(at(0ms), DataRate::kbps(10'000));
  ProbeControl::Line jittery = line(DataRate::kbps(300));
  jittery.jitter = 30ms;
  probing.update(at(0ms), jittery);
  const auto plan = probing.poll(at(0ms));
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->bytes, 8437U);  // 900 kbit/s for 15 + 2 × 30 ms
  EXPECT_EQ(plan->packets, 8U);
}

TEST(ProbeControl, ANewRouteBeginsAnew) {
  ProbeControl probing;
  probing.set_limit(at(0ms), DataRate::kbps(10'000));
  probing.update(at(0ms), line(DataRate::kbps(300)));
  const auto plan = probing.poll(at(0ms));
  ASSERT_TRUE(plan);
  probing.handle_result(at(100ms), found(*plan, DataRate::kbps(500), true));
  EXPECT_EQ(probing.results(), 1U);
  probing.start(at(1s));
  EXPECT_EQ(probing.results(), 0U);
  probing.update(at(1s), line(DataRate::kbps(300)));
  const auto next = probing.poll(at(1s));
  ASSERT_TRUE(next);
  EXPECT_EQ(next->rate, DataRate::kbps(900));
}

}  // namespace
}  // namespace eir
