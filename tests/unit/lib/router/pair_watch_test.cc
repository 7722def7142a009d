#include "lib/router/pair_watch.h"

#include <gtest/gtest.h>

namespace eir {
namespace {

constexpr Timestamp kStart{Duration(1000s)};

// A pair whose stages can be stopped one by one; asked every 250 ms, as a room does.
struct Pair {
  PairWatch watch;
  PairWatch::Sample sample{.is_expected = true};
  Timestamp now = kStart;
  int changes = 0;

  PairSilence run(Duration d, bool arrives, bool is_sent, bool is_acknowledged) {
    for (Duration passed = 0s; passed < d; passed += 250ms) {
      now += 250ms;
      sample.arrived += arrives ? 5 : 0;
      sample.sent += is_sent ? 5 : 0;
      sample.acknowledged += is_acknowledged ? 1 : 0;
      changes += watch.update(now, sample) ? 1 : 0;
    }
    return watch.silence();
  }
};

TEST(PairWatch, WhatFlowsIsNotSilent) {
  Pair pair;
  EXPECT_EQ(pair.run(60s, true, true, true), PairSilence::kNone);
  EXPECT_EQ(pair.changes, 0);
}

TEST(PairWatch, TheStageThatStoppedIsNamedAfterFiveSeconds) {
  struct Case {
    bool arrives, is_sent;
    PairSilence expected;
  };
  for (const Case& each : {Case{false, false, PairSilence::kSource}, Case{true, false, PairSilence::kServer},
                           Case{true, true, PairSilence::kLine}}) {
    Pair pair;
    pair.run(3s, true, true, true);
    EXPECT_EQ(pair.run(4750ms, each.arrives, each.is_sent, false), PairSilence::kNone);
    EXPECT_EQ(pair.run(250ms, each.arrives, each.is_sent, false), each.expected);
    EXPECT_EQ(pair.run(60s, each.arrives, each.is_sent, false), each.expected);
    EXPECT_EQ(pair.changes, 1);
    // All flows again: over at once.
    EXPECT_EQ(pair.run(250ms, true, true, true), PairSilence::kNone);
    EXPECT_EQ(pair.changes, 2);
  }
}

TEST(PairWatch, ALaterStageHasItsOwnFiveSecondsWhenTheOneBeforeGoesOn) {
  Pair pair;
  pair.run(3s, true, true, true);
  EXPECT_EQ(pair.run(10s, false, false, false), PairSilence::kSource);
  // The source is back; the server has not sent yet, the receiver not answered: no reason to speak of them.
  EXPECT_EQ(pair.run(4500ms, true, false, false), PairSilence::kNone);
  EXPECT_EQ(pair.run(1s, true, false, false), PairSilence::kServer);
}

TEST(PairWatch, WhatNobodyExpectsIsNotSilent) {
  Pair pair;
  pair.run(3s, true, true, true);
  pair.sample.is_expected = false;
  EXPECT_EQ(pair.run(60s, false, false, false), PairSilence::kNone);
  // Expected from now on: five seconds from now, not from when it stopped.
  pair.sample.is_expected = true;
  EXPECT_EQ(pair.run(4750ms, false, false, false), PairSilence::kNone);
  EXPECT_EQ(pair.run(1s, false, false, false), PairSilence::kSource);
}

}  // namespace
}  // namespace eir
