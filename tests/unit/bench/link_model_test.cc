#include "bench/link_model.h"

#include <gtest/gtest.h>

namespace eir::bench {
namespace {

constexpr Timestamp kStart{Duration(100s)};

TEST(LinkModel, WithoutOptionsNothingChanges) {
  SeededRandom random(1);
  LinkModel link({});
  EXPECT_TRUE(LinkOptions{}.is_plain());
  EXPECT_EQ(link.pass(kStart, 1200, random), kStart);
  EXPECT_EQ(link.dropped(), 0U);
}

TEST(LinkModel, TheDelayIsAdded) {
  SeededRandom random(1);
  LinkModel link({.delay = 30ms});
  EXPECT_EQ(link.pass(kStart, 1200, random), kStart + 30ms);
  EXPECT_EQ(link.pass(kStart + 1ms, 1200, random), kStart + 31ms);
}

TEST(LinkModel, TheRateSendsOneDatagramAfterTheOther) {
  SeededRandom random(1);
  // 1000 bytes at 1 Mbit/s take 8 ms.
  LinkModel link({.delay = 10ms, .rate = DataRate::kbps(1000)});
  EXPECT_EQ(link.pass(kStart, 1000, random), kStart + 18ms);
  EXPECT_EQ(link.pass(kStart, 1000, random), kStart + 26ms);
  EXPECT_EQ(link.pass(kStart + 1s, 1000, random), kStart + 1018ms);
}

TEST(LinkModel, WhatWouldWaitTooLongIsDropped) {
  SeededRandom random(1);
  LinkModel link({.rate = DataRate::kbps(1000)});
  // The n-th waits (n − 1) · 8 ms; the 38th 296 ms, the 39th 304 ms.
  for (int i = 1; i <= 38; ++i) EXPECT_TRUE(link.pass(kStart, 1000, random)) << i;
  EXPECT_FALSE(link.pass(kStart, 1000, random));
  EXPECT_EQ(link.dropped(), 1U);
}

TEST(LinkModel, LosesItsShareAndRepeatsItBySeed) {
  const auto lost = [](uint64_t seed) {
    SeededRandom random(seed);
    LinkModel link({.loss = 0.1});
    for (int i = 0; i < 10000; ++i) link.pass(kStart, 100, random);
    return link.dropped();
  };
  // Binomial of 10,000 at 0.1: mean 1000, standard deviation 30; six of them either way.
  EXPECT_NEAR(static_cast<double>(lost(1)), 1000, 180);
  EXPECT_EQ(lost(1), lost(1));
  EXPECT_NE(lost(1), lost(2));
}

}  // namespace
}  // namespace eir::bench
