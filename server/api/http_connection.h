#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>

#include "server/api/any_stream.h"
#include "server/api/http_server.h"

// Between the files of the listener.
namespace eir {

using BeastRequest = boost::beast::http::request<boost::beast::http::string_body>;

// What a connection needs of its listener; it outlives the connection.
struct HttpContext {
  HttpHandler& handler;
  const HttpLimits& limits;
  HttpCounters& counters;
  boost::asio::ssl::context* tls;
};

// One connection from its accept to its end. Throws nothing that is the peer's fault.
boost::asio::awaitable<void> serve_http(boost::asio::ip::tcp::socket socket, std::string source, HttpContext context);
// Takes the connection over after `request` has asked for the WebSocket and was let in.
boost::asio::awaitable<void> serve_websocket(AnyStream stream, BeastRequest request, HttpContext context);

}  // namespace eir
