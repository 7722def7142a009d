#include "server/api/http_connection.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>

namespace eir {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;

namespace {

using Parser = http::request_parser<http::string_body>;
using Response = http::response<http::string_body>;
using Error = beast::error_code;

constexpr auto kTuple = asio::as_tuple(asio::use_awaitable);

// How long a refused peer may take to read why, before the connection is cut.
constexpr std::chrono::seconds kLinger{2};
constexpr size_t kLingerBytesMax = 256 << 10;

// What Host may hold (RFC 9110 section 7.2); anything else could be smuggled into the URLs that we answer with.
bool is_host(std::string_view host) {
  constexpr size_t kHostMax = 255;
  return !host.empty() && host.size() <= kHostMax &&
         host.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-:[]_") ==
             std::string_view::npos;
}

std::string bearer_of(std::string_view header) {
  constexpr std::string_view kScheme = "bearer ";
  if (header.size() <= kScheme.size() || !beast::iequals(header.substr(0, kScheme.size()), kScheme)) return {};
  return std::string(header.substr(kScheme.size()));
}

std::string text(beast::string_view view) { return {view.data(), view.size()}; }

HttpRequest to_request(const BeastRequest& message, const std::string& source, bool is_tls) {
  HttpRequest request;
  request.method = text(message.method_string());
  const std::string target = text(message.target());
  request.path = target.substr(0, target.find('?'));
  request.host = text(message[http::field::host]);
  request.origin = text(message[http::field::origin]);
  request.bearer = bearer_of(text(message[http::field::authorization]));
  request.if_none_match = text(message[http::field::if_none_match]);
  request.source = source;
  request.body = message.body();
  request.is_tls = is_tls;
  return request;
}

Problem problem_of(const Error& error) {
  if (error == http::error::header_limit || error == http::error::buffer_overflow) {
    return {431, "header_too_large", ""};
  }
  if (error == http::error::body_limit) return {413, "too_large", ""};
  if (error == beast::error::timeout) return {408, "timeout", ""};
  return {400, "bad_request", ""};
}

// Whether the peer is still there and did something that an answer can be given to.
bool is_answerable(const Error& error) {
  return error.category() == http::make_error_code(http::error::bad_method).category() &&
         error != http::error::end_of_stream && error != http::error::partial_message;
}

// One connection's requests, one after the other.
class HttpConnection {
 public:
  HttpConnection(asio::ip::tcp::socket socket, std::string source, const HttpContext& context)
      : stream_(std::move(socket), context.tls), source_(std::move(source)), context_(context) {}

  asio::awaitable<void> run() {
    if (!co_await handshake()) co_return;
    while (co_await wait_for_request()) {
      Parser parser;
      parser.header_limit(context_.limits.header_bytes);
      parser.body_limit(context_.limits.body_bytes);
      if (!co_await read_header(parser)) co_return;
      if (is_upgrade(parser.get())) {
        co_await upgrade(parser);
        co_return;
      }
      if (!co_await read_body(parser)) co_return;
      if (!co_await respond(parser.get())) break;
    }
    co_await close();
  }

 private:
  asio::awaitable<bool> handshake() {
    AnyStream::Tls* tls = stream_.tls();
    if (tls == nullptr) co_return true;
    stream_.tcp().expires_after(context_.limits.tls);
    const auto [error] = co_await tls->async_handshake(asio::ssl::stream_base::server, kTuple);
    if (error) ++context_.counters.tls_failures;
    co_return !error;
  }

  // The time between requests is another than the time of one.
  asio::awaitable<bool> wait_for_request() {
    if (buffer_.size() > 0) co_return true;
    stream_.tcp().expires_after(context_.limits.idle);
    constexpr size_t kFirstRead = 4096;
    const auto [error, bytes] = co_await stream_.async_read_some(buffer_.prepare(kFirstRead), kTuple);
    if (!error) buffer_.commit(bytes);
    co_return !error;
  }

  asio::awaitable<bool> read_header(Parser& parser) {
    stream_.tcp().expires_after(context_.limits.header);
    const auto [error, bytes] = co_await http::async_read_header(stream_, buffer_, parser, kTuple);
    if (!error && parser.get().version() == 11 && is_host(text(parser.get()[http::field::host]))) co_return true;
    co_await refuse(error ? error : Error(http::error::bad_value));
    co_return false;
  }

  asio::awaitable<bool> read_body(Parser& parser) {
    stream_.tcp().expires_after(context_.limits.body);
    if (!parser.is_done() && beast::iequals(parser.get()[http::field::expect], "100-continue")) {
      http::response<http::empty_body> go_on(http::status::continue_, 11);
      co_await http::async_write(stream_, go_on, kTuple);
    }
    const auto [error, bytes] = co_await http::async_read(stream_, buffer_, parser, kTuple);
    if (error) co_await refuse(error);
    co_return !error;
  }

  // True if the connection may carry another request.
  asio::awaitable<bool> respond(const BeastRequest& message) {
    const HttpRequest request = to_request(message, source_, context_.tls != nullptr);
    stream_.tcp().expires_never();
    const HttpAnswer answer = co_await context_.handler.handle(request);
    co_return co_await write(answer, message.keep_alive(), request.method == "HEAD");
  }

  asio::awaitable<bool> write(const HttpAnswer& answer, bool keep_alive, bool is_head) {
    Response response(static_cast<http::status>(answer.status), 11);
    for (const auto& [name, value] : answer.headers) response.insert(name, value);
    if (!answer.content_type.empty()) response.set(http::field::content_type, answer.content_type);
    // Browsers keep to HTTPS once they have seen it; on the loopback listener the header has no meaning.
    if (context_.tls != nullptr) response.set(http::field::strict_transport_security, "max-age=31536000");
    if (!is_head) response.body() = answer.body;
    response.keep_alive(keep_alive);
    if (answer.status != 204 && answer.status != 304) response.content_length(answer.body.size());
    stream_.tcp().expires_after(context_.limits.body);
    const auto [error, bytes] = co_await http::async_write(stream_, response, kTuple);
    co_return !error && keep_alive;
  }

  asio::awaitable<void> refuse(Error error) {
    if (error == beast::error::timeout) {
      ++context_.counters.timeouts;  // the stream is closed by now
      co_return;
    }
    if (!is_answerable(error)) co_return;
    ++context_.counters.bad_requests;
    co_await write(answer_problem(problem_of(error)), false, false);
    co_await close();
  }

  static bool is_upgrade(const BeastRequest& message) {
    return message.method() == http::verb::get && beast::iequals(message[http::field::upgrade], "websocket");
  }

  asio::awaitable<void> upgrade(Parser& parser) {
    const HttpRequest request = to_request(parser.get(), source_, context_.tls != nullptr);
    if (const auto refusal = context_.handler.refuse_upgrade(request)) {
      co_await write(*refusal, false, false);
      co_await close();
      co_return;
    }
    stream_.tcp().expires_never();
    co_await serve_websocket(std::move(stream_), parser.release(), context_);
  }

  // Says goodbye and reads on for a moment: a connection cut while bytes are on their way would take our answer with
  // it.
  asio::awaitable<void> close() {
    stream_.tcp().expires_after(kLinger);
    if (AnyStream::Tls* tls = stream_.tls()) co_await tls->async_shutdown(kTuple);
    Error ignored;
    stream_.tcp().socket().shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
    std::array<char, 4096> discarded{};
    for (size_t total = 0; total < kLingerBytesMax;) {
      const auto [error, bytes] = co_await stream_.tcp().async_read_some(asio::buffer(discarded), kTuple);
      if (error) break;
      total += bytes;
    }
  }

  AnyStream stream_;
  std::string source_;
  HttpContext context_;
  // A header, or a piece of the body.
  beast::flat_buffer buffer_{32 << 10};
};

}  // namespace

asio::awaitable<void> serve_http(asio::ip::tcp::socket socket, std::string source, HttpContext context) {
  HttpConnection connection(std::move(socket), std::move(source), context);
  co_await connection.run();
}

}  // namespace eir
