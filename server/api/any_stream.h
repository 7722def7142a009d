#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <boost/beast/websocket/rfc6455.hpp>
#include <boost/beast/websocket/teardown.hpp>
#include <utility>
#include <variant>

namespace eir {

// A TCP connection, with TLS or without, as one type: what is built on it (HTTP, WebSocket) is compiled once. Included
// by the listener's .cc files only.
class AnyStream {
 public:
  using Plain = boost::beast::tcp_stream;
  using Tls = boost::beast::ssl_stream<Plain>;
  using executor_type = Plain::executor_type;

  AnyStream(boost::asio::ip::tcp::socket socket, boost::asio::ssl::context* tls)
      : stream_(tls == nullptr ? Either(std::in_place_type<Plain>, std::move(socket))
                               : Either(std::in_place_type<Tls>, std::move(socket), *tls)) {}

  executor_type get_executor() { return tcp().get_executor(); }
  Plain& tcp() {
    Tls* secured = tls();
    return secured == nullptr ? std::get<Plain>(stream_) : secured->next_layer();
  }
  // nullptr without TLS.
  Tls* tls() { return std::get_if<Tls>(&stream_); }

  template <class Buffers, class Handler>
  decltype(auto) async_read_some(const Buffers& buffers, Handler&& handler) {
    if (Tls* secured = tls()) return secured->async_read_some(buffers, std::forward<Handler>(handler));
    return tcp().async_read_some(buffers, std::forward<Handler>(handler));
  }
  template <class Buffers, class Handler>
  decltype(auto) async_write_some(const Buffers& buffers, Handler&& handler) {
    if (Tls* secured = tls()) return secured->async_write_some(buffers, std::forward<Handler>(handler));
    return tcp().async_write_some(buffers, std::forward<Handler>(handler));
  }

 private:
  using Either = std::variant<Plain, Tls>;
  Either stream_;
};

// Beast finds these by argument-dependent lookup.
inline void beast_close_socket(AnyStream& stream) { stream.tcp().close(); }

template <class Handler>
void async_teardown(boost::beast::role_type role, AnyStream& stream, Handler&& handler) {
  if (AnyStream::Tls* secured = stream.tls()) {
    async_teardown(role, *secured, std::forward<Handler>(handler));
  } else {
    async_teardown(role, stream.tcp(), std::forward<Handler>(handler));
  }
}

}  // namespace eir
