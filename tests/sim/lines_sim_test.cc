#include "tests/sim/sim_test.h"
#include "tests/support/line_rows.h"

// The router on rows of the table of lines, one round trip each; all of them and more seeds by line_table (README.md).

namespace eir {
namespace {

class LinesSim : public SimTest {
 protected:
  static void expect_as_asked(std::string_view name, Duration round_trip, LineSource source = LineSource::kBrowser) {
    const LineRow& row = line_row(name);
    const LineResult result = row.run(row, {.round_trip = round_trip, .seed = GetParam(), .source = source});
    EXPECT_EQ(shortfalls(result.figures), "") << name << ", round trip " << to_ms(round_trip) << " ms";
  }
};
INSTANTIATE_TEST_SUITE_P(Seeds, LinesSim, testing::Values(1, 2));

TEST_P(LinesSim, ALineIsFoundAndNotFilled) {
  expect_as_asked("constant_300k", 150ms);
  expect_as_asked("constant_8M", 300ms);
}

TEST_P(LinesSim, RandomLossDoesNotLowerTheEstimate) { expect_as_asked("loss_5_1M", 50ms); }

TEST_P(LinesSim, LossInBurstsDoesNotLowerTheEstimate) { expect_as_asked("bursts_3M", 150ms); }

TEST_P(LinesSim, JitterDoesNotLowerTheEstimate) { expect_as_asked("jitter_1M", 50ms); }

TEST_P(LinesSim, ReorderingDoesNotLowerTheEstimate) { expect_as_asked("reordering_3M", 300ms); }

TEST_P(LinesSim, TwoReceiversShareALine) { expect_as_asked("two_receivers_1M", 150ms); }

TEST_P(LinesSim, AThinLineChangesNoByteForTheOthers) { expect_as_asked("one_of_eight_200k", 50ms, LineSource::kDeaf); }

TEST_P(LinesSim, AWoundKeepsItsDetail) { expect_as_asked("wound_1500k", 150ms); }

TEST_P(LinesSim, LossOfAPublisherIsNoneOfTheReceivers) { expect_as_asked("uplink_loss_5_1M", 150ms); }

}  // namespace
}  // namespace eir
