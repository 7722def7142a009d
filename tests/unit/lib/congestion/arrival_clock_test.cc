#include "lib/congestion/arrival_clock.h"

#include <gtest/gtest.h>

namespace eir {
namespace {

Timestamp at(Duration d) { return Timestamp(100s + d); }
TransportCc message(int32_t reference_time) { return {.ssrcs = {}, .reference_time = reference_time}; }

using Verdict = ArrivalClock::Verdict;

TEST(ArrivalClock, CountsIn64MillisecondsAcrossTheWrap) {
  ArrivalClock clock;
  EXPECT_EQ(clock.handle_message(at(0s), message(0x7ffffe)), Verdict::kGood);
  const Duration first = clock.reference();
  // 24 bits, signed: after 0x7fffff comes −0x800000.
  EXPECT_EQ(clock.handle_message(at(192ms), message(-0x7fffff)), Verdict::kGood);
  EXPECT_EQ(clock.reference() - first, 3 * 64ms);
}

TEST(ArrivalClock, AReorderedMessageIsFine) {
  ArrivalClock clock;
  EXPECT_EQ(clock.handle_message(at(0s), message(1000)), Verdict::kGood);
  const Duration first = clock.reference();
  EXPECT_EQ(clock.handle_message(at(10ms), message(998)), Verdict::kGood);
  EXPECT_EQ(clock.reference() - first, -128ms);
}

TEST(ArrivalClock, AJumpIsRefusedThreeTimesAndBelievedTheFourth) {
  ArrivalClock clock;
  EXPECT_EQ(clock.handle_message(at(0s), message(1000)), Verdict::kGood);
  const Duration before = clock.reference();
  for (int i = 1; i <= 3; ++i) {
    EXPECT_EQ(clock.handle_message(at(50ms * i), message(100'000 + i)), Verdict::kRefused);
    EXPECT_EQ(clock.reference(), before);
  }
  EXPECT_EQ(clock.handle_message(at(200ms), message(100'004)), Verdict::kBeganAnew);
  EXPECT_EQ(clock.handle_message(at(250ms), message(100'005)), Verdict::kGood);
}

TEST(ArrivalClock, OneForgedMessageAmongGoodOnesChangesNothing) {
  ArrivalClock clock;
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(clock.handle_message(at(64ms * i), message(1000 + i)), Verdict::kGood);
    EXPECT_EQ(clock.handle_message(at(64ms * i), message(-5000)), Verdict::kRefused);
  }
}

TEST(ArrivalClock, ALongPauseOfBothClocksIsNoJump) {
  ArrivalClock clock;
  EXPECT_EQ(clock.handle_message(at(0s), message(1000)), Verdict::kGood);
  EXPECT_EQ(clock.handle_message(at(64s), message(2000)), Verdict::kGood);
}

}  // namespace
}  // namespace eir
