#include "server/api/async_lock.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>

#include "server/telemetry/log.h"

namespace eir {

namespace asio = boost::asio;

struct AsyncLock::Waiter {
  // Never runs out: cancelled when it is the waiter's turn.
  asio::steady_timer turn;
};

AsyncLock::Hold::~Hold() {
  if (lock_ == nullptr) return;
  lock_->is_held_ = false;
  if (lock_->waiters_.empty()) return;
  lock_->waiters_.front()->turn.cancel();
  lock_->waiters_.pop_front();
}

asio::awaitable<AsyncLock::Hold> AsyncLock::acquire() {
  const auto executor = co_await asio::this_coro::executor;
  while (is_held_) {
    auto waiter = std::make_shared<Waiter>(Waiter{asio::steady_timer(executor, asio::steady_timer::time_point::max())});
    waiters_.push_back(waiter);
    co_await waiter->turn.async_wait(asio::as_tuple(asio::use_awaitable));
  }
  is_held_ = true;
  co_return Hold(this);
}

void spawn(const asio::any_io_executor& executor, const char* name, asio::awaitable<void> work) {
  asio::co_spawn(executor, std::move(work), [name](const std::exception_ptr& failure) {
    try {
      if (failure) std::rethrow_exception(failure);
    } catch (const std::exception& error) {
      log::error("coroutine_failed", {{"name", name}, {"reason", error.what()}});
    }
  });
}

}  // namespace eir
