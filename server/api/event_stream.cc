#include "server/api/event_stream.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <charconv>

namespace eir {

namespace asio = boost::asio;

namespace {

// Proxies cut what is silent for a minute (HTML standard, 9.2.7, advises 15 s).
constexpr std::chrono::seconds kKeepAlive{15};
constexpr size_t kEventsPerPiece = 100;

class EventStream final : public AnswerStream {
 public:
  EventStream(Journal& journal, EventBell& bell, std::string tenant, std::optional<uint64_t> last)
      : journal_(journal),
        bell_(bell),
        tenant_(std::move(tenant)),
        after_(last.value_or(journal.durable_number())),
        is_resumed_(last.has_value()) {}

  asio::awaitable<std::optional<std::string>> next() override {
    if (!has_begun_) co_return co_await begin();
    const uint64_t rung = bell_.times_rung();
    std::string piece = co_await read();
    if (piece.empty()) {
      co_await bell_.wait(rung, kKeepAlive);
      piece = co_await read();
    }
    co_return piece.empty() ? ": still here\n\n" : piece;
  }

 private:
  asio::awaitable<std::string> begin() {
    has_begun_ = true;
    const bool lost = co_await has_lost();
    co_return lost ? "retry: 2000\nevent: lost\ndata: {}\n\n" : "retry: 2000\n\n";
  }

  // Whether events after the reader's last one may be gone; who begins at 0 takes what there is. An older event than
  // any that is kept was erased, and perhaps some that followed it; one that is not written yet is from another life of
  // the store.
  asio::awaitable<bool> has_lost() {
    if (!is_resumed_ || after_ == 0) co_return false;
    if (after_ > journal_.durable_number()) {
      after_ = journal_.durable_number();
      co_return true;
    }
    const uint64_t oldest =
        co_await journal_.read<uint64_t>([this](Store& store) { return store.oldest_event(tenant_); });
    co_return oldest == 0 || oldest > after_ + 1;
  }

  asio::awaitable<std::string> read() {
    const auto events = co_await journal_.read<std::vector<NumberedEvent>>(
        [this](Store& store) { return store.events_after(tenant_, after_, kEventsPerPiece); });
    std::string piece;
    for (const NumberedEvent& numbered : events) {
      after_ = numbered.number;
      piece += "id: " + std::to_string(numbered.number) + "\nevent: " + numbered.event.type +
               "\ndata: " + numbered.event.document + "\n\n";
    }
    co_return piece;
  }

  Journal& journal_;
  EventBell& bell_;
  std::string tenant_;
  uint64_t after_;
  bool is_resumed_;
  bool has_begun_ = false;
};

}  // namespace

void EventBell::ring() {
  ++times_rung_;
  for (asio::steady_timer* timer : waiting_) timer->cancel();
}

asio::awaitable<void> EventBell::wait(uint64_t seen, std::chrono::seconds at_most) {
  if (seen != times_rung_) co_return;
  asio::steady_timer timer(co_await asio::this_coro::executor, at_most);
  struct Place {
    std::set<asio::steady_timer*>& waiting;
    asio::steady_timer* timer;
    ~Place() { waiting.erase(timer); }
  };
  waiting_.insert(&timer);
  const Place place{waiting_, &timer};
  const auto state = co_await asio::this_coro::cancellation_state;
  co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
  // The peer is gone: the wait was cancelled from outside.
  if (state.cancelled() != asio::cancellation_type::none)
    throw boost::system::system_error(asio::error::operation_aborted);
}

asio::awaitable<HttpAnswer> open_events(Journal& journal, EventBell& bell, std::string tenant,
                                        std::string last_event_id) {
  std::optional<uint64_t> last;
  if (!last_event_id.empty()) {
    const char* end = last_event_id.data() + last_event_id.size();
    const auto [stopped, error] = std::from_chars(last_event_id.data(), end, last.emplace());
    if (error != std::errc{} || stopped != end) co_return answer_problem({400, "invalid_value", "Last-Event-ID"});
  }
  HttpAnswer answer;
  answer.content_type = "text/event-stream";
  answer.headers.emplace_back("Cache-Control", "no-store");
  answer.stream = std::make_unique<EventStream>(journal, bell, std::move(tenant), last);
  co_return answer;
}

}  // namespace eir
