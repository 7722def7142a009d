#include "bench/api_client.h"

#include <ifaddrs.h>

#include <algorithm>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/websocket.hpp>
#include <boost/json.hpp>
#include <charconv>
#include <chrono>
#include <stdexcept>
#include <vector>

namespace eir::bench {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
namespace json = boost::json;
using tcp = asio::ip::tcp;

constexpr std::chrono::seconds kDeadline{10};
constexpr std::chrono::seconds kPingInterval{15};

asio::ip::address to_asio(const sockaddr& native) {
  if (native.sa_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(native);
    return asio::ip::address_v4(ntohl(v4.sin_addr.s_addr));
  }
  if (native.sa_family != AF_INET6) return {};
  asio::ip::address_v6::bytes_type bytes{};
  const auto& v6 = reinterpret_cast<const sockaddr_in6&>(native);
  std::copy_n(v6.sin6_addr.s6_addr, bytes.size(), bytes.begin());
  return asio::ip::address_v6(bytes);
}

bool is_of_this_host(const asio::ip::address& address) {
  if (address.is_loopback()) return true;
  ifaddrs* list = nullptr;
  if (getifaddrs(&list) != 0) return false;
  bool found = false;
  for (const ifaddrs* one = list; one != nullptr; one = one->ifa_next) {
    if (one->ifa_addr != nullptr && to_asio(*one->ifa_addr) == address) found = true;
  }
  freeifaddrs(list);
  return found;
}

// Runs `io` until the operation that set `done` is over; the stream's own timeout bounds it.
void run_until(asio::io_context& io, const bool& done) {
  const auto end = std::chrono::steady_clock::now() + kDeadline;
  io.restart();
  while (!done && std::chrono::steady_clock::now() < end) {
    if (io.run_one_until(end) == 0) io.restart();
  }
  if (!done) throw std::runtime_error("the API does not answer");
}

void check(const boost::system::error_code& error, const char* what) {
  if (error) throw std::runtime_error(std::string(what) + ": " + error.message());
}

// One participant's WebSocket. A read is always under way, so that pings are answered whenever the io_context runs.
class SignalSession final : public Session {
 public:
  SignalSession(asio::io_context& io, const ApiAddress& address, const tcp::endpoint& server, const std::string& token)
      : io_(io), socket_(io) {
    beast::get_lowest_layer(socket_).connect(server);
    // Or an offer right after hello waits for the other side's delayed acknowledgement, 40 ms.
    beast::get_lowest_layer(socket_).set_option(tcp::no_delay(true));
    socket_.set_option(beast::websocket::stream_base::decorator(
        [](beast::websocket::request_type& request) { request.set(http::field::sec_websocket_protocol, "eir.v1"); }));
    socket_.handshake(address.host + ":" + std::to_string(address.port), "/v1/signal");
    send({{"type", "hello"}, {"session", token}});
    read();
    run_until(io_, is_welcome_);
  }
  ~SignalSession() override {
    beast::error_code ignored;
    if (!is_closed_) socket_.write(asio::buffer(std::string_view(R"({"type":"leave"})")), ignored);
    // The pending read ends with this and its handler, run here, still finds the object.
    beast::get_lowest_layer(socket_).close();
    io_.restart();
    while (!is_read_over_ && io_.poll_one() > 0) {
    }
  }
  SignalSession(const SignalSession&) = delete;
  SignalSession& operator=(const SignalSession&) = delete;

  std::string exchange(const std::string& offer) override {
    is_answered_ = false;
    send({{"type", "offer"}, {"id", ++offers_}, {"sdp", offer}});
    run_until(io_, is_answered_);
    if (answer_.empty()) throw std::runtime_error("the offer was refused: " + refusal_);
    return answer_;
  }

  void ping() {
    const auto at = std::chrono::steady_clock::now();
    if (is_closed_ || at - last_ping_ < kPingInterval) return;
    last_ping_ = at;
    send({{"type", "ping"}});
  }

 private:
  void send(const json::object& message) {
    beast::error_code error;
    socket_.write(asio::buffer(json::serialize(message)), error);
    check(error, "signalling");
  }

  void read() {
    socket_.async_read(buffer_, [this](const beast::error_code& error, size_t) {
      if (error) {
        is_closed_ = is_read_over_ = true;
        return;
      }
      handle(beast::buffers_to_string(buffer_.data()));
      buffer_.consume(buffer_.size());
      read();
    });
  }

  void handle(const std::string& text) {
    const json::object message = json::parse(text).as_object();
    const std::string_view type = message.at("type").as_string();
    if (type == "welcome") is_welcome_ = true;
    if (type == "answer") {
      answer_ = message.at("sdp").as_string();
      is_answered_ = true;
    } else if (type == "error") {
      answer_.clear();
      refusal_ = message.at("code").as_string();
      is_answered_ = true;
    }
  }

  asio::io_context& io_;
  beast::websocket::stream<tcp::socket> socket_;
  beast::flat_buffer buffer_;
  bool is_welcome_ = false;
  bool is_answered_ = false;
  bool is_closed_ = false;
  bool is_read_over_ = false;
  int64_t offers_ = 0;
  std::string answer_;
  std::string refusal_;
  std::chrono::steady_clock::time_point last_ping_ = std::chrono::steady_clock::now();
};

}  // namespace

struct ApiClient::Io {
  // A session that the owner destroys leaves the list.
  struct Handle final : Session {
    Handle(Io& owner, std::unique_ptr<SignalSession> one) : io(owner), session(std::move(one)) {
      io.sessions.push_back(session.get());
    }
    ~Handle() override { std::erase(io.sessions, session.get()); }
    Handle(const Handle&) = delete;
    Handle& operator=(const Handle&) = delete;
    std::string exchange(const std::string& offer) override { return session->exchange(offer); }

    Io& io;
    std::unique_ptr<SignalSession> session;
  };

  asio::io_context context{1};
  tcp::endpoint server;
  std::vector<SignalSession*> sessions;

  http::response<http::string_body> request(const ApiAddress& address, http::request<http::string_body> request) {
    beast::tcp_stream stream(context);
    stream.expires_after(kDeadline);
    stream.connect(server);
    request.set(http::field::host, address.host + ":" + std::to_string(address.port));
    request.set(http::field::connection, "close");
    request.prepare_payload();
    http::write(stream, request);
    beast::flat_buffer buffer;
    http::response<http::string_body> response;
    http::read(stream, buffer, response);
    return response;
  }
};

ApiAddress parse_api_address(std::string_view url) {
  constexpr std::string_view kScheme = "http://";
  ApiAddress out;
  const size_t colon = url.rfind(':');
  const bool has_port = colon != std::string_view::npos && colon > kScheme.size();
  if (!url.starts_with(kScheme)) throw std::runtime_error("not an http:// address: " + std::string(url));
  out.host = url.substr(kScheme.size(), has_port ? colon - kScheme.size() : std::string_view::npos);
  if (has_port) {
    const std::string_view port = url.substr(colon + 1);
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), out.port);
    if (error != std::errc{} || end != port.data() + port.size()) throw std::runtime_error("not a port in the address");
  }
  boost::system::error_code error;
  const auto address = asio::ip::make_address(out.host == "localhost" ? "127.0.0.1" : out.host, error);
  if (error || !is_of_this_host(address)) throw std::runtime_error("not an address of this host: " + out.host);
  return out;
}

ApiClient::ApiClient(ApiAddress address) : io_(std::make_unique<Io>()), address_(std::move(address)) {
  const std::string& host = address_.host;
  io_->server = {asio::ip::make_address(host == "localhost" ? "127.0.0.1" : host), address_.port};
}

ApiClient::~ApiClient() = default;

json::value ApiClient::post(const std::string& path, const json::value& body, const std::string& bearer) {
  http::request<http::string_body> request(http::verb::post, path, 11);
  request.set(http::field::content_type, "application/json");
  if (!bearer.empty()) request.set(http::field::authorization, "Bearer " + bearer);
  request.body() = json::serialize(body);
  const auto response = io_->request(address_, std::move(request));
  if (http::to_status_class(response.result()) != http::status_class::successful) {
    throw std::runtime_error("POST " + path + ": " + std::to_string(response.result_int()) + ' ' + response.body());
  }
  return json::parse(response.body());
}

std::string ApiClient::get(const std::string& path) {
  const auto response = io_->request(address_, http::request<http::string_body>(http::verb::get, path, 11));
  if (response.result() != http::status::ok) {
    throw std::runtime_error("GET " + path + ": " + std::to_string(response.result_int()));
  }
  return response.body();
}

std::unique_ptr<Session> ApiClient::join(const std::string& invitation, const std::string& display_name) {
  const json::value joined = post("/v1/join", {{"token", invitation}, {"displayName", display_name}}, {});
  const std::string token(joined.at("session").as_string());
  return std::make_unique<Io::Handle>(*io_,
                                      std::make_unique<SignalSession>(io_->context, address_, io_->server, token));
}

void ApiClient::poll() {
  for (SignalSession* const session : io_->sessions) session->ping();
  io_->context.restart();
  io_->context.poll();
}

}  // namespace eir::bench
