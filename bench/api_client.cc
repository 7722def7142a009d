#include "bench/api_client.h"

#include <ifaddrs.h>

#include <algorithm>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/json.hpp>
#include <charconv>
#include <chrono>
#include <stdexcept>
#include <utility>
#include <vector>

#include "bench/signal_session.h"

namespace eir::bench {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
namespace json = boost::json;
using tcp = asio::ip::tcp;

constexpr std::chrono::seconds kDeadline{10};

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

}  // namespace

struct ApiClient::Io {
  // A session that the owner destroys leaves the list.
  struct Handle final : Session {
    Handle(Io& owner, JoinRequest request) : io(owner), session(owner.context, std::move(request)) {
      io.sessions.push_back(&session);
    }
    ~Handle() override { std::erase(io.sessions, &session); }
    Handle(const Handle&) = delete;
    Handle& operator=(const Handle&) = delete;
    const JoinProgress& progress() const override { return session.progress(); }

    Io& io;
    SignalSession session;
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

std::unique_ptr<Session> ApiClient::join(const std::string& invitation, std::string display_name, std::string offer) {
  return std::make_unique<Io::Handle>(*io_, JoinRequest{.server = io_->server,
                                                        .host = address_.host + ":" + std::to_string(address_.port),
                                                        .invitation = invitation,
                                                        .display_name = std::move(display_name),
                                                        .offer = std::move(offer)});
}

void ApiClient::poll() {
  for (SignalSession* const session : io_->sessions) session->ping();
  io_->context.restart();
  io_->context.poll();
}

}  // namespace eir::bench
