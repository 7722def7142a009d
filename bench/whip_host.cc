#include "bench/whip_host.h"

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <chrono>
#include <stdexcept>

#include "bench/client_loop.h"
#include "bench/process_stats.h"

namespace eir::bench {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;

constexpr std::chrono::seconds kDeadline{10};
constexpr std::string_view kScheme = "http://";

using Request = http::request<http::string_body>;
using Response = http::response<http::string_body>;

// One connection per request, as joins are rare.
Response exchange_http(const LocalUrl& url, Request request) {
  asio::io_context context{1};
  beast::tcp_stream stream(context);
  stream.expires_after(kDeadline);
  const std::string host = url.address.host == "localhost" ? "127.0.0.1" : url.address.host;
  stream.connect({asio::ip::make_address(host), url.address.port});
  request.set(http::field::host, url.address.host + ":" + std::to_string(url.address.port));
  request.set(http::field::connection, "close");
  request.prepare_payload();
  http::write(stream, request);
  beast::flat_buffer buffer;
  Response response;
  http::read(stream, buffer, response);
  return response;
}

void replace_all(std::string& text, std::string_view from, const std::string& to) {
  for (size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
}

// One WHIP or WHEP resource, deleted when this is destroyed.
class Resource final : public Session {
 public:
  Resource(LocalUrl url, std::string bearer) : url_(std::move(url)), bearer_(std::move(bearer)) {
    progress_.begun = now();
  }

  ~Resource() override {
    if (location_.path.empty()) return;
    try {
      exchange_http(location_, request(http::verb::delete_, location_));
    } catch (const std::exception&) {
      // The server is gone, and the resource with it.
      return;
    }
  }
  Resource(const Resource&) = delete;
  Resource& operator=(const Resource&) = delete;

  const JoinProgress& progress() const override { return progress_; }
  void offer(const std::string& sdp) {
    progress_.answer = exchange(sdp);
    progress_.answered = now();
  }

 private:
  std::string exchange(const std::string& offer) {
    Request post = request(http::verb::post, url_);
    post.set(http::field::content_type, "application/sdp");
    post.body() = offer;
    const Response answer = exchange_http(url_, std::move(post));
    if (answer.result() != http::status::created) {
      throw std::runtime_error("POST " + url_.path + ": " + std::to_string(answer.result_int()) + ' ' + answer.body());
    }
    const beast::string_view location = answer[http::field::location];
    if (location.empty()) throw std::runtime_error("POST " + url_.path + ": 201 without a Location");
    location_ = resolve_location(url_, {location.data(), location.size()});
    return answer.body();
  }

  Request request(http::verb method, const LocalUrl& url) const {
    Request out(method, url.path, 11);
    if (!bearer_.empty()) out.set(http::field::authorization, "Bearer " + bearer_);
    return out;
  }

  LocalUrl url_;
  LocalUrl location_;  // its path is empty until there is a resource
  std::string bearer_;
  JoinProgress progress_;
};

}  // namespace

LocalUrl parse_local_url(std::string_view url) {
  const size_t begin = url.starts_with(kScheme) ? kScheme.size() : 0;
  const size_t slash = url.find('/', begin);
  LocalUrl out;
  out.address = parse_api_address(url.substr(0, slash));
  out.path = slash == std::string_view::npos ? "/" : std::string(url.substr(slash));
  return out;
}

LocalUrl resolve_location(const LocalUrl& posted, std::string_view location) {
  if (location.find("://") != std::string_view::npos) {
    LocalUrl out = parse_local_url(location);
    const bool is_same = out.address.host == posted.address.host && out.address.port == posted.address.port;
    if (!is_same) throw std::runtime_error("the Location leads to another server: " + std::string(location));
    return out;
  }
  if (location.starts_with("//")) throw std::runtime_error("the Location leads to another server");
  if (location.starts_with('/')) return {posted.address, std::string(location)};
  const std::string_view path = std::string_view(posted.path).substr(0, posted.path.find('?'));
  return {posted.address, std::string(path.substr(0, path.rfind('/') + 1)) + std::string(location)};
}

std::string fill_in(std::string_view url_template, const Seat& seat) {
  std::string out(url_template);
  replace_all(out, "{room}", std::to_string(seat.room));
  replace_all(out, "{person}", std::to_string(seat.person));
  return out;
}

std::unique_ptr<Session> WhipHost::join(const Seat& seat, std::string offer) {
  const LocalUrl url = parse_local_url(fill_in(seat.part == Part::kPublishes ? options_.whip : options_.whep, seat));
  std::string bearer;
  if (!options_.bearers.empty()) bearer = options_.bearers[std::min(connections_, options_.bearers.size() - 1)];
  ++connections_;
  auto resource = std::make_unique<Resource>(url, std::move(bearer));
  resource->offer(offer);
  return resource;
}

std::vector<pid_t> WhipHost::workers() const {
  return options_.pid > 0 ? process_tree_of(options_.pid) : std::vector<pid_t>{};
}

}  // namespace eir::bench
