#include "bench/signal_session.h"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/websocket.hpp>
#include <boost/json.hpp>
#include <chrono>
#include <exception>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "bench/client_loop.h"

namespace eir::bench {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
namespace json = boost::json;
namespace websocket = beast::websocket;
using asio::use_awaitable;

constexpr std::chrono::seconds kDeadline{20};
constexpr Duration kPingInterval = 15s;

using Request = http::request<http::string_body>;
using Response = http::response<http::string_body>;

bool is_of_type(std::string_view text, std::string_view type) {
  return text.find("\"type\":\"" + std::string(type) + '"') != std::string_view::npos;
}

// The session's token.
asio::awaitable<std::string> enter(asio::io_context& io, const JoinRequest& wanted) {
  beast::tcp_stream stream(io);
  stream.expires_after(kDeadline);
  co_await stream.async_connect(wanted.server, use_awaitable);
  Request request(http::verb::post, "/v1/join", 11);
  request.set(http::field::host, wanted.host);
  request.set(http::field::content_type, "application/json");
  request.set(http::field::connection, "close");
  request.body() = json::serialize(json::object{{"token", wanted.invitation}, {"displayName", wanted.display_name}});
  request.prepare_payload();
  co_await http::async_write(stream, request, use_awaitable);
  beast::flat_buffer buffer;
  Response response;
  co_await http::async_read(stream, buffer, response, use_awaitable);
  if (http::to_status_class(response.result()) != http::status_class::successful) {
    throw std::runtime_error("POST /v1/join: " + std::to_string(response.result_int()) + ' ' + response.body());
  }
  co_return std::string(json::parse(response.body()).at("session").as_string());
}

}  // namespace

struct SignalSession::State {
  State(asio::io_context& io_used, JoinRequest wanted)
      : io(io_used), request(std::move(wanted)), socket(io_used), last_ping(now()) {
    progress.begun = last_ping;
  }

  asio::awaitable<void> run() {
    const std::string token = co_await enter(io, request);
    progress.entered = now();
    beast::tcp_stream& stream = socket.next_layer();
    stream.expires_after(kDeadline);
    co_await stream.async_connect(request.server, use_awaitable);
    // Or an offer right after hello waits for the other side's delayed acknowledgement, 40 ms.
    stream.socket().set_option(asio::ip::tcp::no_delay(true));
    socket.set_option(websocket::stream_base::decorator(
        [](websocket::request_type& upgrade) { upgrade.set(http::field::sec_websocket_protocol, "eir.v1"); }));
    co_await socket.async_handshake(request.host, "/v1/signal", use_awaitable);
    is_open = true;
    const std::string hello = json::serialize(json::object{{"type", "hello"}, {"session", token}});
    co_await socket.async_write(asio::buffer(hello), use_awaitable);
    while (true) {
      co_await socket.async_read(buffer, use_awaitable);
      const std::string text = beast::buffers_to_string(buffer.data());
      buffer.consume(buffer.size());
      const bool is_welcome = progress.welcomed == kNever && is_of_type(text, "welcome");
      handle(text);
      if (!is_welcome) continue;
      const std::string offer = json::serialize(json::object{{"type", "offer"}, {"id", 1}, {"sdp", request.offer}});
      co_await socket.async_write(asio::buffer(offer), use_awaitable);
    }
  }

  // The roster of a large room is long and comes often: only what is needed is parsed.
  void handle(const std::string& text) {
    if (progress.welcomed == kNever && is_of_type(text, "welcome")) progress.welcomed = now();
    if (progress.is_over()) return;
    const bool is_answer = is_of_type(text, "answer");
    if (!is_answer && !is_of_type(text, "error")) return;
    const json::object message = json::parse(text).as_object();
    if (is_answer) {
      progress.answer = message.at("sdp").as_string();
      progress.answered = now();
      socket.next_layer().expires_never();
    } else {
      progress.refusal = "the offer was refused: " + std::string(message.at("code").as_string());
    }
  }

  asio::io_context& io;
  JoinRequest request;
  websocket::stream<beast::tcp_stream> socket;
  beast::flat_buffer buffer;
  JoinProgress progress;
  Timestamp last_ping;
  bool is_open = false;
};

SignalSession::SignalSession(asio::io_context& io, JoinRequest request)
    : state_(std::make_shared<State>(io, std::move(request))) {
  asio::co_spawn(io, state_->run(), [state = state_](const std::exception_ptr& error) {
    state->is_open = false;
    if (!error || state->progress.is_over()) return;
    try {
      std::rethrow_exception(error);
    } catch (const std::exception& what) {
      state->progress.refusal = what.what();
    }
  });
}

SignalSession::~SignalSession() {
  beast::error_code ignored;
  if (state_->is_open) state_->socket.write(asio::buffer(std::string_view(R"({"type":"leave"})")), ignored);
  state_->socket.next_layer().close();
}

const JoinProgress& SignalSession::progress() const { return state_->progress; }

void SignalSession::ping() {
  const Timestamp at = now();
  if (!state_->is_open || at - state_->last_ping < kPingInterval) return;
  state_->last_ping = at;
  beast::error_code error;
  state_->socket.write(asio::buffer(std::string_view(R"({"type":"ping"})")), error);
  if (error) state_->is_open = false;
}

}  // namespace eir::bench
