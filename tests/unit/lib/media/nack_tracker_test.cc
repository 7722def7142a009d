#include "lib/media/nack_tracker.h"

#include <gtest/gtest.h>

#include <array>
#include <set>
#include <vector>

#include "lib/base/random.h"

namespace eir {
namespace {

Timestamp at(Duration d) { return Timestamp(d); }

std::vector<uint16_t> ask(NackTracker& tracker, Timestamp now, Duration rtt = 50ms) {
  std::array<uint16_t, 300> out{};
  const size_t count = tracker.collect(now, rtt, out);
  return {out.begin(), out.begin() + static_cast<std::ptrdiff_t>(count)};
}

TEST(NackTracker, AsksForAGapAfterTheTimeForReordering) {
  NackTracker tracker;
  tracker.handle_packet(at(0ms), 100);
  tracker.handle_packet(at(1ms), 103);
  EXPECT_EQ(tracker.next_timeout(), at(11ms));
  EXPECT_TRUE(ask(tracker, at(10ms)).empty());
  EXPECT_EQ(ask(tracker, at(11ms)), (std::vector<uint16_t>{101, 102}));
}

TEST(NackTracker, AReorderedPacketIsNotAskedFor) {
  NackTracker tracker;
  tracker.handle_packet(at(0ms), 100);
  tracker.handle_packet(at(0ms), 102);
  tracker.handle_packet(at(5ms), 101);
  EXPECT_EQ(tracker.missing(), 0U);
  EXPECT_EQ(tracker.next_timeout(), kNever);
  EXPECT_TRUE(ask(tracker, at(100ms)).empty());
}

TEST(NackTracker, AsksAgainAfterARoundTrip) {
  NackTracker tracker;
  tracker.handle_packet(at(0ms), 1);
  tracker.handle_packet(at(0ms), 3);
  EXPECT_EQ(ask(tracker, at(10ms), 100ms).size(), 1U);
  EXPECT_TRUE(ask(tracker, at(119ms), 100ms).empty());
  EXPECT_EQ(ask(tracker, at(120ms), 100ms).size(), 1U);
  EXPECT_EQ(tracker.counters().asked, 2U);
}

TEST(NackTracker, WrapsToSixteenBitsOnTheWire) {
  NackTracker tracker;
  tracker.handle_packet(at(0ms), 65534 + 65536);
  tracker.handle_packet(at(0ms), 65537 + 65536);
  EXPECT_EQ(ask(tracker, at(10ms)), (std::vector<uint16_t>{65535, 0}));
}

TEST(NackTracker, GivesUpAfterTheLastTry) {
  NackTracker tracker;
  tracker.handle_packet(at(0ms), 1);
  tracker.handle_packet(at(0ms), 3);
  size_t asked = 0;
  for (Duration t = 0ms; t < 900ms; t += 5ms) asked += ask(tracker, at(t), 0ms).size();
  EXPECT_EQ(asked, NackTracker::kTriesMax);
  EXPECT_EQ(tracker.missing(), 0U);
  EXPECT_EQ(tracker.counters().given_up, 1U);
}

TEST(NackTracker, GivesUpWhatIsTooOldToBeOfUse) {
  NackTracker tracker;
  tracker.handle_packet(at(0ms), 1);
  tracker.handle_packet(at(0ms), 3);
  EXPECT_TRUE(ask(tracker, at(NackTracker::kAgeMax)).empty());
  EXPECT_EQ(tracker.missing(), 0U);
}

TEST(NackTracker, AJumpIsANewStartAndNotLoss) {
  NackTracker tracker;
  tracker.handle_packet(at(0ms), 1);
  tracker.handle_packet(at(0ms), 1 + NackTracker::kGapMax + 2);
  EXPECT_EQ(tracker.missing(), 0U);
  EXPECT_EQ(tracker.counters().overflows, 1U);
}

TEST(NackTracker, HoldsNoMoreThanItsCapAndKeepsTheNewest) {
  NackTracker tracker;
  tracker.handle_packet(at(0ms), 0);
  tracker.handle_packet(at(0ms), 1 + static_cast<int64_t>(NackTracker::kMissingMax));
  EXPECT_EQ(tracker.missing(), NackTracker::kMissingMax);
  tracker.handle_packet(at(0ms), 3 + static_cast<int64_t>(NackTracker::kMissingMax));
  EXPECT_EQ(tracker.missing(), 1U);
  EXPECT_EQ(ask(tracker, at(10ms)), (std::vector<uint16_t>{NackTracker::kMissingMax + 2}));
}

TEST(NackTracker, PropertyAsksOnlyForWhatIsMissing) {
  for (uint64_t seed = 1; seed <= 100; ++seed) {
    SCOPED_TRACE(seed);
    SeededRandom random(seed);
    NackTracker tracker;
    std::set<int64_t> missing;
    int64_t newest = 70'000;
    Timestamp now;
    tracker.handle_packet(now, newest);
    for (int step = 0; step < 2000; ++step) {
      now += Duration(static_cast<int64_t>(random.below(5'000'000)));
      if (random.chance(0.2) && !missing.empty()) {
        tracker.handle_packet(now, *missing.begin());
        missing.erase(missing.begin());
      } else {
        const int64_t skip = random.chance(0.1) ? static_cast<int64_t>(random.below(20)) : 0;
        for (int64_t i = 1; i <= skip; ++i) missing.insert(newest + i);
        newest += skip + 1;
        tracker.handle_packet(now, newest);
      }
      for (const uint16_t wanted : ask(tracker, now)) {
        bool found = false;
        for (const int64_t m : missing) found = found || static_cast<uint16_t>(m) == wanted;
        EXPECT_TRUE(found) << wanted;
      }
      EXPECT_LE(tracker.missing(), NackTracker::kMissingMax);
    }
  }
}

}  // namespace
}  // namespace eir
