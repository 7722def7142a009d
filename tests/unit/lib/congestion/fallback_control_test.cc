#include "lib/congestion/fallback_control.h"

#include <gtest/gtest.h>

namespace eir {
namespace {

Timestamp at(Duration d) { return Timestamp(100s + d); }

TEST(FallbackControl, LittleLossGrowsTheRateOncePerReportInterval) {
  FallbackControl control(DataRate::kbps(400));
  control.handle_report(at(0s), 0.01, 50ms);
  EXPECT_EQ(control.rate(at(0s)), DataRate::kbps(420));  // × 1.05
  control.handle_report(at(100ms), 0.01, 50ms);
  EXPECT_EQ(control.rate(at(100ms)), DataRate::kbps(420));
  control.handle_report(at(1s), 0.0, 50ms);
  EXPECT_EQ(control.rate(at(1s)), DataRate::kbps(441));
}

TEST(FallbackControl, BetweenTwoAndTenPercentNothingChanges) {
  FallbackControl control(DataRate::kbps(400));
  control.handle_report(at(0s), 0.02, 50ms);
  control.handle_report(at(1s), 0.10, 50ms);
  EXPECT_EQ(control.rate(at(1s)), DataRate::kbps(400));
}

TEST(FallbackControl, MuchLossHalvesItselfOffTheRateOncePerRoundTrip) {
  FallbackControl control(DataRate::kbps(400));
  control.handle_report(at(0s), 0.5, 200ms);
  EXPECT_EQ(control.rate(at(0s)), DataRate::kbps(300));  // × (1 − 0.25)
  control.handle_report(at(499ms), 0.5, 200ms);
  EXPECT_EQ(control.rate(at(499ms)), DataRate::kbps(300));
  control.handle_report(at(500ms), 0.5, 200ms);
  EXPECT_EQ(control.rate(at(500ms)), DataRate::kbps(225));
}

TEST(FallbackControl, RembIsFollowedAndExpires) {
  FallbackControl control(DataRate::kbps(400));
  control.handle_remb(at(0s), DataRate::kbps(900));
  EXPECT_EQ(control.rate(at(0s)), DataRate::kbps(900));
  control.handle_remb(at(1s), DataRate::kbps(300));
  EXPECT_EQ(control.rate(at(1s)), DataRate::kbps(300));
  control.handle_report(at(2s), 0.0, 50ms);
  EXPECT_EQ(control.rate(at(2s)), DataRate::kbps(300));  // no further than the REMB
  control.handle_report(at(12s), 0.0, 50ms);
  EXPECT_EQ(control.rate(at(12s)), DataRate::kbps(315));  // it is older than 10 s
}

TEST(FallbackControl, ARembDoesNotTakeBackAFallForLoss) {
  FallbackControl control(DataRate::kbps(400));
  control.handle_report(at(0s), 0.5, 50ms);
  control.handle_remb(at(100ms), DataRate::kbps(900));
  EXPECT_EQ(control.rate(at(100ms)), DataRate::kbps(300));
}

TEST(FallbackControl, AForgedFractionIsHeldWithinZeroAndOne) {
  FallbackControl control(DataRate::kbps(400));
  control.handle_report(at(0s), 7.0, 50ms);
  EXPECT_EQ(control.rate(at(0s)), DataRate::kbps(200));
  control.handle_report(at(1s), -7.0, 50ms);
  EXPECT_EQ(control.rate(at(1s)), DataRate::kbps(210));
}

}  // namespace
}  // namespace eir
