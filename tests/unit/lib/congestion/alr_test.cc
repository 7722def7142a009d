#include "lib/congestion/alr.h"

#include <gtest/gtest.h>

namespace eir {
namespace {

Timestamp at(Duration d) { return Timestamp(100s + d); }

// A packet of `bytes` each 10 ms.
void send(ApplicationLimit& limit, Duration from, Duration until, size_t bytes) {
  for (Duration t = from; t < until; t += 10ms) limit.note_sent(at(t), bytes, DataRate::kbps(1000));
}

TEST(ApplicationLimit, IsLimitedUntilMostOfTheTargetIsSent) {
  ApplicationLimit limit;
  EXPECT_TRUE(limit.is_limited());
  send(limit, 0ms, 510ms, 1000);  // 800 kbit/s of 1000
  EXPECT_EQ(limit.sent(), DataRate::kbps(800));
  EXPECT_TRUE(limit.is_limited());
  send(limit, 510ms, 1010ms, 1100);
  EXPECT_FALSE(limit.is_limited());
}

TEST(ApplicationLimit, StaysUnlimitedDownToThreeQuarters) {
  ApplicationLimit limit;
  send(limit, 0ms, 510ms, 1200);
  EXPECT_FALSE(limit.is_limited());
  send(limit, 510ms, 1010ms, 960);  // 768 kbit/s
  EXPECT_FALSE(limit.is_limited());
  send(limit, 1010ms, 1510ms, 900);  // 720 kbit/s
  EXPECT_TRUE(limit.is_limited());
}

TEST(ApplicationLimit, APauseIsLittleSent) {
  ApplicationLimit limit;
  send(limit, 0ms, 510ms, 1200);
  EXPECT_FALSE(limit.is_limited());
  limit.note_sent(at(5s), 1200, DataRate::kbps(1000));
  EXPECT_TRUE(limit.is_limited());
}

}  // namespace
}  // namespace eir
