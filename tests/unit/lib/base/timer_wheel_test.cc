#include "lib/base/timer_wheel.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <vector>

#include "lib/base/random.h"

namespace eir {
namespace {

struct Item : TimerWheel<Item>::Node {
  int name = 0;
};

Timestamp at(Duration d) { return Timestamp(d); }

TEST(TimerWheel, FiresOnceAndNotBeforeItsTime) {
  TimerWheel<Item> wheel;
  Item item;
  wheel.set(item, at(10ms + 1us));
  int fired = 0;
  const auto count = [&](Item&) { ++fired; };
  wheel.advance(at(10ms), count);
  EXPECT_EQ(fired, 0);
  EXPECT_EQ(wheel.next_timeout(), at(11ms));
  wheel.advance(at(11ms), count);
  wheel.advance(at(5s), count);
  EXPECT_EQ(fired, 1);
  EXPECT_EQ(wheel.next_timeout(), kNever);
}

TEST(TimerWheel, ADeadlineBeyondItsTurnIsKept) {
  TimerWheel<Item> wheel;
  Item item;
  wheel.set(item, at(60s));
  int fired = 0;
  for (Duration t = 0ms; t < 59s; t += 500ms) wheel.advance(at(t), [&](Item&) { ++fired; });
  EXPECT_EQ(fired, 0);
  wheel.advance(at(60s), [&](Item&) { ++fired; });
  EXPECT_EQ(fired, 1);
}

TEST(TimerWheel, APastDeadlineFiresAtTheNextTick) {
  TimerWheel<Item> wheel;
  Item item;
  wheel.advance(at(100ms), [](Item&) {});
  wheel.set(item, at(50ms));
  int fired = 0;
  wheel.advance(at(101ms), [&](Item&) { ++fired; });
  EXPECT_EQ(fired, 1);
}

TEST(TimerWheel, ADestroyedItemDoesNotFire) {
  TimerWheel<Item> wheel;
  auto first = std::make_unique<Item>();
  Item second;
  wheel.set(*first, at(5ms));
  wheel.set(second, at(5ms));
  first.reset();
  int fired = 0;
  wheel.advance(at(6ms), [&](Item&) { ++fired; });
  EXPECT_EQ(fired, 1);
}

TEST(TimerWheel, ReArmingFromTheCallbackFiresLaterNotAgain) {
  TimerWheel<Item> wheel;
  Item item;
  wheel.set(item, at(5ms));
  std::vector<int64_t> fired;
  for (Duration t = 0ms; t <= 20ms; t += 1ms) {
    wheel.advance(at(t), [&](Item& i) {
      fired.push_back(to_ms(t));
      wheel.set(i, at(t));  // as soon as possible
    });
  }
  EXPECT_EQ(fired.front(), 5);
  EXPECT_EQ(fired.size(), 16U);
}

// Against a plain map, over random sets, removals and steps of time.
TEST(TimerWheel, PropertyFiresWhatAListWouldFire) {
  for (uint64_t seed = 1; seed <= 50; ++seed) {
    SCOPED_TRACE(seed);
    SeededRandom random(seed);
    TimerWheel<Item> wheel;
    std::vector<Item> items(40);
    std::map<Item*, Timestamp> expected;
    Duration now = Duration(static_cast<int64_t>(random.below(1'000'000'000)));
    wheel.advance(at(now), [](Item&) {});
    for (int step = 0; step < 500; ++step) {
      Item& item = items[random.below(items.size())];
      if (random.chance(0.1)) {
        wheel.set(item, kNever);
        expected.erase(&item);
      } else {
        const Timestamp deadline = at(now + Duration(static_cast<int64_t>(random.below(6'000'000'000))));
        wheel.set(item, deadline);
        expected[&item] = deadline;
      }
      now += Duration(static_cast<int64_t>(random.below(random.chance(0.05) ? 9'000'000'000 : 30'000'000)));
      wheel.advance(at(now), [&](Item& fired) {
        ASSERT_TRUE(expected.contains(&fired));
        EXPECT_LE(expected[&fired], at(now));
        expected.erase(&fired);
      });
      for (const auto& [pending, deadline] : expected) EXPECT_GT(deadline + 1ms, at(now));
      Timestamp earliest = kNever;
      for (const auto& [pending, deadline] : expected) earliest = std::min(earliest, deadline);
      if (earliest != kNever) {
        EXPECT_LE(wheel.next_timeout(), std::max(earliest, at(now)) + 1ms);
      }
    }
  }
}

}  // namespace
}  // namespace eir
