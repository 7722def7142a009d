#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "server/api/http_message.h"

namespace boost::asio {
class io_context;
namespace ssl {
class context;
}
}  // namespace boost::asio

namespace eir {

class SignalConnection;
class SignalReceiver;

namespace channel {
struct InheritedSocket;
}

// What answers the requests of a listener.
class HttpHandler {
 public:
  virtual ~HttpHandler() = default;
  virtual boost::asio::awaitable<HttpAnswer> handle(const HttpRequest& request) = 0;
  // A WebSocket is asked for: nothing lets it in, to open_signal().
  virtual std::optional<HttpAnswer> refuse_upgrade(const HttpRequest& request) = 0;
  // Only asked after refuse_upgrade() has let one in. The connection outlives the receiver.
  virtual std::unique_ptr<SignalReceiver> open_signal(SignalConnection& connection) = 0;
};

// All of them hold before anybody is authenticated. Each time is a total, however slowly bytes trickle in.
struct HttpLimits {
  uint32_t connections = 4096;
  uint32_t connections_per_source = 256;
  uint32_t header_bytes = 8192;
  uint32_t body_bytes = 65536;
  uint32_t messages_per_second = 50;
  // Answers with a stream, of all connections of one listener.
  uint32_t streams = 512;
  std::chrono::seconds tls{10};
  std::chrono::seconds header{10};
  std::chrono::seconds body{10};
  std::chrono::seconds idle{60};
  std::chrono::seconds hello{5};
  // For one piece of a stream: a peer that has not taken it by then is cut.
  std::chrono::seconds stream_piece{10};
};

struct HttpCounters {
  uint64_t accepted = 0;
  uint64_t refused_connections = 0;
  uint64_t tls_failures = 0;
  uint64_t bad_requests = 0;
  uint64_t timeouts = 0;
  uint64_t open = 0;
  uint64_t websockets = 0;
  uint64_t streams = 0;
  uint64_t streams_refused = 0;
  // Streams ended because the peer read too slowly.
  uint64_t streams_cut = 0;
};

// Listens on sockets that the supervisor bound. Owned by run_control(); destroying it closes the listeners, running
// connections end with the event loop.
class HttpServer {
 public:
  // Without `tls` in plain text. `handler` and `io` outlive all connections.
  HttpServer(boost::asio::io_context& io, std::shared_ptr<boost::asio::ssl::context> tls, HttpHandler& handler,
             const HttpLimits& limits);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  void listen(const channel::InheritedSocket& socket);
  // For a reload. Limits hold at once, also for running connections; the certificate for handshakes from now on.
  void set_limits(const HttpLimits& limits);
  void set_tls(std::shared_ptr<boost::asio::ssl::context> tls);
  // Takes nothing new.
  void close();
  const HttpCounters& counters() const;

 private:
  struct State;
  std::shared_ptr<State> state_;  // shared with the coroutines of its connections
};

// TLS 1.3, and 1.2 with ECDHE and AEAD; HTTP/1.1 by ALPN. Throws boost::system::system_error naming the file.
std::shared_ptr<boost::asio::ssl::context> make_tls_context(const std::string& certificate_file,
                                                            const std::string& key_file);

}  // namespace eir
