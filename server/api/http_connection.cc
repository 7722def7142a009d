#include "server/api/http_connection.h"

#include <fmt/format.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/serializer.hpp>
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
  request.content_type = text(message[http::field::content_type]);
  request.accept = text(message[http::field::accept]);
  request.accept_encoding = text(message[http::field::accept_encoding]);
  request.if_match = text(message[http::field::if_match]);
  request.if_none_match = text(message[http::field::if_none_match]);
  request.idempotency_key = text(message["Idempotency-Key"]);
  request.last_event_id = text(message["Last-Event-ID"]);
  request.access_control_request_method = text(message[http::field::access_control_request_method]);
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

// Counts down however the coroutine ends.
struct Finally {
  uint64_t& count;
  ~Finally() { --count; }
};

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
    if (answer.stream != nullptr && request.method != "HEAD") {
      co_await write_stream(answer);
      co_return false;
    }
    co_return co_await write(answer, message.keep_alive(), request.method == "HEAD");
  }

  template <class Body>
  void fill_header(http::response<Body>& response, const HttpAnswer& answer) const {
    for (const auto& [name, value] : answer.headers) response.insert(name, value);
    if (!answer.content_type.empty()) response.set(http::field::content_type, answer.content_type);
    // Browsers keep to HTTPS once they have seen it; on the loopback listener the header has no meaning.
    if (context_.tls != nullptr) response.set(http::field::strict_transport_security, "max-age=31536000");
  }

  asio::awaitable<bool> write(const HttpAnswer& answer, bool keep_alive, bool is_head) {
    Response response(static_cast<http::status>(answer.status), 11);
    fill_header(response, answer);
    if (!is_head) response.body() = answer.body;
    response.keep_alive(keep_alive);
    if (answer.status != 204 && answer.status != 304) response.content_length(answer.body.size());
    stream_.tcp().expires_after(context_.limits.body);
    const auto [error, bytes] = co_await http::async_write(stream_, response, kTuple);
    co_return !error && keep_alive;
  }

  asio::awaitable<void> write_stream(const HttpAnswer& answer) {
    if (context_.counters.streams >= context_.limits.streams) {
      ++context_.counters.streams_refused;
      const HttpAnswer refusal = answer_problem({503, "too_many_connections", "streams"});
      co_await write(refusal, false, false);
      co_return;
    }
    ++context_.counters.streams;
    const Finally finally{context_.counters.streams};
    // Whichever ends first cancels the other.
    using asio::experimental::awaitable_operators::operator||;
    auto both = write_pieces(answer) || await_farewell();
    co_await std::move(both);
  }

  // Ends without an exception: `||` waits for the other one if one throws.
  asio::awaitable<bool> write_pieces(const HttpAnswer& answer) {
    http::response<http::empty_body> response(static_cast<http::status>(answer.status), 11);
    fill_header(response, answer);
    response.keep_alive(false);
    response.chunked(true);
    http::response_serializer<http::empty_body> header(response);
    stream_.tcp().expires_after(context_.limits.stream_piece);
    const auto [failed, header_bytes] = co_await http::async_write_header(stream_, header, kTuple);
    if (failed) co_return false;
    while (true) {
      const std::optional<std::string> piece = co_await next_piece(*answer.stream);
      if (piece && piece->empty()) continue;  // an empty chunk would mean the end
      // RFC 9112 section 7.1.
      const std::string chunk = piece ? fmt::format("{:x}\r\n{}\r\n", piece->size(), *piece) : "0\r\n\r\n";
      stream_.tcp().expires_after(context_.limits.stream_piece);
      const auto [error, bytes] = co_await asio::async_write(stream_, asio::buffer(chunk), kTuple);
      if (error == beast::error::timeout) ++context_.counters.streams_cut;
      if (error || !piece) co_return !error;
    }
  }

  static asio::awaitable<std::optional<std::string>> next_piece(AnswerStream& stream) {
    try {
      co_return co_await stream.next();
    } catch (const boost::system::system_error&) {
      co_return std::nullopt;  // cancelled
    }
  }

  // Until the peer closes or resets the connection. What it says meanwhile is not ours to answer.
  asio::awaitable<void> await_farewell() {
    std::array<char, 1024> discarded{};
    stream_.tcp().expires_never();
    for (size_t total = 0; total < kLingerBytesMax;) {
      const auto [error, bytes] = co_await stream_.async_read_some(asio::buffer(discarded), kTuple);
      if (error) co_return;
      total += bytes;
    }
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
