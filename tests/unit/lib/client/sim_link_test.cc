#include "lib/client/sim_link.h"

#include <gtest/gtest.h>

namespace eir {
namespace {

constexpr Timestamp kStart{Duration(100s)};

// When the first copy comes out.
std::optional<Timestamp> pass(SimLink& link, Timestamp now, size_t bytes, Random& random) {
  const SimLink::Arrivals out = link.transmit(now, bytes, random);
  return out.count == 0 ? std::nullopt : std::optional(out.times[0]);
}

TEST(SimLink, TheDelayIsAdded) {
  SeededRandom random(1);
  SimLink link({.delay = 30ms});
  EXPECT_EQ(pass(link, kStart, 1200, random), kStart + 30ms);
  EXPECT_EQ(pass(link, kStart + 1ms, 1200, random), kStart + 31ms);
}

TEST(SimLink, TheRateSendsOneDatagramAfterTheOther) {
  SeededRandom random(1);
  // 1000 bytes at 1 Mbit/s take 8 ms.
  SimLink link({.rate = DataRate::kbps(1000), .delay = 10ms});
  EXPECT_EQ(pass(link, kStart, 1000, random), kStart + 18ms);
  EXPECT_EQ(link.queue(kStart), 8ms);
  EXPECT_EQ(pass(link, kStart, 1000, random), kStart + 26ms);
  EXPECT_EQ(pass(link, kStart + 1s, 1000, random), kStart + 1018ms);
  EXPECT_EQ(link.queue(kStart + 2s), 0ms);
}

TEST(SimLink, WhatWouldWaitTooLongIsDropped) {
  SeededRandom random(1);
  SimLink link({.rate = DataRate::kbps(1000), .queue = 300ms});
  // The n-th waits (n − 1) · 8 ms; the 38th 296 ms, the 39th 304 ms.
  for (int i = 1; i <= 38; ++i) EXPECT_TRUE(pass(link, kStart, 1000, random)) << i;
  EXPECT_FALSE(pass(link, kStart, 1000, random));
  EXPECT_EQ(link.counters().dropped_queue, 1U);
  EXPECT_EQ(link.counters().dropped(), 1U);
}

TEST(SimLink, LosesItsShareAndRepeatsItBySeed) {
  const auto lost = [](uint64_t seed) {
    SeededRandom random(seed);
    SimLink link({.loss = 0.1});
    for (int i = 0; i < 10000; ++i) pass(link, kStart, 100, random);
    return link.counters().dropped_loss;
  };
  // Binomial of 10,000 at 0.1: mean 1000, standard deviation 30; six of them either way.
  EXPECT_NEAR(static_cast<double>(lost(1)), 1000, 180);
  EXPECT_EQ(lost(1), lost(1));
  EXPECT_NE(lost(1), lost(2));
}

// A burst is entered at each datagram with 1/97 and left with 1/4: 4 of 101 are in the bad state.
TEST(SimLink, BurstsHaveTheirLengthAndShare) {
  SeededRandom random(1);
  SimLink link({.burst_enter = 1.0 / 97, .burst_leave = 0.25});
  int lost = 0;
  int bursts = 0;
  bool was_lost = false;
  for (int i = 0; i < 101'000; ++i) {
    const bool is_lost = !pass(link, kStart, 100, random);
    lost += is_lost ? 1 : 0;
    bursts += is_lost && !was_lost ? 1 : 0;
    was_lost = is_lost;
  }
  EXPECT_NEAR(lost, 4000, 600);
  EXPECT_NEAR(static_cast<double>(lost) / bursts, 4, 0.4);
}

TEST(SimLink, WhatIsHeldBackIsOvertakenAndNothingWaitsForIt) {
  SeededRandom random(3);
  SimLink link({.delay = 10ms, .reordering = 0.1, .reordering_delay = 15ms});
  int late = 0;
  for (int i = 0; i < 10'000; ++i) {
    const Timestamp now = kStart + i * 1ms;
    const Duration took = *pass(link, now, 100, random) - now;
    EXPECT_TRUE(took == 10ms || took == 25ms);
    late += took == 25ms ? 1 : 0;
  }
  EXPECT_NEAR(late, 1000, 180);
}

TEST(SimLink, ConditionsFollowTheirSchedule) {
  SeededRandom random(1);
  SimLink link({.delay = 10ms});
  link.schedule(kStart + 1s, {.delay = 20ms});
  link.schedule(kStart + 2s, {.is_down = true});
  EXPECT_EQ(pass(link, kStart + 999ms, 100, random), kStart + 1009ms);
  EXPECT_EQ(pass(link, kStart + 1s, 100, random), kStart + 1020ms);
  EXPECT_FALSE(pass(link, kStart + 2s, 100, random));
  EXPECT_EQ(link.counters().dropped_down, 1U);
}

}  // namespace
}  // namespace eir
