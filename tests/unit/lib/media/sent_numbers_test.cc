#include "lib/media/sent_numbers.h"

#include <gtest/gtest.h>

#include <set>

#include "lib/base/random.h"

namespace eir {
namespace {

TEST(SentNumbers, BeforeAnythingIsSentNothingIsKnown) {
  const SentNumbers sent;
  EXPECT_TRUE(sent.empty());
  EXPECT_FALSE(sent.open_up_to(5));
}

TEST(SentNumbers, WhatWasLeftOutIsOpenUntilItIsSent) {
  SentNumbers sent;
  for (const int64_t n : {10, 11, 13, 16}) sent.insert(n);
  EXPECT_EQ(sent.first(), 10);
  EXPECT_EQ(sent.open_up_to(11), 0);
  EXPECT_EQ(sent.open_up_to(13), 1);
  EXPECT_EQ(sent.open_up_to(16), 3);
  sent.insert(12);
  EXPECT_EQ(sent.open_up_to(13), 0);
  EXPECT_EQ(sent.open_up_to(16), 2);
}

TEST(SentNumbers, ANumberThatWasNeverSentIsNoReportsHighest) {
  SentNumbers sent;
  for (const int64_t n : {10, 13}) sent.insert(n);
  EXPECT_FALSE(sent.open_up_to(9));
  EXPECT_FALSE(sent.open_up_to(12));
  EXPECT_FALSE(sent.open_up_to(14));
}

TEST(SentNumbers, BeyondTheWindowNothingIsSaid) {
  SentNumbers sent;
  sent.insert(0);
  sent.insert(SentNumbers::kWindow - 1);
  EXPECT_EQ(sent.open_up_to(0), 0);
  sent.insert(SentNumbers::kWindow);
  EXPECT_FALSE(sent.open_up_to(0));
  EXPECT_EQ(sent.open_up_to(SentNumbers::kWindow), SentNumbers::kWindow - 2);
  // A jump over the whole window leaves no old bit behind.
  sent.insert(3 * SentNumbers::kWindow);
  EXPECT_EQ(sent.open_up_to(3 * SentNumbers::kWindow), 3 * SentNumbers::kWindow + 1 - 4);
  EXPECT_FALSE(sent.open_up_to(2 * SentNumbers::kWindow + 1));
}

TEST(SentNumbers, UnwrapsToTheNearestOfTheNewest) {
  SentNumbers sent;
  sent.insert(0x1fffe);
  EXPECT_EQ(sent.unwrap(0xfffe), 0x1fffe);
  EXPECT_EQ(sent.unwrap(0xfffd), 0x1fffd);
  EXPECT_EQ(sent.unwrap(1), 0x20001);
}

TEST(SentNumbers, AgreesWithASetOverManySeeds) {
  for (uint64_t seed = 0; seed < 100; ++seed) {
    SCOPED_TRACE(seed);
    SeededRandom random(seed);
    SentNumbers sent;
    std::set<int64_t> all;
    std::set<int64_t> open;
    int64_t next = static_cast<int64_t>(random.below(32768));
    const int64_t first = next;
    for (int i = 0; i < 3000; ++i) {
      int64_t number = next;
      if (!open.empty() && random.below(4) == 0) {
        number = *open.begin();
        open.erase(open.begin());
      } else {
        if (i > 0 && random.below(5) == 0) {
          const auto skipped = static_cast<int64_t>(random.below(40));
          for (int64_t n = next; n < next + skipped; ++n) open.insert(n);
          next += skipped;
          number = next;
        }
        ++next;
      }
      sent.insert(number);
      all.insert(number);
      if (i % 50 != 0) continue;
      const int64_t highest = *all.rbegin() - static_cast<int64_t>(random.below(300));
      if (!all.contains(highest) || highest <= *all.rbegin() - SentNumbers::kWindow) continue;
      const auto up_to = static_cast<int64_t>(std::distance(all.begin(), all.upper_bound(highest)));
      ASSERT_EQ(sent.open_up_to(highest), highest - first + 1 - up_to);
    }
  }
}

}  // namespace
}  // namespace eir
