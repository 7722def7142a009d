#include "lib/congestion/acknowledged_rate.h"

#include <gtest/gtest.h>

namespace eir {
namespace {

TEST(AcknowledgedRate, NothingIsKnownBeforeTheWindowIsFull) {
  AcknowledgedRate rate;
  EXPECT_FALSE(rate.rate());
  rate.add(1s, 1000);
  rate.add(1490ms, 1000);
  EXPECT_FALSE(rate.rate());
  rate.add(1500ms, 1000);
  // The half second before the current hundredth: 2000 bytes.
  EXPECT_EQ(rate.rate(), DataRate::kbps(32));
}

TEST(AcknowledgedRate, CountsWhatCameInTheWindow) {
  AcknowledgedRate rate;
  for (int i = 0; i <= 100; ++i) rate.add(1s + 10ms * i, 1250);  // 1 Mbit/s
  EXPECT_EQ(rate.rate(), DataRate::kbps(1000));
  EXPECT_EQ(rate.over(100ms), DataRate::kbps(1000));
  for (int i = 101; i <= 120; ++i) rate.add(1s + 10ms * i, 250);  // 0.2 Mbit/s
  EXPECT_EQ(rate.over(100ms), DataRate::kbps(200));
  // The nineteen complete hundredths of the new rate and 31 of the old: (19 × 250 + 31 × 1250) × 8 / 0.5 s.
  EXPECT_EQ(rate.rate(), DataRate::bps(696'000));
}

TEST(AcknowledgedRate, SinceTheLineBecameBusyIsMeasuredExactly) {
  AcknowledgedRate rate;
  for (int i = 0; i <= 100; ++i) rate.add(1s + 10ms * i, 250);
  for (int i = 101; i <= 130; ++i) rate.add(1s + 10ms * i, 1250);
  EXPECT_EQ(rate.since(2s + 5ms), DataRate::kbps(1000));
  EXPECT_FALSE(rate.since(2270ms));                     // 20 ms
  EXPECT_FALSE(rate.since(2250ms));                     // 40 ms, but only four packets
  EXPECT_EQ(rate.since(2240ms), DataRate::kbps(1000));  // 50 ms, five packets
  EXPECT_FALSE(rate.since(Duration::max()));
}

TEST(AcknowledgedRate, AThinLineIsMeasuredAfterAQuarterSecond) {
  AcknowledgedRate rate;
  for (int i = 0; i <= 30; ++i) rate.add(1s + 10ms * i, 100);  // 80 kbit/s
  EXPECT_FALSE(rate.since(1080ms));                            // 210 ms
  EXPECT_EQ(rate.since(1040ms), DataRate::kbps(80));           // 250 ms
}

TEST(AcknowledgedRate, SilenceAndLatecomersAreNoFaults) {
  AcknowledgedRate rate;
  for (int i = 0; i <= 100; ++i) rate.add(1s + 10ms * i, 1250);
  rate.add(100ms, 99'999);  // too old to count
  EXPECT_EQ(rate.rate(), DataRate::kbps(1000));
  rate.add(1995ms, 1250);  // late, within the window
  EXPECT_EQ(rate.rate(), DataRate::kbps(1020));
  rate.add(60s, 1250);
  EXPECT_EQ(rate.rate(), DataRate());
  rate.add(-5s, 1250);  // a receiver's clock may be anything
  EXPECT_EQ(rate.rate(), DataRate());
}

}  // namespace
}  // namespace eir
