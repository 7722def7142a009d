#include "server/supervisor/restart_policy.h"

#include <gtest/gtest.h>

namespace eir {
namespace {

constexpr Timestamp at(Duration d) { return Timestamp(std::chrono::hours(1) + d); }

TEST(RestartPolicy, FirstDeathIsFollowedByAStartAtOnce) {
  RestartPolicy policy;
  policy.started(at(0s));
  EXPECT_EQ(policy.died(at(1ms)), 0ms);
}

TEST(RestartPolicy, PausesDoubleUpToTheLongest) {
  RestartPolicy policy;
  std::vector<int64_t> pauses;
  for (int i = 0; i < 9; ++i) {
    policy.started(at(std::chrono::seconds(i)));
    pauses.push_back(to_ms(policy.died(at(std::chrono::seconds(i)))));
  }
  EXPECT_EQ(pauses, (std::vector<int64_t>{0, 100, 200, 400, 800, 1600, 3200, 5000, 5000}));
}

TEST(RestartPolicy, AChildThatRanLongEnoughStartsAfresh) {
  RestartPolicy policy;
  for (int i = 0; i < 4; ++i) {
    policy.started(at(0s));
    policy.died(at(0s));
  }
  policy.started(at(0s));
  EXPECT_EQ(policy.died(at(10s - 1ns)), 800ms);
  policy.started(at(20s));
  EXPECT_EQ(policy.died(at(30s)), 0ms);
}

}  // namespace
}  // namespace eir
