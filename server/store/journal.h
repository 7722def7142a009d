#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <type_traits>

#include "server/store/store.h"

namespace eir {

struct JournalCounters {
  uint64_t written = 0;   // transitions that are durable
  uint64_t failures = 0;  // writes that failed and are tried again
  uint64_t waiting = 0;   // transitions that are not durable yet
};

// How long things may take; tests set less.
struct JournalTimes {
  // How long durable() waits before it says that the outcome is not known, and read() before it gives up.
  std::chrono::milliseconds durable_timeout{5000};
  // The pause after a write that failed, and what it may double to.
  std::chrono::milliseconds retry_first{100};
  std::chrono::milliseconds retry_max{5000};
  // How long the destructor waits for what is not written yet.
  std::chrono::milliseconds farewell{1000};
};

// The store on a thread of its own: transitions go in in order, and become durable in order, several with one commit
// when many come. A write that fails is tried again, with pauses, until it succeeds: nothing that was submitted is
// skipped. Every public function is called on the thread of `executor`; callbacks and coroutines run there too.
class Journal {
 public:
  // Above it submit() is still taken, but accepts() is false: the API refuses changes before it makes them.
  static constexpr size_t kWaitingMax = 10'000;
  // One commit holds no more transitions than this: the readers between two commits wait for one.
  static constexpr size_t kGroupMax = 256;

  Journal(boost::asio::any_io_executor executor, std::unique_ptr<Store> store, const JournalTimes& times = {});
  // Writes what still waits, for at most `farewell`; after that coroutines that wait are told false, or StoreError.
  ~Journal();
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  // Whenever more became durable: up to this number.
  std::function<void(uint64_t)> on_durable;

  // Transitions come in the order of their numbers, each one more than the last.
  void submit(Transition transition);
  // True when everything up to `number` is on disk; false after durable_timeout.
  boost::asio::awaitable<bool> durable(uint64_t number);
  uint64_t durable_number() const;
  // False while writes fail or too many wait.
  bool accepts() const;
  JournalCounters counters() const;

  // Any reading of the store, on its thread: co_await journal.read<Result>([&](Store& store) { return …; });
  // It sees what is durable, not what still waits. What `work` refers to is in use until the awaiting ends, however it
  // ends, and no longer: so it captures by reference. Throws StoreError, also after durable_timeout.
  template <class Result, class Work>
  boost::asio::awaitable<Result> read(Work work);

 private:
  boost::asio::awaitable<void> run_on_store(std::function<void(Store&)> work);

  struct State;
  std::shared_ptr<State> state_;  // shared with coroutines that wait
};

template <class Result, class Work>
boost::asio::awaitable<Result> Journal::read(Work work) {
  static_assert(std::is_trivially_destructible_v<Work>,
                "capture by reference: g++ 12 destroys what a lambda within a co_await expression holds twice");
  std::optional<Result> result;
  const std::function<void(Store&)> run = [&](Store& store) { result.emplace(work(store)); };
  co_await run_on_store(run);
  co_return std::move(*result);
}

}  // namespace eir
