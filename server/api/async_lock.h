#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <deque>
#include <memory>

namespace eir {

// One coroutine at a time, in one thread: what a mutex would be for threads. Held across awaits.
class AsyncLock {
 public:
  class Hold {
   public:
    explicit Hold(AsyncLock* lock) : lock_(lock) {}
    Hold(Hold&& other) noexcept : lock_(other.lock_) { other.lock_ = nullptr; }
    Hold& operator=(Hold&&) = delete;
    ~Hold();

   private:
    AsyncLock* lock_;
  };

  // The lock outlives whoever waits for it.
  boost::asio::awaitable<Hold> acquire();

 private:
  struct Waiter;
  bool is_held_ = false;
  std::deque<std::shared_ptr<Waiter>> waiters_;
};

// Runs a coroutine on its own. What it throws is a fault of the environment and is logged under `name`.
void spawn(const boost::asio::any_io_executor& executor, const char* name, boost::asio::awaitable<void> work);

}  // namespace eir
