#include "lib/router/wanted_layers.h"

#include <gtest/gtest.h>

namespace eir {
namespace {

constexpr Timestamp kStart{Duration(1000s)};
constexpr uint8_t kAll = 0b111;

TEST(WantedLayers, NothingIsToldWhileAllAreUseful) {
  WantedLayers wanted(kAll);
  for (Duration passed = 0s; passed < 60s; passed += 250ms) {
    EXPECT_FALSE(wanted.update(kStart + passed, kAll, kAll));
  }
  EXPECT_EQ(wanted.active(), kAll);
}

TEST(WantedLayers, WhatNobodyCouldUseForFiveSecondsIsSwitchedOff) {
  WantedLayers wanted(kAll);
  EXPECT_FALSE(wanted.update(kStart, 0b011, kAll));
  EXPECT_FALSE(wanted.update(kStart + 4999ms, 0b011, kAll));
  EXPECT_EQ(wanted.active(), kAll);
  EXPECT_TRUE(wanted.update(kStart + 5s, 0b011, kAll));
  EXPECT_EQ(wanted.active(), 0b011);
  EXPECT_FALSE(wanted.update(kStart + 5250ms, 0b011, 0b011));
}

TEST(WantedLayers, UseInBetweenBeginsTheWaitAnew) {
  WantedLayers wanted(kAll);
  EXPECT_FALSE(wanted.update(kStart, 0b011, kAll));
  EXPECT_FALSE(wanted.update(kStart + 4s, kAll, kAll));
  EXPECT_FALSE(wanted.update(kStart + 5s, 0b011, kAll));
  EXPECT_FALSE(wanted.update(kStart + 9s, 0b011, kAll));
  EXPECT_TRUE(wanted.update(kStart + 10s, 0b011, kAll));
}

// A fresh track, and switched down to its lowest layer.
WantedLayers lowest_alone() {
  WantedLayers wanted(kAll);
  wanted.update(kStart - 10s, 0b001, kAll);
  wanted.update(kStart - 5s, 0b001, kAll);
  return wanted;
}

TEST(WantedLayers, WhatIsUsefulAgainIsSwitchedOnAtOnce) {
  WantedLayers wanted = lowest_alone();
  EXPECT_EQ(wanted.active(), 0b001);
  EXPECT_TRUE(wanted.update(kStart, 0b011, 0b001));
  EXPECT_EQ(wanted.active(), 0b011);
  // It came: nothing more to say.
  EXPECT_FALSE(wanted.update(kStart + 250ms, 0b011, 0b011));
  EXPECT_FALSE(wanted.update(kStart + 20s, 0b011, 0b001));
}

TEST(WantedLayers, APublisherThatMissedItIsToldAgainFiveTimesAtMost) {
  WantedLayers wanted = lowest_alone();
  int told = 0;
  for (Duration passed = 0s; passed < 60s; passed += 250ms) {
    const bool tells = wanted.update(kStart + passed, kAll, 0b001);
    // At 0, 3, 6, 9 and 12 s.
    EXPECT_EQ(tells, passed % 3s == 0s && passed < 15s) << passed / 1ms;
    told += tells ? 1 : 0;
  }
  EXPECT_EQ(told, 5);
}

TEST(WantedLayers, WhatIsNoLongerWantedIsNotAwaited) {
  WantedLayers wanted = lowest_alone();
  EXPECT_TRUE(wanted.update(kStart, kAll, 0b001));
  EXPECT_FALSE(wanted.update(kStart + 1s, 0b001, 0b001));
  EXPECT_FALSE(wanted.update(kStart + 3s, 0b001, 0b001));
  EXPECT_TRUE(wanted.update(kStart + 6s, 0b001, 0b001));
  EXPECT_EQ(wanted.active(), 0b001);
  EXPECT_FALSE(wanted.update(kStart + 12s, 0b001, 0b001));
}

}  // namespace
}  // namespace eir
