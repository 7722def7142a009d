#include "server/telemetry/rate_limit.h"

#include <gtest/gtest.h>

namespace eir {
namespace {

constexpr Timestamp at(Duration d) { return Timestamp(std::chrono::hours(1) + d); }

TEST(SiteRateLimit, BurstPassesAndTheNextLineDoesNot) {
  SiteRateLimit limit(3, 1);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(limit.admit(7, at(0s)), 0U);
  EXPECT_FALSE(limit.admit(7, at(0s)).has_value());
}

TEST(SiteRateLimit, FirstLineAfterASilenceTellsHowManyWereHeldBack) {
  SiteRateLimit limit(1, 2);
  EXPECT_EQ(limit.admit(7, at(0s)), 0U);
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(limit.admit(7, at(100ms)).has_value());
  EXPECT_EQ(limit.admit(7, at(600ms)), 5U);
  EXPECT_EQ(limit.admit(7, at(1200ms)), 0U);
}

TEST(SiteRateLimit, SitesDoNotShareTheirAllowance) {
  SiteRateLimit limit(1, 1);
  EXPECT_TRUE(limit.admit(1, at(0s)).has_value());
  EXPECT_FALSE(limit.admit(1, at(0s)).has_value());
  EXPECT_TRUE(limit.admit(2, at(0s)).has_value());
}

TEST(SiteRateLimit, ALongSilenceAllowsNoMoreThanTheBurst) {
  SiteRateLimit limit(2, 1);
  EXPECT_TRUE(limit.admit(1, at(0s)).has_value());
  int passed = 0;
  for (int i = 0; i < 10; ++i) passed += limit.admit(1, at(24h)).has_value() ? 1 : 0;
  EXPECT_EQ(passed, 2);
}

// 100,000 events in a minute, evenly: 20 at once and 5 a second for 60 s make 320 at most.
TEST(SiteRateLimit, AStormLeavesFewLines) {
  SiteRateLimit limit(20, 5);
  int passed = 0;
  for (int i = 0; i < 100000; ++i) passed += limit.admit(1, at(i * 600us)).has_value() ? 1 : 0;
  EXPECT_LE(passed, 320);
  EXPECT_GE(passed, 300);
}

TEST(SiteRateLimit, InventedSitesShareOneBucketBeyondTheLimit) {
  SiteRateLimit limit(1, 1);
  for (uint64_t site = 1; site <= SiteRateLimit::kSitesMax; ++site) EXPECT_TRUE(limit.admit(site, at(0s)).has_value());
  EXPECT_TRUE(limit.admit(100001, at(0s)).has_value());
  EXPECT_FALSE(limit.admit(100002, at(0s)).has_value());
}

}  // namespace
}  // namespace eir
