#include "server/media/turn_spacing.h"

#include <gtest/gtest.h>

namespace eir {
namespace {

constexpr Duration kSpacing = TurnSpacing::kSpacing;

class TurnSpacingTest : public testing::Test {
 protected:
  // Turns so far apart, for so long.
  void turns(Duration apart, size_t datagrams, Duration for_long) {
    const Timestamp end = now_ + for_long;
    while (now_ < end) {
      now_ += apart;
      spacing_.note_turn(now_, datagrams);
    }
  }
  bool waits() const { return spacing_.next_turn() > now_; }

  TurnSpacing spacing_;
  Timestamp now_{100s};
};

TEST_F(TurnSpacingTest, NothingWaitsAtFirst) {
  spacing_.note_turn(now_, 1);
  EXPECT_EQ(spacing_.next_turn(), now_);
}

// One call of three people: 300 datagrams a second.
TEST_F(TurnSpacingTest, NothingWaitsWhereDatagramsComeSeldom) {
  turns(3ms, 1, 1s);
  EXPECT_FALSE(waits());
}

// A group of a large picture is one turn, however many datagrams it has.
TEST_F(TurnSpacingTest, NothingWaitsWhereTurnsBringMuchAtATime) {
  turns(5ms, 40, 1s);
  EXPECT_FALSE(waits());
}

TEST_F(TurnSpacingTest, TurnsAreSpacedWhereTheyComeDensely) {
  turns(kSpacing / 4, 1, 2 * TurnSpacing::kWindow);
  EXPECT_EQ(spacing_.next_turn(), now_ + kSpacing);
}

TEST_F(TurnSpacingTest, TheyStaySoWhileEachBringsEnough) {
  turns(kSpacing / 4, 1, 2 * TurnSpacing::kWindow);
  turns(kSpacing, 4, 1s);
  EXPECT_TRUE(waits());
}

TEST_F(TurnSpacingTest, TheyAreNotSpacedAnyMoreWhenLessComes) {
  turns(kSpacing / 4, 1, 2 * TurnSpacing::kWindow);
  turns(2 * kSpacing, 1, 3 * TurnSpacing::kWindow);
  EXPECT_FALSE(waits());
}

TEST_F(TurnSpacingTest, NorAfterASilence) {
  turns(kSpacing / 4, 1, 2 * TurnSpacing::kWindow);
  now_ += 10s;
  spacing_.note_turn(now_, 1);
  EXPECT_FALSE(waits());
}

}  // namespace
}  // namespace eir
