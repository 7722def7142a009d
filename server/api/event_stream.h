#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <set>
#include <string>

#include "server/api/http_message.h"
#include "server/store/journal.h"

namespace eir {

// Wakes those who wait for news. One thread.
class EventBell {
 public:
  void ring();
  uint64_t times_rung() const { return times_rung_; }
  // Until the bell has rung more often than `seen`, or the time is over.
  boost::asio::awaitable<void> wait(uint64_t seen, std::chrono::seconds at_most);

 private:
  uint64_t times_rung_ = 0;
  std::set<boost::asio::steady_timer*> waiting_;
};

// A tenant's transitions as server-sent events, from the one after Last-Event-ID on, or from now on without it: what
// the journal has first, then each as it becomes durable. An id is a transition's number. A reader that was away for
// longer than events are kept gets `event: lost` first. 400 `invalid_value` for an id that is no number.
boost::asio::awaitable<HttpAnswer> open_events(Journal& journal, EventBell& bell, std::string tenant,
                                               std::string last_event_id);

}  // namespace eir
