#include "lib/congestion/pacer.h"

#include <gtest/gtest.h>

namespace eir {
namespace {

Timestamp at(Duration d) { return Timestamp(100s + d); }

TEST(Pacer, AfterSilenceTwoPacketsLeaveAtOnceOnAThinLine) {
  // 960 kbit/s: 1200 bytes take 10 ms, the burst is 2400 bytes.
  Pacer pacer(DataRate::kbps(960));
  EXPECT_TRUE(pacer.may_send(at(0ms)));
  pacer.note_sent(at(0ms), 1200, false);
  EXPECT_TRUE(pacer.may_send(at(0ms)));
  pacer.note_sent(at(0ms), 1200, false);
  EXPECT_TRUE(pacer.may_send(at(0ms)));  // the debt is exactly nothing
  pacer.note_sent(at(0ms), 1200, false);
  EXPECT_FALSE(pacer.may_send(at(9ms)));
  EXPECT_EQ(pacer.next_send(at(1ms)), at(10ms));
  EXPECT_TRUE(pacer.may_send(at(10ms)));
  EXPECT_EQ(pacer.next_send(at(12ms)), at(12ms));
}

TEST(Pacer, FiveMillisecondsLeaveAtOnceOnAFastLine) {
  // 19.2 Mbit/s: 1200 bytes take 0.5 ms; after silence ten of them, and the one that makes the debt.
  Pacer pacer(DataRate::kbps(19'200));
  int sent = 0;
  for (; pacer.may_send(at(0ms)) && sent < 100; ++sent) pacer.note_sent(at(0ms), 1200, false);
  EXPECT_EQ(sent, 11);
}

TEST(Pacer, SoundIsPaidForByThePictures) {
  Pacer pacer(DataRate::kbps(960));
  for (int i = 0; i < 3; ++i) pacer.note_sent(at(0ms), 1200, true);
  EXPECT_FALSE(pacer.may_send(at(0ms)));
  EXPECT_EQ(pacer.next_send(at(0ms)), at(10ms));
}

TEST(Pacer, SoundAloneNeverBlocksThePicturesForMoreThanHalfASecond) {
  Pacer pacer(DataRate::kbps(10));
  for (int i = 0; i < 100; ++i) pacer.note_sent(at(0ms), 1200, true);
  EXPECT_EQ(pacer.next_send(at(0ms)), at(500ms));
}

TEST(Pacer, AProbeLeavesAtItsOwnRate) {
  Pacer pacer(DataRate::kbps(96));
  for (int i = 0; i < 5; ++i) pacer.note_sent(at(0ms), 1200, false);
  EXPECT_FALSE(pacer.may_send(at(0ms)));
  pacer.begin_probe(at(0ms), {.rate = DataRate::kbps(960), .bytes = 3000, .packets = 5});
  // 960 kbit/s: 600 bytes take 5 ms.
  for (int i = 0; i < 5; ++i) {
    EXPECT_TRUE(pacer.is_probing()) << i;
    EXPECT_EQ(pacer.probe_padding(), 600U) << i;
    EXPECT_EQ(pacer.next_send(at(0ms)), at(5ms * i)) << i;
    pacer.note_sent(at(5ms * i), 600, false);
  }
  EXPECT_FALSE(pacer.is_probing());
}

TEST(Pacer, AProbeOfLargePacketsStillHasItsNumberOfThem) {
  Pacer pacer(DataRate::kbps(960));
  pacer.begin_probe(at(0ms), {.rate = DataRate::kbps(960), .bytes = 1200, .packets = 3});
  pacer.note_sent(at(0ms), 1200, false);
  EXPECT_TRUE(pacer.is_probing());
  EXPECT_EQ(pacer.probe_padding(), Pacer::kPaddingMin);
  pacer.note_sent(at(10ms), 100, false);
  pacer.note_sent(at(11ms), 100, false);
  EXPECT_FALSE(pacer.is_probing());
}

TEST(Pacer, OverASecondTheRateHolds) {
  Pacer pacer(DataRate::kbps(960));
  size_t bytes = 0;
  for (int ms = 0; ms < 1000; ++ms) {
    while (pacer.may_send(at(1ms * ms))) {
      pacer.note_sent(at(1ms * ms), 1000, false);
      bytes += 1000;
    }
  }
  // 120,000 bytes of the rate, the burst of 2,400 and one packet of debt at the most.
  EXPECT_GE(bytes, 120'000U);
  EXPECT_LE(bytes, 123'400U);
}

}  // namespace
}  // namespace eir
