#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "lib/base/random.h"
#include "lib/transport/ice_lite.h"
#include "tests/unit/lib/transport/ice_lite_agent.h"

namespace eir {
namespace {

// Everything at random in virtual time; what must always hold is asked after each step. `known_` is the caller's table
// of paths, kept by path_is_new and by events alone, as Transport does.
class RandomRun {
 public:
  explicit RandomRun(uint64_t seed) : random_(seed) {}

  void all() {
    for (int i = 0; i < 600 && !testing::Test::HasFatalFailure(); ++i) {
      step();
      if (random_.chance(0.5)) drain();
      invariants();
    }
  }

 private:
  void step() {
    const Path path = path_of(static_cast<uint8_t>(random_.below(30)), static_cast<uint32_t>(random_.below(2)));
    const uint64_t dice = random_.below(100);
    if (dice < 60) {
      check(path);
    } else if (dice < 85) {
      agent_.media(path);
    } else if (dice < 97) {
      agent_.now += Duration(static_cast<int64_t>(random_.below(4'000'000'000)));
      if (random_.chance(0.8)) agent_.ice.handle_timeout(agent_.now);
    } else if (dice < 98) {
      live_.push_back(make_ice_credentials(random_));
      agent_.ice.restart(agent_.now, live_.back());
      if (live_.size() > 4) live_.erase(live_.begin());
    } else if (dice < 99) {
      agent_.now += 40s;
    } else {
      agent_.ice.handle_path_closed(agent_.now, path);
    }
  }

  void check(const Path& path) {
    const IceCredentials& credentials = live_[random_.below(live_.size())];
    const bool is_forged = random_.chance(0.3);
    const StunOutcome outcome = agent_.check(path, {.use_candidate = random_.chance(0.3),
                                                    .priority = static_cast<uint32_t>(random_.below(4)),
                                                    .username = credentials.ufrag + ":x",
                                                    .pwd = is_forged ? "forged" : credentials.pwd});
    EXPECT_EQ(outcome.rejection == StunRejection::kNone, outcome.reply_size > 0);
    EXPECT_TRUE(!is_forged || outcome.reply_size == 0);
    if (outcome.path_is_new && std::find(known_.begin(), known_.end(), path) == known_.end()) known_.push_back(path);
  }

  void drain() {
    while (auto event = agent_.ice.poll_event()) {
      if (const auto* removed = std::get_if<IcePathRemoved>(&*event)) {
        known_.erase(std::remove(known_.begin(), known_.end(), removed->path), known_.end());
        if (selected_ == removed->path) selected_.reset();
      } else if (const auto* selected = std::get_if<IcePathSelected>(&*event)) {
        selected_ = selected->path;
      }
    }
    ASSERT_EQ(known_.size(), agent_.ice.path_count());
    for (const Path& path : known_) ASSERT_TRUE(agent_.ice.is_validated(path));
    ASSERT_EQ(selected_.has_value(), agent_.ice.selected_path() != nullptr);
    ASSERT_TRUE(!selected_ || agent_.is_selected(*selected_));
  }

  void invariants() const {
    const IceLite& ice = agent_.ice;
    ASSERT_LE(ice.path_count(), IceLite::kPathsMax);
    if (ice.selected_path() != nullptr) {
      ASSERT_TRUE(ice.is_validated(*ice.selected_path()));
      ASSERT_EQ(ice.send_path(), ice.selected_path());
    }
    ASSERT_EQ(ice.send_path() == nullptr, ice.path_count() == 0);
    ASSERT_TRUE(ice.next_timeout() != kNever || ice.is_expired());
  }

  SeededRandom random_;
  IceLiteAgent agent_;
  std::vector<IceCredentials> live_ = {kIceLocal};
  std::vector<Path> known_;
  std::optional<Path> selected_;
};

TEST(IceLiteProperty, InvariantsHoldForRandomChecksMediaAndTime) {
  for (uint64_t seed = 1; seed <= 60 && !HasFatalFailure(); ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    RandomRun(seed).all();
  }
}

}  // namespace
}  // namespace eir
