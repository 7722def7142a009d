#include "lib/congestion/probe_estimator.h"

#include <gtest/gtest.h>

#include <array>
#include <span>

#include "lib/base/random.h"

namespace eir {
namespace {

Timestamp at(Duration d) { return Timestamp(100s + d); }

struct Packet {
  Duration sent{};
  Duration arrival{};
  size_t bytes = 0;
  bool is_lost = false;
};

std::optional<ProbeEstimator::Result> probe(const ProbeEstimator::Plan& plan, std::span<const Packet> packets) {
  ProbeEstimator estimator;
  estimator.begin(plan);
  for (const Packet& packet : packets) estimator.note_sent(at(packet.sent), plan.cluster, packet.bytes);
  for (const Packet& packet : packets) {
    const SentPackets::Sent sent{.at = at(packet.sent), .bytes = packet.bytes, .cluster = plan.cluster};
    if (packet.is_lost) {
      estimator.handle_lost(sent);
    } else {
      estimator.handle_received(sent, packet.arrival);
    }
  }
  return estimator.poll();
}

// 1000 bytes each 4 ms: 2 Mbit/s.
constexpr ProbeEstimator::Plan kPlan{.cluster = 7, .rate = DataRate::kbps(2000), .bytes = 5000, .packets = 5};

TEST(ProbeEstimator, ALineThatKeepsUpProvesThePlannedRate) {
  const std::array<Packet, 5> packets = {
      {{0ms, 50ms, 1000}, {4ms, 54ms, 1000}, {8ms, 58ms, 1000}, {12ms, 62ms, 1000}, {16ms, 66ms, 1000}}};
  const auto result = probe(kPlan, packets);
  ASSERT_TRUE(result);
  EXPECT_EQ(result->cluster, 7);
  EXPECT_FALSE(result->is_saturated);
  EXPECT_EQ(result->rate, DataRate::kbps(2000));
}

TEST(ProbeEstimator, AFullLineTellsItsRateOfWhichALittleIsLeft) {
  // Arrivals 8 ms apart: 1 Mbit/s.
  const std::array<Packet, 5> packets = {
      {{0ms, 50ms, 1000}, {4ms, 58ms, 1000}, {8ms, 66ms, 1000}, {12ms, 74ms, 1000}, {16ms, 82ms, 1000}}};
  const auto result = probe(kPlan, packets);
  ASSERT_TRUE(result);
  EXPECT_TRUE(result->is_saturated);
  EXPECT_NEAR(double(result->capacity.bps()), 1e6, 1e3);
  EXPECT_NEAR(double(result->rate.bps()), 0.95e6, 1e3);
}

TEST(ProbeEstimator, PacketsOfMixedSizesDoNotLookLikeAFullLine) {
  // A line of 3 Mbit/s: each comes 20 ms and its own time later; 1200 bytes take 3.2 ms, 80 take 0.21 ms.
  const std::array<Packet, 6> packets = {{{0ms, 20'213us, 80},
                                          {1ms, 24'200us, 1200},
                                          {6ms, 29'200us, 1200},
                                          {11ms, 34'200us, 1200},
                                          {16ms, 36'213us, 80},
                                          {17ms, 40'200us, 1200}}};
  const auto result = probe({.cluster = 1, .rate = DataRate::kbps(2000), .bytes = 4900, .packets = 5}, packets);
  ASSERT_TRUE(result);
  EXPECT_FALSE(result->is_saturated);
  EXPECT_GE(result->rate, DataRate::kbps(1600));
  EXPECT_LE(result->rate, DataRate::kbps(2000));
}

TEST(ProbeEstimator, AnOvertakenPacketDoesNotHideThatTheLineIsFull) {
  // As above, but the third comes 20 ms later than its turn.
  const std::array<Packet, 5> packets = {
      {{0ms, 50ms, 1000}, {4ms, 58ms, 1000}, {8ms, 86ms, 1000}, {12ms, 74ms, 1000}, {16ms, 82ms, 1000}}};
  const auto result = probe(kPlan, packets);
  ASSERT_TRUE(result);
  EXPECT_TRUE(result->is_saturated);
  EXPECT_NEAR(double(result->capacity.bps()), 1e6, 1e3);
}

TEST(ProbeEstimator, AClusterIsOnlyJudgedWhenAllOfItWasSentAndReported) {
  ProbeEstimator estimator;
  estimator.begin(kPlan);
  SentPackets::Sent sent{.at = at(0ms), .bytes = 1000, .cluster = 7};
  for (int i = 0; i < 4; ++i) {
    estimator.note_sent(at(4ms * i), 7, 1000);
    sent.at = at(4ms * i);
    estimator.handle_received(sent, 50ms + 4ms * i);
  }
  EXPECT_FALSE(estimator.poll());
  estimator.note_sent(at(16ms), 7, 1000);
  EXPECT_FALSE(estimator.poll());
  sent.at = at(16ms);
  estimator.handle_received(sent, 66ms);
  EXPECT_TRUE(estimator.poll());
  EXPECT_FALSE(estimator.poll());  // once
}

TEST(ProbeEstimator, TooMuchLossTellsNothing) {
  std::array<Packet, 5> packets = {
      {{0ms, 50ms, 1000}, {4ms, 54ms, 1000, true}, {8ms, 58ms, 1000}, {12ms, 62ms, 1000, true}, {16ms, 66ms, 1000}}};
  auto result = probe(kPlan, packets);
  ASSERT_TRUE(result);
  EXPECT_EQ(result->rate, DataRate());
  packets[3].is_lost = false;
  result = probe(kPlan, packets);
  ASSERT_TRUE(result);
  EXPECT_FALSE(result->is_saturated);
  EXPECT_EQ(result->rate, DataRate::kbps(1600));  // four of five came
}

TEST(ProbeEstimator, WhatLeavesDuringAClusterCountsForIt) {
  ProbeEstimator estimator;
  estimator.begin(kPlan);
  EXPECT_EQ(estimator.note_sent(at(0ms), 0, 500), 0);  // not begun
  EXPECT_EQ(estimator.note_sent(at(1ms), 7, 1000), 7);
  EXPECT_EQ(estimator.note_sent(at(2ms), 0, 80), 7);
  for (int i = 0; i < 4; ++i) EXPECT_EQ(estimator.note_sent(at(3ms), 7, 1000), 7);
  EXPECT_EQ(estimator.note_sent(at(4ms), 0, 80), 0);  // complete
  EXPECT_EQ(estimator.note_sent(at(4ms), 9, 80), 0);  // never planned
}

TEST(ProbeEstimator, PropertyJitterErrsByLittleInALongCluster) {
  // 40 packets over 160 ms at 2 Mbit/s through 1 Mbit/s, each up to 40 ms late.
  for (uint64_t seed = 1; seed <= 50; ++seed) {
    SeededRandom random(seed);
    std::array<Packet, 40> packets{};
    for (int i = 0; i < 40; ++i) {
      const auto jitter = Duration(static_cast<int64_t>(random.below(40'000'000)));
      packets[static_cast<size_t>(i)] = {4ms * i, 50ms + 8ms * i + jitter, 1000};
    }
    const auto result = probe({.cluster = 1, .rate = DataRate::kbps(2000), .bytes = 40'000, .packets = 40}, packets);
    ASSERT_TRUE(result);
    EXPECT_TRUE(result->is_saturated) << seed;
    EXPECT_NEAR(double(result->capacity.bps()), 1e6, 0.1e6) << seed;
  }
}

}  // namespace
}  // namespace eir
