#include "server/media/added_delay.h"

#include <gtest/gtest.h>

namespace eir {
namespace {

TEST(AddedDelay, EachDatagramOfABatchCountsAsItsOldest) {
  AddedDelay delay;
  EXPECT_FALSE(delay.has_sent(7));
  delay.handle_batch(1000s, 3, 7);
  ASSERT_TRUE(delay.has_sent(8));
  delay.handle_sent(1000s + 50us);
  EXPECT_FALSE(delay.has_sent(9));
  EXPECT_EQ(delay.histogram().count(), 3U);
  EXPECT_EQ(delay.histogram().sum(), 150us);
}

TEST(AddedDelay, WhatNothingCameOfDoesNotCount) {
  AddedDelay delay;
  delay.handle_batch(1000s, 3, 7);
  EXPECT_FALSE(delay.has_sent(7));
  EXPECT_FALSE(delay.has_sent(8)) << "what a timer sends later is not its";
  delay.handle_batch(1001s, 1, 8);
  ASSERT_TRUE(delay.has_sent(9));
  delay.handle_sent(1001s + 1ms);
  EXPECT_EQ(delay.histogram().count(), 1U);
  EXPECT_EQ(delay.histogram().sum(), 1ms);
}

TEST(AddedDelay, WhatCouldNotBeSentWaitsFromItsOwnArrival) {
  AddedDelay delay;
  delay.handle_batch(1000s, 1, 0);
  delay.handle_batch(1000s + 5ms, 2, 1);
  ASSERT_TRUE(delay.has_sent(6));
  delay.handle_sent(1000s + 6ms);
  EXPECT_EQ(delay.histogram().count(), 3U);
  EXPECT_EQ(delay.histogram().sum(), 18ms);
}

}  // namespace
}  // namespace eir
