#include "lib/media/rewrite_map.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "lib/base/random.h"

namespace eir {
namespace {

// The map only compares source pointers; they are never followed.
ReceiveStream* source(uintptr_t n) { return reinterpret_cast<ReceiveStream*>(n * 64); }

Epoch epoch_of(uintptr_t n, int64_t in_first) {
  Epoch epoch;
  epoch.source = source(n);
  epoch.track = TrackId(static_cast<uint32_t>(n));
  epoch.in_first = in_first;
  return epoch;
}

int64_t out(RewriteMap& map, uintptr_t n, int64_t in) {
  const auto place = map.map(source(n), in);
  return place ? place->out_sequence : -1;
}

TEST(RewriteMap, FirstPacketGetsTheFirstNumber) {
  RewriteMap map(100);
  map.begin(epoch_of(1, 70'000));
  EXPECT_EQ(out(map, 1, 70'000), 100);
  EXPECT_EQ(out(map, 1, 70'001), 101);
  EXPECT_EQ(out(map, 1, 69'999), -1);
}

TEST(RewriteMap, IncomingLossStaysAGapThatCanBeFilled) {
  RewriteMap map(100);
  map.begin(epoch_of(1, 10));
  EXPECT_EQ(out(map, 1, 10), 100);
  EXPECT_EQ(out(map, 1, 13), 103);
  EXPECT_EQ(out(map, 1, 11), 101);
  EXPECT_EQ(map.next_out(), 104);
}

TEST(RewriteMap, DroppedPacketLeavesNoGap) {
  RewriteMap map(100);
  map.begin(epoch_of(1, 10));
  EXPECT_EQ(out(map, 1, 10), 100);
  EXPECT_TRUE(map.drop(11, true));
  EXPECT_TRUE(map.drop(12, true));
  EXPECT_EQ(out(map, 1, 13), 101);
  EXPECT_EQ(out(map, 1, 11), -1);
  EXPECT_EQ(out(map, 1, 12), -1);
  EXPECT_EQ(map.map(source(1), 14)->pictures_dropped, 2);
}

TEST(RewriteMap, AShiftOfTimeMovesNoNumber) {
  RewriteMap map(100);
  Epoch epoch = epoch_of(1, 10);
  epoch.timestamp_offset = 0xffff'fff0;
  epoch.picture_id_offset = 7;
  map.begin(epoch);
  EXPECT_EQ(out(map, 1, 10), 100);
  EXPECT_TRUE(map.drop(11, true));
  EXPECT_EQ(out(map, 1, 12), 101);
  map.shift_time(960);
  EXPECT_EQ(out(map, 1, 14), 103);
  const auto missed = map.map(source(1), 13);
  ASSERT_TRUE(missed);
  EXPECT_EQ(missed->out_sequence, 102);
  EXPECT_EQ(missed->epoch->timestamp_offset, 0xffff'fff0 + 960);
  EXPECT_EQ(missed->epoch->picture_id_offset, 6);
  const auto before = map.reverse(101);
  ASSERT_TRUE(before);
  EXPECT_EQ(before->in_sequence, 12);
  EXPECT_EQ(before->epoch->timestamp_offset, 0xffff'fff0);
}

TEST(RewriteMap, DropBehindLossKeepsThePlaceOfTheLostOne) {
  RewriteMap map(100);
  map.begin(epoch_of(1, 10));
  EXPECT_EQ(out(map, 1, 10), 100);
  EXPECT_TRUE(map.drop(12, false));  // 11 is missing
  EXPECT_EQ(out(map, 1, 13), 102);
  EXPECT_EQ(out(map, 1, 11), 101);
}

TEST(RewriteMap, ALateDropSaysThatItsNumberIsTaken) {
  RewriteMap map(100);
  map.begin(epoch_of(1, 10));
  EXPECT_EQ(out(map, 1, 10), 100);
  EXPECT_EQ(out(map, 1, 12), 102);
  EXPECT_FALSE(map.drop(11, true));
  EXPECT_EQ(out(map, 1, 11), 101);
}

TEST(RewriteMap, ASwitchContinuesTheNumbersAndLatePacketsOfTheOldSourceStayBehindIt) {
  RewriteMap map(100);
  map.begin(epoch_of(1, 10));
  EXPECT_EQ(out(map, 1, 10), 100);
  EXPECT_EQ(out(map, 1, 12), 102);
  map.begin(epoch_of(2, 5000));
  EXPECT_EQ(out(map, 2, 5000), 103);
  EXPECT_EQ(out(map, 1, 11), 101);  // the gap before the switch
  EXPECT_EQ(out(map, 1, 13), -1);   // would be beyond it
}

TEST(RewriteMap, SourceThatComesBackDoesNotMixItsEpochs) {
  RewriteMap map(100);
  map.begin(epoch_of(1, 10));
  EXPECT_EQ(out(map, 1, 10), 100);
  map.begin(epoch_of(2, 500));
  EXPECT_EQ(out(map, 2, 500), 101);
  map.begin(epoch_of(1, 20));
  EXPECT_EQ(out(map, 1, 20), 102);
  EXPECT_EQ(out(map, 1, 11), -1);
  EXPECT_EQ(map.reverse(100)->in_sequence, 10);
  EXPECT_EQ(map.reverse(101)->epoch->source, source(2));
  EXPECT_EQ(map.reverse(102)->in_sequence, 20);
}

TEST(RewriteMap, AnInsertedPacketTakesOneNumberAndHasNoSource) {
  RewriteMap map(100);
  map.begin(epoch_of(1, 10));
  EXPECT_EQ(out(map, 1, 10), 100);
  EXPECT_EQ(map.insert(), 101);
  EXPECT_EQ(out(map, 1, 11), 102);
  EXPECT_EQ(map.reverse(101), std::nullopt);
  EXPECT_EQ(map.reverse(102)->in_sequence, 11);
}

TEST(RewriteMap, VoidedTrackIsNeitherMappedNorReversed) {
  RewriteMap map(100);
  map.begin(epoch_of(1, 10));
  EXPECT_EQ(out(map, 1, 10), 100);
  map.begin(epoch_of(2, 50));
  EXPECT_EQ(out(map, 2, 50), 101);
  map.void_track(TrackId(1));
  EXPECT_EQ(map.reverse(100), std::nullopt);
  EXPECT_EQ(map.reverse(101)->in_sequence, 50);
  map.void_track(TrackId(2));
  EXPECT_EQ(out(map, 2, 51), -1);
}

TEST(RewriteMap, WhatWasNeverSentIsNotReversed) {
  RewriteMap map(100);
  map.begin(epoch_of(1, 10));
  EXPECT_EQ(map.reverse(100), std::nullopt);
  EXPECT_EQ(map.reverse(99), std::nullopt);
}

TEST(RewriteMap, OldestEpochGivesWayAndIsCounted) {
  RewriteMap map(0);
  for (uintptr_t i = 1; i <= RewriteMap::kEpochsMax + 1; ++i) {
    map.begin(epoch_of(i, 1000));
    EXPECT_EQ(out(map, i, 1000), static_cast<int64_t>(i) - 1);
  }
  EXPECT_EQ(map.epochs_forgotten(), 1U);
  EXPECT_EQ(map.reverse(0), std::nullopt);
  EXPECT_EQ(map.reverse(1)->epoch->source, source(2));
}

// Random sources, losses, reordering, drops and insertions: outgoing numbers are unique, without gaps but for incoming
// loss, and every one is reversed to just the packet that got it.
TEST(RewriteMap, PictureIdsCloseUpByEachDroppedPictureWhenOldRunsFold) {
  RewriteMap map(0);
  map.begin(epoch_of(1, 0));
  for (int dropped = 0; dropped < 3 * static_cast<int>(RewriteMap::kDropRunsMax); ++dropped) {
    const auto place = map.map(source(1), 2 * dropped);
    ASSERT_TRUE(place);
    EXPECT_EQ(static_cast<uint16_t>(place->pictures_dropped - place->epoch->picture_id_offset), dropped);
    EXPECT_TRUE(map.drop(2 * dropped + 1, true));
  }
}

TEST(RewriteMap, PropertyForwardAndReverseAgree) {
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    SCOPED_TRACE(seed);
    SeededRandom random(seed);
    RewriteMap map(static_cast<uint16_t>(random.below(32768)));
    const int64_t first = map.next_out();
    std::map<int64_t, std::pair<uintptr_t, int64_t>> sent;  // out → (source, in)
    std::set<int64_t> taken;
    uintptr_t current = 0;
    int64_t in = 0;
    std::set<int64_t> skipped;
    for (int step = 0; step < 400; ++step) {
      if (current == 0 || random.chance(0.02)) {
        current += 1;
        in = static_cast<int64_t>(random.below(100'000)) + 65536;
        skipped.clear();
        map.begin(epoch_of(current, in));
      }
      if (random.chance(0.1)) {  // lost or late
        skipped.insert(in++);
        continue;
      }
      if (!skipped.empty() && random.chance(0.5)) {
        const int64_t late = *skipped.begin();
        skipped.erase(skipped.begin());
        if (const auto place = map.map(source(current), late)) {
          EXPECT_TRUE(taken.insert(place->out_sequence).second);
          sent[place->out_sequence] = {current, late};
        }
        continue;
      }
      if (random.chance(0.02)) {
        EXPECT_TRUE(taken.insert(map.insert()).second);
        skipped.clear();  // older gaps belong to the epoch before the insertion, too few to matter here
        continue;
      }
      if (random.chance(0.3)) {
        EXPECT_TRUE(map.drop(in++, false));
        continue;
      }
      const auto place = map.map(source(current), in);
      ASSERT_TRUE(place);
      EXPECT_TRUE(taken.insert(place->out_sequence).second);
      EXPECT_GE(place->out_sequence, first);
      sent[place->out_sequence] = {current, in++};
    }
    size_t reversed = 0;
    for (const auto& [number, origin] : sent) {
      const auto place = map.reverse(number);
      if (!place) continue;  // folded away: allowed for old ones only
      EXPECT_EQ(place->epoch->source, source(origin.first));
      EXPECT_EQ(place->in_sequence, origin.second);
      ++reversed;
    }
    EXPECT_GT(reversed, 50U);
    const auto newest = map.reverse(map.next_out() - 1);
    if (newest && sent.contains(map.next_out() - 1)) {
      EXPECT_EQ(newest->in_sequence, sent[map.next_out() - 1].second);
    }
  }
}

}  // namespace
}  // namespace eir
