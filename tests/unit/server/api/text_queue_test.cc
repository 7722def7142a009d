#include "server/api/text_queue.h"

#include <gtest/gtest.h>

namespace eir {
namespace {

TEST(TextQueue, GivesTheOldestFirst) {
  TextQueue queue;
  EXPECT_TRUE(queue.push("one"));
  EXPECT_TRUE(queue.push("three"));
  EXPECT_EQ(queue.bytes(), 8U);
  EXPECT_EQ(queue.pop(), "one");
  EXPECT_EQ(queue.bytes(), 5U);
  EXPECT_EQ(queue.pop(), "three");
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(queue.bytes(), 0U);
}

TEST(TextQueue, TakesNoMoreTextsThanItsLimit) {
  TextQueue queue;
  for (size_t i = 0; i < TextQueue::kTextsMax; ++i) ASSERT_TRUE(queue.push(""));
  EXPECT_FALSE(queue.push(""));
  queue.pop();
  EXPECT_TRUE(queue.push(""));
}

TEST(TextQueue, TakesNoMoreBytesThanItsLimit) {
  TextQueue queue;
  EXPECT_TRUE(queue.push(std::string(TextQueue::kBytesMax - 10, 'x')));
  EXPECT_FALSE(queue.push(std::string(11, 'x')));
  EXPECT_TRUE(queue.push(std::string(10, 'x')));
  EXPECT_FALSE(queue.push("x"));
  queue.pop();
  EXPECT_TRUE(queue.push(std::string(1000, 'x')));
  EXPECT_EQ(queue.bytes(), 1010U);
}

}  // namespace
}  // namespace eir
