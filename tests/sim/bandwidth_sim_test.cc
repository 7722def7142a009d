#include <gtest/gtest.h>

#include <iostream>
#include <string>

#include "tests/support/bandwidth_figures.h"

// Bandwidth estimation alone, over each line of tests/support/bandwidth_links.h: a few seeds here, twenty and every
// round trip by bandwidth_table (README.md).

namespace eir {
namespace {

class BandwidthSimTest : public testing::TestWithParam<uint64_t> {
 protected:
  void TearDown() override {
    if (HasFailure()) std::cerr << "[   SEED   ] " << GetParam() << '\n';
  }
  void expect_good(std::string_view kind, std::initializer_list<Duration> round_trips) {
    for (const BandwidthLine& line : kBandwidthLines) {
      if (line.name.substr(0, kind.size()) != kind) continue;
      for (const Duration round_trip : round_trips) {
        BandwidthSim::Options options{.line = line, .round_trip = round_trip, .seed = GetParam()};
        EXPECT_EQ(shortfalls(line, run_and_measure(options, 60s)), "")
            << line.name << ", round trip " << to_ms(round_trip) << " ms";
      }
    }
  }
};
INSTANTIATE_TEST_SUITE_P(Seeds, BandwidthSimTest, testing::Values(1, 2, 3));

TEST_P(BandwidthSimTest, ALineOfConstantRateIsFoundAndNotFilled) { expect_good("constant", {20ms, 300ms}); }

TEST_P(BandwidthSimTest, ALineThatGetsThinnerIsFollowedDownAndUpAgain) { expect_good("dip", {50ms, 300ms}); }

TEST_P(BandwidthSimTest, RandomLossDoesNotLowerTheEstimate) { expect_good("loss", {50ms}); }

TEST_P(BandwidthSimTest, LossInBurstsDoesNotLowerTheEstimate) { expect_good("bursts", {50ms}); }

TEST_P(BandwidthSimTest, JitterDoesNotLowerTheEstimate) { expect_good("jitter", {50ms}); }

// Jitter makes trends; it is the want of a queue that tells them from overuse.
TEST_P(BandwidthSimTest, TrendsOfJitterAreNotTakenForOveruse) {
  BandwidthSim::Options options{.line = {.name = "jitter_8M", .rate = DataRate::kbps(8000), .jitter = 80ms},
                                .round_trip = 50ms,
                                .seed = GetParam()};
  BandwidthSim sim(options);
  sim.run_until(60s);
  const BandwidthEstimator::Counters& counters = sim.flow().estimator().counters();
  EXPECT_GE(counters.overuses_unconfirmed, 10U);
  EXPECT_LE(counters.decreases, 6U);
}

TEST_P(BandwidthSimTest, ReorderingDoesNotLowerTheEstimate) { expect_good("reordering", {50ms}); }

TEST_P(BandwidthSimTest, AThinLineThatLosesIsNotFilled) { expect_good("thin", {300ms}); }

TEST_P(BandwidthSimTest, TwoReceiversShareALineFairly) {
  const BandwidthShares shares = run_two_receivers(50ms, BandwidthSource::kOneLayer, GetParam());
  for (const double share : {shares.first_estimate, shares.second_estimate}) {
    EXPECT_GE(share, 0.5);
    EXPECT_LE(share, 2.0);
  }
}

// A link that drops what exceeds its rate almost without a queue, as a policer does: only loss tells.
TEST_P(BandwidthSimTest, APolicerIsFoundByItsLoss) {
  BandwidthSim::Options options{.line = {.name = "policer_1M", .rate = DataRate::kbps(1000)},
                                .round_trip = 50ms,
                                .queue = 30ms,
                                .seed = GetParam()};
  options.flows[0].source = BandwidthSource::kEncoder;
  BandwidthSim sim(options);
  sim.run_until(40s);
  const BandwidthFigures figures = measure(sim, options);
  EXPECT_LE(figures.audio_loss, 0.05);
  EXPECT_GE(figures.mean_estimate, 0.6);
  EXPECT_LE(figures.mean_estimate, 1.05);
}

TEST_P(BandwidthSimTest, TheSameSeedGivesTheSameRun) {
  BandwidthSim::Options options{.line = kBandwidthLines[1], .seed = GetParam()};
  BandwidthSim first(options);
  BandwidthSim second(options);
  first.run_until(10s);
  second.run_until(10s);
  EXPECT_EQ(first.flow().totals().sent_bytes, second.flow().totals().sent_bytes);
  EXPECT_EQ(first.flow().totals().received_bytes, second.flow().totals().received_bytes);
  EXPECT_EQ(first.flow().estimator().target(), second.flow().estimator().target());
  EXPECT_GT(first.flow().totals().received_bytes, 400'000U);  // of the 1.25 MB that 1 Mbit/s carries
}

}  // namespace
}  // namespace eir
