#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <memory>
#include <optional>

#include "server/api/async_lock.h"
#include "server/api/http_connection.h"
#include "server/api/rate_limit.h"
#include "server/api/signal_connection.h"
#include "server/api/text_queue.h"

namespace eir {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace websocket = beast::websocket;

namespace {

constexpr auto kTuple = asio::as_tuple(asio::use_awaitable);

// Beast pings after half of it, so a peer that is gone is noticed within the 30 s of "reconnecting".
constexpr std::chrono::seconds kSilenceMax{30};
constexpr std::chrono::seconds kClosingMax{5};
constexpr size_t kMessageMax = 64 << 10;

Timestamp steady_now() { return Timestamp(std::chrono::steady_clock::now().time_since_epoch()); }

// Reader and writer share it: the reader is run(), the writer is started by it.
class WebSocketConnection final : public SignalConnection, public std::enable_shared_from_this<WebSocketConnection> {
 public:
  WebSocketConnection(AnyStream stream, const HttpContext& context)
      : stream_(std::move(stream)),
        context_(context),
        wake_(stream_.get_executor(), asio::steady_timer::time_point::max()),
        hello_deadline_(stream_.get_executor()),
        messages_(context.limits.messages_per_second, 2.0 * context.limits.messages_per_second) {}

  asio::awaitable<void> run(BeastRequest request) {
    websocket::stream_base::timeout timeout{kClosingMax, kSilenceMax, true};
    stream_.set_option(timeout);
    stream_.set_option(websocket::stream_base::decorator(
        [](websocket::response_type& response) { response.set("Sec-WebSocket-Protocol", "eir.v1"); }));
    stream_.read_message_max(kMessageMax);
    if (const auto [error] = co_await stream_.async_accept(request, kTuple); error) co_return;
    stream_.text(true);
    session_ = context_.handler.open_signal(*this);
    spawn(stream_.get_executor(), "websocket_writer", write_all(shared_from_this()));
    start_hello_deadline();
    co_await read_all();
    // Its participant is reconnecting from now on, unless it has left.
    session_.reset();
    hello_deadline_.cancel();
    is_read_out_ = true;
    wake_.cancel();
  }

  void send(std::string text) override {
    if (close_code_ || is_read_out_) return;
    if (!queue_.push(std::move(text))) {
      // Whoever does not read gets no farewell either.
      stream_.next_layer().tcp().close();
      return;
    }
    wake_.cancel();
  }

  void close(CloseCode code) override {
    if (!close_code_) close_code_ = code;
    wake_.cancel();
  }

 private:
  asio::awaitable<void> read_all() {
    beast::flat_buffer buffer;
    while (!close_code_) {
      const auto [error, bytes] = co_await stream_.async_read(buffer, kTuple);
      if (error) co_return;
      if (close_code_) co_return;
      if (!stream_.got_text()) {
        close(CloseCode::kViolation);
      } else if (!messages_.allow(steady_now())) {
        close(CloseCode::kTooFast);
      } else {
        co_await session_->handle(beast::buffers_to_string(buffer.cdata()));
        if (session_->said_hello()) hello_deadline_.cancel();
      }
      buffer.consume(buffer.size());
    }
  }

  static asio::awaitable<void> write_all(std::shared_ptr<WebSocketConnection> self) {
    while (true) {
      while (!self->queue_.empty()) {
        const std::string text = self->queue_.pop();
        if (const auto [error, bytes] = co_await self->stream_.async_write(asio::buffer(text), kTuple); error)
          co_return;
      }
      if (self->close_code_) {
        const websocket::close_reason reason(static_cast<uint16_t>(*self->close_code_));
        co_await self->stream_.async_close(reason, kTuple);
        co_return;
      }
      if (self->is_read_out_) co_return;
      co_await self->wake_.async_wait(kTuple);
      self->wake_.expires_at(asio::steady_timer::time_point::max());
    }
  }

  void start_hello_deadline() {
    hello_deadline_.expires_after(context_.limits.hello);
    hello_deadline_.async_wait([weak = weak_from_this()](const beast::error_code& error) {
      const auto self = weak.lock();
      if (error || self == nullptr || self->session_ == nullptr || self->session_->said_hello()) return;
      self->close(CloseCode::kTimeout);
    });
  }

  websocket::stream<AnyStream> stream_;
  HttpContext context_;
  asio::steady_timer wake_;
  asio::steady_timer hello_deadline_;
  RateLimit messages_;
  std::unique_ptr<SignalReceiver> session_;
  TextQueue queue_;
  std::optional<CloseCode> close_code_;
  bool is_read_out_ = false;
};

}  // namespace

asio::awaitable<void> serve_websocket(AnyStream stream, BeastRequest request, HttpContext context) {
  ++context.counters.websockets;
  const auto connection = std::make_shared<WebSocketConnection>(std::move(stream), context);
  co_await connection->run(std::move(request));
  --context.counters.websockets;
}

}  // namespace eir
