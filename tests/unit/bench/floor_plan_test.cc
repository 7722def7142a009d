#include "bench/floor_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace eir::bench {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::IsEmpty;

struct Sums {
  size_t datagrams_in = 0;
  size_t datagrams_out = 0;
  size_t messages = 0;
  size_t senders = 0;
  std::map<size_t, size_t> batches;  // by size
  std::map<size_t, size_t> runs;     // by length
};

Sums sums_of(const FloorPlan& plan) {
  Sums out;
  for (const FloorPlan::Batch& batch : plan.batches) {
    out.datagrams_in += batch.datagrams;
    ++out.batches[batch.datagrams];
    out.senders += batch.runs.empty() ? 0 : 1;
    out.messages += batch.runs.size();
    for (const size_t run : batch.runs) {
      out.datagrams_out += run;
      ++out.runs[run];
    }
  }
  return out;
}

TEST(SizesLike, KeepTheProportionsOfTheClassesAndTheMeanOfAll) {
  // 20 batches: 10 of one, 10 of 2 or 3 that have 25 together.
  EXPECT_THAT(sizes_like({10, 10, 0, 0, 0, 0}, 35, 8), ElementsAre(1, 1, 1, 1, 3, 2, 3, 2));
  // The largest remainder gets what is left over: of 5, 4.17 and 0.83.
  EXPECT_THAT(sizes_like({10, 0, 2, 0, 0, 0}, 18, 5), ElementsAre(1, 1, 1, 1, 4));
  EXPECT_THAT(sizes_like({0, 0, 0, 0, 0, 3}, 3 * 64, 4), Each(64));
  EXPECT_THAT(sizes_like({}, 0, 4), IsEmpty());
}

TEST(SizesLike, AreNeverOutsideTheirClass) {
  EXPECT_THAT(sizes_like({0, 4, 0, 0, 0, 0}, 400, 4), Each(3));
  EXPECT_THAT(sizes_like({0, 4, 0, 0, 0, 0}, 0, 4), Each(2));
}

// A sound alone and a group of 4 pictures in turn, each to 30 as one message.
TEST(FloorPlan, AFanOutSendsEachBatchToEverybodyInRunsOfItsSize) {
  const FloorPlan plan = plan_floor({.seconds = 1,
                                     .destinations = 30,
                                     .batches = {64, 0, 64, 0, 0, 0},
                                     .datagrams_in = 64 + 256,
                                     .bytes_in = 64 * 141 + 256 * 1122,
                                     .messages = {64 * 30, 0, 64 * 30, 0, 0, 0},
                                     .datagrams_out = 320 * 30,
                                     .bytes_out = 320 * 30 * 1000.0,
                                     .send_calls = 128});
  EXPECT_EQ(plan.destinations, 30U);
  EXPECT_EQ(plan.interval, 7'812'500ns);  // 1 s / 128
  EXPECT_EQ(plan.bytes_in, 926U);         // 925.8
  EXPECT_EQ(plan.bytes_out, 1000U);
  EXPECT_EQ(sums_of(plan).batches, (std::map<size_t, size_t>{{1, 128}, {4, 128}}));
  for (const FloorPlan::Batch& batch : plan.batches) {
    EXPECT_EQ(batch.runs.size(), 30U);
    EXPECT_THAT(batch.runs, Each(batch.datagrams));
  }
}

TEST(FloorPlan, OfAScenariosDefaultsHasItsPaceAndItsMeanSize) {
  const FloorPlan plan = plan_floor(fan_out_shape(30));
  EXPECT_EQ(plan.interval, 9'090'909ns);  // 50 sounds and 60 groups a second
  EXPECT_EQ(plan.bytes_in, 953U);         // (50 · 141 + 240 · 1122) / 290
  const Sums sums = sums_of(plan);
  EXPECT_NEAR(static_cast<double>(sums.batches.at(4)) / 256, 60.0 / 110, 0.005);
  EXPECT_NEAR(static_cast<double>(sums.datagrams_out) / static_cast<double>(sums.datagrams_in), 30, 0.3);
}

// 1000 batches of 2 datagrams, 1000 of one; after every fourth 2 messages of 3 datagrams and 2 of one.
TEST(FloorPlan, BatchesThatNothingCameOfStayWithoutMessagesAndTheyAreTheSmallest) {
  const FloorPlan plan = plan_floor({.seconds = 10,
                                     .destinations = 2,
                                     .batches = {1000, 1000, 0, 0, 0, 0},
                                     .datagrams_in = 3000,
                                     .bytes_in = 300'000,
                                     .messages = {1000, 1000, 0, 0, 0, 0},
                                     .datagrams_out = 4000,
                                     .bytes_out = 800'000,
                                     .send_calls = 500});
  ASSERT_EQ(plan.batches.size(), 256U);
  EXPECT_EQ(plan.interval, 5ms);
  EXPECT_EQ(plan.bytes_in, 100U);
  EXPECT_EQ(plan.bytes_out, 200U);
  const Sums sums = sums_of(plan);
  EXPECT_EQ(sums.batches, (std::map<size_t, size_t>{{1, 128}, {2, 128}}));
  EXPECT_EQ(sums.runs, (std::map<size_t, size_t>{{1, 128}, {3, 128}}));
  EXPECT_EQ(sums.senders, 64U);
  for (const FloorPlan::Batch& batch : plan.batches) {
    if (!batch.runs.empty()) EXPECT_EQ(batch.datagrams, 2U);
    size_t segments = 0;
    for (const size_t run : batch.runs) segments += run;
    EXPECT_EQ(segments, batch.runs.empty() ? 0U : 8U);
  }
}

TEST(FloorPlan, OfAThousandDestinationsStaysSmallAndItsCallsAreThoseOfTheRun) {
  const FloorPlan plan = plan_floor(fan_out_shape(1000));
  const Sums sums = sums_of(plan);
  EXPECT_EQ(plan.batches.size(), 32U);  // 1000 messages each, 32,768 at most
  EXPECT_EQ(sums.messages, 32'000U);
  EXPECT_EQ(sums.senders, 32U);
  EXPECT_NEAR(static_cast<double>(sums.datagrams_out) / static_cast<double>(sums.datagrams_in), 1000, 20);
}

TEST(FloorPlan, TooSmallPacketsAreMadeLongEnoughForTheirHeaderAndTag) {
  RecordedShape shape = fan_out_shape(1);
  shape.bytes_in = shape.bytes_out = shape.datagrams_in * 20;
  EXPECT_EQ(plan_floor(shape).bytes_in, 64U);
  EXPECT_EQ(plan_floor(shape).bytes_out, 64U);
}

TEST(RecordedShape, IsTheMeanWorkersAndNothingOfAHostThatDoesNotCount) {
  ScenarioFigures figures;
  EXPECT_FALSE(recorded_shape(figures).has_value());
  figures.seconds = 5;
  figures.worker_count = 2;
  figures.watchers = 60;
  figures.counters = {{"udp_batches_of_1_total", 100},    {"udp_batches_of_4_to_7_total", 200},
                      {"udp_datagrams_in_total", 1000},   {"udp_bytes_in_total", 500'000},
                      {"udp_runs_of_2_to_3_total", 700},  {"udp_datagrams_out_total", 1500},
                      {"udp_bytes_out_total", 1'500'000}, {"udp_send_calls_total", 250}};
  const auto shape = recorded_shape(figures);
  ASSERT_TRUE(shape.has_value());
  EXPECT_EQ(shape->batches, (SizeCounts{100, 0, 200, 0, 0, 0}));
  EXPECT_EQ(shape->messages, (SizeCounts{0, 700, 0, 0, 0, 0}));
  EXPECT_EQ(shape->destinations, 30U);
  // 300 batches of two workers in 5 s: each had one every 33.3 ms.
  EXPECT_EQ(plan_floor(*shape).interval, Duration(33'333'333));
}

}  // namespace
}  // namespace eir::bench
