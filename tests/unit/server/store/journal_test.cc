#include "server/store/journal.h"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "server/store/sqlite_store.h"
#include "tests/unit/server/store/store_folder.h"

namespace eir {
namespace {

namespace asio = boost::asio;
using std::chrono::milliseconds;

// What the test and the store's thread both see.
struct Disk {
  std::mutex mutex;
  std::condition_variable changed;
  int failures_left = 0;
  bool is_held = false;  // calls wait until it is let go
  int entered = 0;       // calls that have begun
  std::vector<std::vector<uint64_t>> groups;

  void hold() {
    const std::lock_guard lock(mutex);
    is_held = true;
  }
  void let_go() {
    const std::lock_guard lock(mutex);
    is_held = false;
    changed.notify_all();
  }
  void wait_entered(int count) {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return entered >= count; });
  }
  // On the store's thread.
  void enter(std::unique_lock<std::mutex>& lock) {
    ++entered;
    changed.notify_all();
    changed.wait(lock, [&] { return !is_held; });
  }
  std::vector<uint64_t> numbers() {
    const std::lock_guard lock(mutex);
    std::vector<uint64_t> all;
    for (const auto& group : groups) all.insert(all.end(), group.begin(), group.end());
    return all;
  }
};

class FakeStore final : public Store {
 public:
  explicit FakeStore(std::shared_ptr<Disk> disk, uint64_t last_number = 0)
      : disk_(std::move(disk)), last_number_(last_number) {}

  uint64_t last_number() override { return last_number_; }
  StoredState load() override { return {}; }
  void write(std::span<const Transition> transitions) override {
    std::unique_lock lock(disk_->mutex);
    disk_->enter(lock);
    if (disk_->failures_left > 0) {
      --disk_->failures_left;
      throw StoreError("no space");
    }
    std::vector<uint64_t> group;
    for (const Transition& transition : transitions) group.push_back(transition.number);
    disk_->groups.push_back(group);
  }
  std::vector<NumberedEvent> events_after(std::string_view, uint64_t, size_t) override { return {}; }
  uint64_t oldest_event(std::string_view) override {
    std::unique_lock lock(disk_->mutex);
    disk_->enter(lock);
    return 7;
  }
  std::optional<ConsultationRow> find_consultation(std::string_view, std::string_view) override { return {}; }
  std::vector<AuditRow> audit_of(std::string_view, std::string_view, size_t) override { return {}; }
  std::vector<UsageRow> usage_of(std::string_view, std::string_view, size_t) override { return {}; }
  std::vector<AuditHead> audit_heads() override { return {}; }
  std::optional<AnswerRow> find_answer(std::string_view) override { throw StoreError("cannot read"); }
  void erase_expired(const Retention&, int64_t) override {}

 private:
  std::shared_ptr<Disk> disk_;
  uint64_t last_number_;
};

class JournalTest : public testing::Test {
 protected:
  JournalTest() { times_.retry_first = milliseconds(1); }
  ~JournalTest() override { disk_->let_go(); }

  void open(uint64_t last_number = 0) {
    journal_ = std::make_unique<Journal>(io_.get_executor(), std::make_unique<FakeStore>(disk_, last_number), times_);
    journal_->on_durable = [this](uint64_t number) { told_.push_back(number); };
  }
  void submit(uint64_t first, uint64_t last) {
    for (uint64_t n = first; n <= last; ++n) {
      Transition transition;
      transition.number = n;
      journal_->submit(std::move(transition));
    }
  }
  // The answer arrives in `answer` while the loop runs.
  void ask_durable(uint64_t number, std::optional<bool>& answer) {
    const auto ask = [](Journal& journal, uint64_t wanted, std::optional<bool>& out) -> asio::awaitable<void> {
      out = co_await journal.durable(wanted);
    };
    asio::co_spawn(io_, ask(*journal_, number, answer), asio::detached);
  }
  void ask_read(std::string& answer) {
    const auto ask = [](Journal& journal, std::string& out) -> asio::awaitable<void> {
      try {
        out = std::to_string(co_await journal.read<uint64_t>([](Store& store) { return store.oldest_event("demo"); }));
      } catch (const StoreError& error) {
        out = error.what();
      }
    };
    asio::co_spawn(io_, ask(*journal_, answer), asio::detached);
  }
  template <class Condition>
  void run_until(Condition condition) {
    // Work keeps the loop waiting for the store's thread.
    const auto guard = asio::make_work_guard(io_);
    io_.restart();
    while (!condition()) io_.run_one();
  }

  asio::io_context io_;
  std::shared_ptr<Disk> disk_ = std::make_shared<Disk>();
  JournalTimes times_;
  std::vector<uint64_t> told_;
  std::unique_ptr<Journal> journal_;
};

TEST_F(JournalTest, WhatIsSubmittedBecomesDurableInOrder) {
  open();
  submit(1, 3);
  std::optional<bool> answer;
  ask_durable(3, answer);
  run_until([&] { return answer.has_value(); });
  EXPECT_TRUE(*answer);
  EXPECT_EQ(journal_->durable_number(), 3u);
  EXPECT_EQ(disk_->numbers(), (std::vector<uint64_t>{1, 2, 3}));
  EXPECT_EQ(told_.back(), 3u);
  EXPECT_EQ(journal_->counters().written, 3u);
  EXPECT_EQ(journal_->counters().waiting, 0u);
}

TEST_F(JournalTest, ItStartsFromWhatTheStoreHolds) {
  open(41);
  EXPECT_EQ(journal_->durable_number(), 41u);
  std::optional<bool> answer;
  ask_durable(41, answer);
  io_.run_one();
  EXPECT_EQ(answer, true);
  submit(42, 42);
  run_until([&] { return journal_->durable_number() == 42; });
  EXPECT_EQ(journal_->counters().written, 1u);
}

TEST_F(JournalTest, WhatWaitsGoesIntoOneGroupUpToTheLimit) {
  disk_->hold();
  open();
  submit(1, 1);
  disk_->wait_entered(1);
  submit(2, 2 + Journal::kGroupMax);  // one more than fits
  disk_->let_go();
  run_until([&] { return journal_->durable_number() == 2 + Journal::kGroupMax; });
  ASSERT_EQ(disk_->groups.size(), 3u);
  EXPECT_EQ(disk_->groups[0].size(), 1u);
  EXPECT_EQ(disk_->groups[1].size(), Journal::kGroupMax);
  EXPECT_EQ(disk_->groups[2].size(), 1u);
}

TEST_F(JournalTest, NothingIsSaidToBeDurableBeforeTheWriteReturns) {
  disk_->hold();
  open();
  submit(1, 1);
  disk_->wait_entered(1);
  io_.poll();
  EXPECT_EQ(journal_->durable_number(), 0u);
  EXPECT_TRUE(told_.empty());
  EXPECT_EQ(journal_->counters().waiting, 1u);
}

TEST_F(JournalTest, AWriteThatFailsIsTriedAgainAndNothingIsSkipped) {
  disk_->failures_left = 5;
  open();
  submit(1, 2);
  run_until([&] { return journal_->durable_number() == 2; });
  submit(3, 3);
  run_until([&] { return journal_->durable_number() == 3; });
  EXPECT_EQ(disk_->numbers(), (std::vector<uint64_t>{1, 2, 3}));
  EXPECT_EQ(journal_->counters().failures, 5u);
  EXPECT_TRUE(journal_->accepts());
}

TEST_F(JournalTest, ItAcceptsNothingWhileWritesFail) {
  disk_->failures_left = 1;
  times_.retry_first = std::chrono::hours(1);
  open();
  EXPECT_TRUE(journal_->accepts());
  submit(1, 1);
  while (journal_->counters().failures == 0) std::this_thread::yield();
  EXPECT_FALSE(journal_->accepts());
  EXPECT_EQ(journal_->counters().waiting, 1u);
}

TEST_F(JournalTest, ItAcceptsNothingWhileTooManyWait) {
  disk_->hold();
  open();
  submit(1, Journal::kWaitingMax - 1);
  EXPECT_TRUE(journal_->accepts());
  submit(Journal::kWaitingMax, Journal::kWaitingMax);
  EXPECT_FALSE(journal_->accepts());
  disk_->let_go();
  run_until([&] { return journal_->durable_number() == Journal::kWaitingMax; });
  EXPECT_TRUE(journal_->accepts());
}

TEST_F(JournalTest, TheOutcomeIsUnknownAfterATime) {
  times_.durable_timeout = milliseconds(1);
  disk_->hold();
  open();
  submit(1, 1);
  std::optional<bool> answer;
  ask_durable(1, answer);
  run_until([&] { return answer.has_value(); });
  EXPECT_FALSE(*answer);
}

TEST_F(JournalTest, AReadingIsMadeOnTheStoreAndItsAnswerComesBack) {
  open();
  std::string answer;
  ask_read(answer);
  run_until([&] { return !answer.empty(); });
  EXPECT_EQ(answer, "7");
}

TEST_F(JournalTest, AReadingThatFailsThrowsToWhoAsked) {
  open();
  std::string answer;
  const auto ask = [](Journal& journal, std::string& out) -> asio::awaitable<void> {
    try {
      co_await journal.read<bool>([](Store& store) { return store.find_answer("key").has_value(); });
    } catch (const StoreError& error) {
      out = error.what();
    }
  };
  asio::co_spawn(io_, ask(*journal_, answer), asio::detached);
  run_until([&] { return !answer.empty(); });
  EXPECT_EQ(answer, "cannot read");
}

TEST_F(JournalTest, ReadingsGoOnWhileWritesFail) {
  disk_->failures_left = 1;
  times_.retry_first = std::chrono::hours(1);
  open();
  submit(1, 1);
  while (journal_->counters().failures == 0) std::this_thread::yield();
  std::string answer;
  ask_read(answer);
  run_until([&] { return !answer.empty(); });
  EXPECT_EQ(answer, "7");
}

TEST_F(JournalTest, WhatIsSubmittedDuringAReadingIsWrittenAfterIt) {
  disk_->hold();
  open();
  std::string read;
  ask_read(read);
  io_.poll();
  disk_->wait_entered(1);
  submit(1, 1);
  disk_->let_go();
  std::optional<bool> durable;
  ask_durable(1, durable);
  run_until([&] { return durable.has_value(); });
  EXPECT_TRUE(*durable);
}

TEST_F(JournalTest, AReadingThatWaitsTooLongIsGivenUp) {
  times_.durable_timeout = milliseconds(1);
  disk_->hold();
  open();
  submit(1, 1);
  disk_->wait_entered(1);
  std::string answer;
  ask_read(answer);
  run_until([&] { return !answer.empty(); });
  EXPECT_EQ(answer, "the store does not answer");
  disk_->let_go();
  run_until([&] { return journal_->durable_number() == 1; });
  EXPECT_EQ(disk_->entered, 1);  // the reading was never begun
}

TEST_F(JournalTest, ItsEndWritesWhatWaits) {
  disk_->hold();
  open();
  submit(1, 500);
  std::optional<bool> answer;
  ask_durable(500, answer);
  io_.run_one();
  disk_->let_go();
  journal_.reset();
  EXPECT_EQ(disk_->numbers().size(), 500u);
  EXPECT_TRUE(told_.empty());  // its owner is going
  run_until([&] { return answer.has_value(); });
  EXPECT_TRUE(*answer);
}

TEST_F(JournalTest, ItsEndMakesALastAttemptAfterAFailure) {
  disk_->failures_left = 1;
  times_.retry_first = std::chrono::hours(1);
  open();
  submit(1, 1);
  while (journal_->counters().failures == 0) std::this_thread::yield();
  journal_.reset();
  EXPECT_EQ(disk_->numbers(), std::vector<uint64_t>{1});
}

TEST_F(JournalTest, AStoreThatHangsDoesNotKeepItFromEnding) {
  times_.farewell = milliseconds(1);
  disk_->hold();
  open();
  submit(1, 1);
  disk_->wait_entered(1);
  std::optional<bool> durable;
  std::string read;
  ask_durable(1, durable);
  ask_read(read);
  io_.poll();
  journal_.reset();
  run_until([&] { return durable && !read.empty(); });
  EXPECT_FALSE(*durable);
  EXPECT_EQ(read, "the store is closed");
}

TEST_F(JournalTest, CoroutinesMayEndWithTheLoopWhileTheyWait) {
  disk_->hold();
  times_.farewell = milliseconds(1);
  auto loop = std::make_unique<asio::io_context>();
  auto journal = std::make_unique<Journal>(loop->get_executor(), std::make_unique<FakeStore>(disk_), times_);
  Transition transition;
  transition.number = 1;
  journal->submit(std::move(transition));
  disk_->wait_entered(1);
  const auto ask = [](Journal& asked) -> asio::awaitable<void> {
    co_await asked.read<uint64_t>([](Store& store) { return store.oldest_event("demo"); });
  };
  const auto wait = [](Journal& asked) -> asio::awaitable<void> { co_await asked.durable(1); };
  asio::co_spawn(*loop, ask(*journal), asio::detached);
  asio::co_spawn(*loop, wait(*journal), asio::detached);
  loop->poll();
  journal.reset();
  loop.reset();
  disk_->let_go();
}

TEST_F(JournalTest, ATransitionOutOfOrderIsAProgrammersError) {
  open();
  EXPECT_DEATH(submit(2, 2), "number");
}

TEST(JournalOnSqlite, TheNextJournalFindsEverythingAtOnce) {
  const StoreFolder folder;
  asio::io_context io;
  for (uint64_t round = 0; round < 3; ++round) {
    Journal journal(io.get_executor(), std::make_unique<SqliteStore>(folder.path()));
    EXPECT_EQ(journal.durable_number(), round * 50);
    for (uint64_t n = round * 50 + 1; n <= round * 50 + 50; ++n) journal.submit(make_transition(n, "demo", "c_1"));
  }
  SqliteStore store(folder.path());
  EXPECT_EQ(store.last_number(), 150u);
  EXPECT_EQ(store.audit_of("demo", "c_1", 1000).size(), 150u);
}

}  // namespace
}  // namespace eir
