#include "bench/janus_connection.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address_v4.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/websocket.hpp>
#include <chrono>
#include <optional>
#include <stdexcept>

namespace eir::bench {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using tcp = asio::ip::tcp;

constexpr std::chrono::seconds kDeadline{10};
constexpr std::chrono::seconds kKeepAliveInterval{20};

}  // namespace

struct JanusConnection::Io {
  asio::io_context context{1};
  beast::websocket::stream<tcp::socket> socket{context};
  beast::flat_buffer buffer;
  beast::error_code closed;
  // What call() waits for, and what came of it.
  std::string awaited;
  std::optional<JanusMessage> reply;
  std::chrono::steady_clock::time_point keep_alive = std::chrono::steady_clock::now() + kKeepAliveInterval;

  explicit Io(uint16_t port) {
    socket.next_layer().connect({asio::ip::address_v4::loopback(), port});
    socket.next_layer().set_option(tcp::no_delay(true));
    socket.set_option(beast::websocket::stream_base::decorator([](beast::websocket::request_type& request) {
      request.set(beast::http::field::sec_websocket_protocol, "janus-protocol");
    }));
    socket.handshake("127.0.0.1:" + std::to_string(port), "/");
    socket.text(true);
    read();
  }

  // A read is always under way, so that notifications do not pile up and pings are answered.
  void read() {
    socket.async_read(buffer, [this](const beast::error_code& error, size_t) {
      if (error) {
        closed = error;
        return;
      }
      JanusMessage message = parse_janus_message(beast::buffers_to_string(buffer.data()));
      buffer.consume(buffer.size());
      const bool is_last = message.kind != JanusMessage::Kind::kAck && message.kind != JanusMessage::Kind::kOther;
      if (is_last && !awaited.empty() && message.transaction == awaited) reply = std::move(message);
      read();
    });
  }
};

JanusConnection::JanusConnection(uint16_t port) : io_(std::make_unique<Io>(port)) {
  const std::string transaction = next_transaction();
  const JanusMessage made = call(janus_create_session(transaction), transaction);
  check_janus(made, "create");
  session_ = made.id;
}

// The pending read ends with the socket and its handler still finds the object.
JanusConnection::~JanusConnection() {
  beast::error_code ignored;
  io_->socket.next_layer().close(ignored);
  io_->context.restart();
  io_->context.poll();
}

std::string JanusConnection::next_transaction() { return "t" + std::to_string(++transactions_); }

void JanusConnection::send(const std::string& request) {
  beast::error_code error;
  io_->socket.write(asio::buffer(request), error);
  if (error) throw std::runtime_error("Janus: " + error.message());
}

JanusMessage JanusConnection::call(const std::string& request, const std::string& transaction) {
  io_->awaited = transaction;
  io_->reply.reset();
  send(request);
  const auto end = std::chrono::steady_clock::now() + kDeadline;
  io_->context.restart();
  while (!io_->reply && !io_->closed && io_->context.run_one_until(end) > 0) {
  }
  if (io_->closed) throw std::runtime_error("Janus closed the connection: " + io_->closed.message());
  if (!io_->reply) throw std::runtime_error("Janus does not answer");
  io_->awaited.clear();
  return std::move(*io_->reply);
}

JanusAddress JanusConnection::attach() {
  const std::string transaction = next_transaction();
  const JanusMessage made = call(janus_attach_video_room(session_, transaction), transaction);
  check_janus(made, "attach");
  return {session_, made.id};
}

void JanusConnection::poll() {
  const auto at = std::chrono::steady_clock::now();
  if (at >= io_->keep_alive) {
    send(janus_keep_alive(session_, next_transaction()));
    io_->keep_alive = at + kKeepAliveInterval;
  }
  io_->context.restart();
  io_->context.poll();
  if (io_->closed) throw std::runtime_error("Janus closed the connection: " + io_->closed.message());
}

void check_janus(const JanusMessage& message, const std::string& what) {
  if (message.error_code == 0) return;
  throw std::runtime_error("Janus refuses " + what + ": " + std::to_string(message.error_code) + ' ' + message.error);
}

}  // namespace eir::bench
