#include "server/workers/worker_load.h"

#include <gtest/gtest.h>

#include <array>
#include <vector>

namespace eir {
namespace {

Timestamp at(Duration d) { return Timestamp(100s + d); }

// A report each second of a worker that uses this share of its core and sends this much.
void report(WorkerLoad& load, int from_s, int to_s, double cpu_percent, double mbit) {
  for (int s = from_s; s <= to_s; ++s) {
    load.handle_report({.at = at(std::chrono::seconds(s)),
                        .cpu_seconds = 7 + s * cpu_percent / 100,
                        .bytes_out = 1e9 + s * mbit * 1e6 / 8});
  }
}

TEST(WorkerLoad, IsNothingBeforeTwoReports) {
  WorkerLoad load;
  EXPECT_EQ(load.cpu_percent(), 0);
  load.handle_report({.at = at(0s), .cpu_seconds = 50, .bytes_out = 1e9});
  EXPECT_EQ(load.cpu_percent(), 0);
  EXPECT_EQ(load.egress_mbit(), 0);
}

TEST(WorkerLoad, IsTheShareOfTheLastSeconds) {
  WorkerLoad load;
  report(load, 0, 10, 40, 200);
  EXPECT_NEAR(load.cpu_percent(), 40, 1e-6);
  EXPECT_NEAR(load.egress_mbit(), 200, 1e-6);
  // One second of 100 % within a window of three: (40 + 40 + 100) / 3.
  load.handle_report({.at = at(11s), .cpu_seconds = 7 + 4 + 1, .bytes_out = 1e9 + 10 * 25e6});
  EXPECT_NEAR(load.cpu_percent(), 60, 1e-6);
}

// 16 ms of keys and rules within the first 20 ms would be 80 % of a core.
TEST(WorkerLoad, TheMomentsOfItsStartAreNoLoad) {
  WorkerLoad load;
  load.handle_report({.at = at(0ms), .cpu_seconds = 0.002, .bytes_out = 0});
  load.handle_report({.at = at(20ms), .cpu_seconds = 0.018, .bytes_out = 1e6});
  EXPECT_EQ(load.cpu_percent(), 0);
  EXPECT_EQ(load.egress_mbit(), 0);
  load.handle_report({.at = at(1000ms), .cpu_seconds = 0.102, .bytes_out = 1e6});
  EXPECT_NEAR(load.cpu_percent(), 10, 1e-6);
}

TEST(WorkerLoad, LateReportsAreReadByTheirOwnClock) {
  WorkerLoad load;
  load.handle_report({.at = at(0s), .cpu_seconds = 0, .bytes_out = 0});
  load.handle_report({.at = at(20s), .cpu_seconds = 10, .bytes_out = 0});
  EXPECT_NEAR(load.cpu_percent(), 50, 1e-6);
}

TEST(WorkerLoad, ANewWorkerBeginsAnew) {
  WorkerLoad load;
  report(load, 0, 10, 90, 900);
  load.handle_report({.at = at(11s), .cpu_seconds = 0.1, .bytes_out = 0});
  EXPECT_EQ(load.cpu_percent(), 0);
  load.handle_report({.at = at(12s), .cpu_seconds = 0.2, .bytes_out = 0});
  EXPECT_NEAR(load.cpu_percent(), 10, 1e-6);
}

TEST(WorkerLoad, WhoWasLetInJustNowCountsAndFades) {
  WorkerLoad load;
  report(load, 0, 10, 30, 0);
  for (int i = 0; i < 10; ++i) load.expect(at(10s), 1);
  EXPECT_NEAR(load.expected_cpu_percent(at(10s)), 40, 1e-6);
  EXPECT_NEAR(load.expected_cpu_percent(at(10s) + WorkerLoad::kFading), 30 + 10 * 0.36788, 1e-3);
  EXPECT_NEAR(load.expected_cpu_percent(at(100s)), 30, 0.01);
  EXPECT_NEAR(load.cpu_percent(), 30, 1e-6);
}

TEST(RoomPlaces, TheLeastLoadedTakesTheNextRoom) {
  const std::array<RoomPlace, 3> places{{{0, 60, 1}, {1, 20, 9}, {2, 40, 2}}};
  EXPECT_EQ(emptiest(places)->worker, 1U);
  EXPECT_EQ(emptiest({}), nullptr);
}

TEST(RoomPlaces, AmongLoadsAlikeTheFewestRoomsDecide) {
  const std::array<RoomPlace, 3> places{{{0, 20, 5}, {1, 24.9, 3}, {2, 25.1, 0}}};
  EXPECT_EQ(emptiest(places)->worker, 1U);
}

// As many as 50 between two reports: the worker with less to do gets more of them, but not all.
TEST(RoomPlaces, ManyRoomsAtOnceDoNotAllGoToOneWorker) {
  std::array<WorkerLoad, 2> loads;
  report(loads[0], 0, 10, 20, 0);
  report(loads[1], 0, 10, 40, 0);
  std::array<uint32_t, 2> rooms{10, 20};
  std::array<uint32_t, 2> taken{};
  for (int i = 0; i < 50; ++i) {
    std::vector<RoomPlace> places;
    for (uint32_t w = 0; w < 2; ++w) places.push_back({w, loads[w].expected_cpu_percent(at(10s)), rooms[w]});
    const uint32_t chosen = emptiest(places)->worker;
    loads[chosen].expect(at(10s), 1);  // a room and its three people
    ++rooms[chosen];
    ++taken[chosen];
  }
  // 16 until they are 5 % apart (20 + 16 > 40 − 5), then wherever there are fewer rooms within 5 %: 20 + a and 40 + b
  // with a + b = 50 end between 5 % apart one way and the other.
  EXPECT_GE(taken[0], 32U);
  EXPECT_LE(taken[0], 38U);
  EXPECT_EQ(taken[0] + taken[1], 50U);
}

}  // namespace
}  // namespace eir
