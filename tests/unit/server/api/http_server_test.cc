#include "server/api/http_server.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <deque>

#include "server/api/signal_connection.h"
#include "server/channel/owned_fd.h"
#include "server/channel/start.h"

namespace eir {
namespace {

namespace asio = boost::asio;

// What a test does with the stream that a request gets, and what became of it.
struct Script {
  std::deque<std::string> pieces;
  bool is_endless = false;
  size_t made = 0;
  size_t destroyed = 0;
};

class ScriptedStream final : public AnswerStream {
 public:
  explicit ScriptedStream(Script& script) : script_(script) { ++script_.made; }
  ~ScriptedStream() override { ++script_.destroyed; }
  asio::awaitable<std::optional<std::string>> next() override {
    asio::steady_timer timer(co_await asio::this_coro::executor);
    while (script_.pieces.empty() && script_.is_endless) {
      timer.expires_after(std::chrono::hours(1));
      co_await timer.async_wait(asio::use_awaitable);
    }
    if (script_.pieces.empty()) co_return std::nullopt;
    std::string piece = std::move(script_.pieces.front());
    script_.pieces.pop_front();
    co_return piece;
  }

 private:
  Script& script_;
};

class StreamHandler final : public HttpHandler {
 public:
  asio::awaitable<HttpAnswer> handle(const HttpRequest& request) override {
    seen = request;
    HttpAnswer answer = answer_empty(200);
    answer.content_type = "text/event-stream";
    answer.stream = std::make_unique<ScriptedStream>(script);
    co_return answer;
  }
  std::optional<HttpAnswer> refuse_upgrade(const HttpRequest&) override { return answer_empty(404); }
  std::unique_ptr<SignalReceiver> open_signal(SignalConnection&) override { return nullptr; }

  HttpRequest seen;
  Script script;
};

class HttpServerTest : public testing::Test {
 protected:
  // The listener is bound by the supervisor in life; here by the test, to a port of the system's choice.
  void serve(const HttpLimits& limits) {
    const int listening =
        ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);  // io: the system chooses the port
    address_.sin_family = AF_INET;                                         // io: the system chooses the port
    address_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address_;
    const auto* address = reinterpret_cast<const sockaddr*>(&address_);
    ASSERT_EQ(::bind(listening, address, length), 0);  // io: the system chooses the port
    ASSERT_EQ(::listen(listening, 8), 0);              // io: the system chooses the port
    ASSERT_EQ(::getsockname(listening, reinterpret_cast<sockaddr*>(&address_), &length), 0);
    server_ = std::make_unique<HttpServer>(io, nullptr, handler, limits);
    channel::InheritedSocket socket;
    socket.address = "127.0.0.1";
    socket.fd = listening;
    server_->listen(socket);
  }

  OwnedFd request(const std::string& head = "GET /v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n") {
    OwnedFd client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));  // io: the system chooses the port
    EXPECT_EQ(::connect(client.value(), reinterpret_cast<const sockaddr*>(&address_), sizeof address_), 0);
    EXPECT_EQ(::send(client.value(), head.data(), head.size(), 0), static_cast<ssize_t>(head.size()));
    return client;
  }

  template <class Condition>
  void run_until(Condition condition) {
    for (int turn = 0; turn < 1000 && !condition(); ++turn) {
      io.restart();
      io.run_one_for(std::chrono::milliseconds(10));
    }
    EXPECT_TRUE(condition());
  }

  // All that comes until `end` is in it, or the connection closes.
  std::string receive(const OwnedFd& client, const std::string& end) {
    std::string text;
    bool is_over = false;
    run_until([&] {
      char buffer[4096];
      const ssize_t got = ::recv(client.value(), buffer, sizeof buffer, MSG_DONTWAIT);
      if (got > 0) text.append(buffer, static_cast<size_t>(got));
      is_over = got == 0 || text.find(end) != std::string::npos;
      return is_over;
    });
    return text;
  }

  asio::io_context io;
  StreamHandler handler;
  sockaddr_in address_{};
  std::unique_ptr<HttpServer> server_;
};

TEST_F(HttpServerTest, StreamIsSentPieceByPieceAndEndsWithTheConnection) {
  serve({});
  handler.script.pieces = {"id: 1\n\n", "", ": still here\n\n"};
  const OwnedFd client = request();
  const std::string text = receive(client, "never");
  EXPECT_NE(text.find("HTTP/1.1 200 OK\r\n"), std::string::npos);
  EXPECT_NE(text.find("Content-Type: text/event-stream\r\n"), std::string::npos);
  EXPECT_NE(text.find("Connection: close\r\n"), std::string::npos);
  EXPECT_EQ(text.find("Content-Length"), std::string::npos);
  // RFC 9112 section 7.1; the empty piece is left out, because an empty chunk is the end.
  EXPECT_TRUE(text.ends_with("\r\n\r\n7\r\nid: 1\n\n\r\ne\r\n: still here\n\n\r\n0\r\n\r\n")) << text;
  EXPECT_EQ(handler.script.destroyed, 1U);
  EXPECT_EQ(server_->counters().streams, 0U);
}

TEST_F(HttpServerTest, StreamWhosePeerIsGoneIsDestroyedAtOnce) {
  serve({});
  handler.script.pieces = {"a"};
  handler.script.is_endless = true;
  OwnedFd client = request();
  receive(client, "1\r\na\r\n");
  EXPECT_EQ(server_->counters().streams, 1U);
  EXPECT_EQ(handler.script.destroyed, 0U);
  client.reset();
  run_until([&] { return handler.script.destroyed == 1; });
  EXPECT_EQ(server_->counters().streams, 0U);
}

TEST_F(HttpServerTest, PeerThatDoesNotReadIsCut) {
  HttpLimits limits;
  limits.stream_piece = std::chrono::seconds(1);
  serve(limits);
  handler.script.is_endless = true;
  // More than the buffers of the system on both ends.
  handler.script.pieces = {std::string(64 << 20, 'x')};
  const OwnedFd client = request();
  run_until([&] { return handler.script.destroyed == 1; });
  EXPECT_EQ(server_->counters().streams_cut, 1U);
}

TEST_F(HttpServerTest, StreamsAboveTheLimitAreRefused) {
  HttpLimits limits;
  limits.streams = 1;
  serve(limits);
  handler.script.is_endless = true;
  const OwnedFd first = request();
  receive(first, "\r\n\r\n");
  const OwnedFd second = request();
  const std::string text = receive(second, "never");
  EXPECT_NE(text.find("HTTP/1.1 503 "), std::string::npos);
  EXPECT_NE(text.find(R"("code":"too_many_connections")"), std::string::npos);
  EXPECT_EQ(server_->counters().streams_refused, 1U);
}

TEST_F(HttpServerTest, HeadersThatHandlersReadArrive) {
  serve({});
  const OwnedFd client = request(
      "PATCH /v1/x HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/sdp\r\nIf-Match: \"4\"\r\n"
      "Idempotency-Key: k1\r\nLast-Event-ID: 17\r\nAccept: text/event-stream\r\nContent-Length: 2\r\n\r\n{}");
  receive(client, "never");
  EXPECT_EQ(handler.seen.content_type, "application/sdp");
  EXPECT_EQ(handler.seen.if_match, "\"4\"");
  EXPECT_EQ(handler.seen.idempotency_key, "k1");
  EXPECT_EQ(handler.seen.last_event_id, "17");
  EXPECT_EQ(handler.seen.accept, "text/event-stream");
  EXPECT_EQ(handler.seen.body, "{}");
}

}  // namespace
}  // namespace eir
