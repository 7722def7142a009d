#include "server/store/journal.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <condition_variable>
#include <deque>
#include <exception>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "lib/base/check.h"
#include "server/telemetry/log.h"

namespace eir {

namespace asio = boost::asio;
using Clock = std::chrono::steady_clock;

namespace {

// A reading on its way to the store's thread and back.
struct Reading {
  enum class Progress { kQueued, kRunning, kDone };

  std::function<void(Store&)> work;
  std::exception_ptr error;
  Progress progress = Progress::kQueued;  // under State's lock
  asio::steady_timer* waiter = nullptr;   // on the executor's thread only
};

}  // namespace

// Shared by the journal, its thread and the coroutines that wait, so that a store that never answers cannot keep the
// others from ending. The first group of members belongs to the executor's thread, the second is under the lock, the
// third belongs to the store's thread.
struct Journal::State : std::enable_shared_from_this<Journal::State> {
  State(asio::any_io_executor its_executor, std::unique_ptr<Store> its_store, const JournalTimes& its_times)
      : executor(std::move(its_executor)), times(its_times), store(std::move(its_store)) {}

  void run();
  void tell_durable();
  void read_one(std::unique_lock<std::mutex>& lock);
  void write_group(std::unique_lock<std::mutex>& lock);
  void give_up_readings();

  asio::any_io_executor executor;
  const JournalTimes times;
  Journal* journal = nullptr;  // nullptr once it is gone
  std::thread thread;
  uint64_t submitted = 0;
  uint64_t durable = 0;
  std::multimap<uint64_t, asio::steady_timer*> waiters;

  std::mutex mutex;
  std::condition_variable changed;
  std::deque<Transition> queue;
  std::deque<std::shared_ptr<Reading>> readings;
  uint64_t written = 0;  // the number up to which all is durable
  uint64_t written_count = 0;
  uint64_t failures = 0;
  bool is_failing = false;
  bool is_told = false;  // a tell_durable() is on its way to the executor
  bool is_stopping = false;
  bool is_ended = false;
  bool is_abandoned = false;  // the executor may be gone: nothing is sent there any more
  Clock::time_point retry_at{};
  Clock::duration pause{};

  std::unique_ptr<Store> store;
  std::vector<Transition> group;  // taken from the queue, not durable yet
};

void Journal::State::run() {
  std::unique_lock lock(mutex);
  for (;;) {
    if (!readings.empty()) read_one(lock);
    // After the reading, which lets go of the lock: what was submitted meanwhile woke nobody.
    const bool has_work = !group.empty() || !queue.empty();
    const bool is_due = has_work && (!is_failing || Clock::now() >= retry_at);
    if (is_due) {
      write_group(lock);
    } else if (is_stopping && !has_work) {
      break;
    } else if (readings.empty() && has_work) {
      changed.wait_until(lock, retry_at);
    } else if (readings.empty()) {
      changed.wait(lock);
    }
    if (is_abandoned) break;
  }
  give_up_readings();
  lock.unlock();
  store.reset();  // closed before the journal is gone: the next one may open it
  lock.lock();
  is_ended = true;
  changed.notify_all();
}

void Journal::State::read_one(std::unique_lock<std::mutex>& lock) {
  const std::shared_ptr<Reading> reading = std::move(readings.front());
  readings.pop_front();
  reading->progress = Reading::Progress::kRunning;
  lock.unlock();
  try {
    reading->work(*store);
  } catch (...) {
    reading->error = std::current_exception();
  }
  // What it holds may belong to the coroutine, which ends when it hears of this.
  reading->work = nullptr;
  lock.lock();
  reading->progress = Reading::Progress::kDone;
  changed.notify_all();
  if (is_abandoned) return;
  asio::post(executor, [reading] {
    if (reading->waiter != nullptr) reading->waiter->cancel();
  });
}

void Journal::State::write_group(std::unique_lock<std::mutex>& lock) {
  // A group that failed is tried again as it was, with what came meanwhile.
  while (group.size() < kGroupMax && !queue.empty()) {
    group.push_back(std::move(queue.front()));
    queue.pop_front();
  }
  lock.unlock();
  std::string failure;
  try {
    store->write(group);
  } catch (const StoreError& error) {
    failure = error.what();
  }
  if (!failure.empty()) log::error("journal_write_failed", {{"reason", failure}});
  lock.lock();
  if (!failure.empty()) {
    ++failures;
    pause = is_failing ? std::min<Clock::duration>(2 * pause, times.retry_max) : times.retry_first;
    retry_at = Clock::now() + pause;
    is_failing = true;
    return;
  }
  if (is_failing) log::info("journal_writes_again", {{"failures", failures}});
  is_failing = false;
  written = group.back().number;
  written_count += group.size();
  group.clear();
  changed.notify_all();
  if (is_told || is_abandoned) return;
  is_told = true;
  asio::post(executor, [self = shared_from_this()] { self->tell_durable(); });
}

void Journal::State::give_up_readings() {
  for (const auto& reading : readings) {
    reading->progress = Reading::Progress::kDone;
    reading->error = std::make_exception_ptr(StoreError("the store is closed"));
    if (!is_abandoned) {
      asio::post(executor, [reading] {
        if (reading->waiter != nullptr) reading->waiter->cancel();
      });
    }
  }
  readings.clear();
}

void Journal::State::tell_durable() {
  {
    const std::lock_guard lock(mutex);
    is_told = false;
    if (durable == written) return;
    durable = written;
  }
  for (auto it = waiters.begin(); it != waiters.end() && it->first <= durable; ++it) it->second->cancel();
  if (journal != nullptr && journal->on_durable) journal->on_durable(durable);
}

Journal::Journal(asio::any_io_executor executor, std::unique_ptr<Store> store, const JournalTimes& times)
    : state_(std::make_shared<State>(std::move(executor), std::move(store), times)) {
  state_->journal = this;
  state_->submitted = state_->durable = state_->written = state_->store->last_number();
  state_->thread = std::thread([state = state_] { state->run(); });
}

Journal::~Journal() {
  state_->journal = nullptr;
  bool has_ended = false;
  {
    std::unique_lock lock(state_->mutex);
    state_->is_stopping = true;
    state_->retry_at = Clock::now();  // a last attempt
    state_->changed.notify_all();
    has_ended = state_->changed.wait_for(lock, state_->times.farewell, [this] { return state_->is_ended; });
    if (!has_ended) {
      log::error("journal_not_written", {{"waiting", state_->submitted - state_->written}});
      state_->give_up_readings();
    }
    state_->is_abandoned = true;
    state_->changed.notify_all();
  }
  if (has_ended) {
    state_->thread.join();
  } else {
    state_->thread.detach();  // a write that hangs in the kernel must not keep the process from ending
  }
  state_->tell_durable();
  for (const auto& [number, timer] : state_->waiters) timer->cancel();
}

void Journal::submit(Transition transition) {
  EIR_CHECK(transition.number == state_->submitted + 1);
  state_->submitted = transition.number;
  const std::lock_guard lock(state_->mutex);
  state_->queue.push_back(std::move(transition));
  state_->changed.notify_all();
}

asio::awaitable<bool> Journal::durable(uint64_t number) {
  const std::shared_ptr<State> state = state_;
  if (number <= state->durable) co_return true;
  asio::steady_timer timer(state->executor, state->times.durable_timeout);
  struct Waiting {
    State& state;
    std::multimap<uint64_t, asio::steady_timer*>::iterator at;
    ~Waiting() { state.waiters.erase(at); }
  };
  const Waiting waiting{*state, state->waiters.emplace(number, &timer)};
  boost::system::error_code cancelled;
  co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
  co_return number <= state->durable;
}

asio::awaitable<void> Journal::run_on_store(std::function<void(Store&)> work) {
  const std::shared_ptr<State> state = state_;
  const auto reading = std::make_shared<Reading>();
  reading->work = std::move(work);
  asio::steady_timer timer(state->executor, state->times.durable_timeout);
  // However the coroutine ends: what it lent to `work` is in use no longer.
  struct Lent {
    State& state;
    Reading& reading;
    ~Lent() {
      std::unique_lock lock(state.mutex);
      reading.waiter = nullptr;
      if (reading.progress == Reading::Progress::kQueued) {
        std::erase_if(state.readings, [this](const auto& queued) { return queued.get() == &reading; });
      }
      state.changed.wait(lock, [this] { return reading.progress != Reading::Progress::kRunning; });
    }
  };
  const Lent lent{*state, *reading};
  reading->waiter = &timer;
  {
    const std::lock_guard lock(state->mutex);
    if (state->is_ended) throw StoreError("the store is closed");
    state->readings.push_back(reading);
    state->changed.notify_all();
  }
  boost::system::error_code cancelled;
  co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
  {
    const std::lock_guard lock(state->mutex);
    if (reading->progress != Reading::Progress::kDone) throw StoreError("the store does not answer");
  }
  if (reading->error) std::rethrow_exception(reading->error);
}

uint64_t Journal::durable_number() const { return state_->durable; }

bool Journal::accepts() const {
  const std::lock_guard lock(state_->mutex);
  return !state_->is_failing && state_->submitted - state_->written < kWaitingMax;
}

JournalCounters Journal::counters() const {
  const std::lock_guard lock(state_->mutex);
  return {state_->written_count, state_->failures, state_->submitted - state_->written};
}

}  // namespace eir
