#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "server/api/backend.h"
#include "server/api/http_server.h"
#include "server/api/static_files.h"

namespace boost::json {
class object;
}

namespace eir {

class MetricsPage;

// How reloads went since this control started.
struct ReloadCounters {
  uint64_t taken = 0;
  uint64_t refused = 0;
};

// The ops listener: health, readiness, metrics, and the ops page with the figures that it draws. Rooms have numbers
// there; no person and no id of a consultation appears. Owned by run_control().
class Ops final : public HttpHandler {
 public:
  Ops(Backend& backend, std::string node_name) : backend_(backend), node_name_(std::move(node_name)) {}
  // `name` is the listener's label on the metrics page.
  void add_listener(std::string name, const HttpServer& server) { listeners_.push_back({std::move(name), &server}); }
  // The ops page; without it only figures are served.
  void set_page(StaticFiles page) { page_ = std::move(page); }
  void set_node_name(std::string name) { node_name_ = std::move(name); }
  // Nothing: no certificate is in use.
  void set_certificate_expiry(std::optional<WallTime> expires) { certificate_expires_ = expires; }

  ReloadCounters reloads;

  boost::asio::awaitable<HttpAnswer> handle(const HttpRequest& request) override;
  std::optional<HttpAnswer> refuse_upgrade(const HttpRequest& request) override;
  std::unique_ptr<SignalReceiver> open_signal(SignalConnection& connection) override;

  // What the node is doing, as JSON: for the page and for eirctl.
  boost::json::object status() const;

 private:
  struct Listener {
    std::string name;
    const HttpServer* server;
  };

  static boost::asio::awaitable<HttpAnswer> health(Backend& backend);
  HttpAnswer readiness() const;
  std::string metrics() const;
  void put_api(MetricsPage& page) const;
  void put_whip(MetricsPage& page) const;
  void put_consultations(MetricsPage& page) const;
  void put_node(MetricsPage& page) const;
  static void put_listener(MetricsPage& page, const Listener& listener);
  static void put_worker(MetricsPage& page, const WorkerStatus& worker);

  Backend& backend_;
  std::string node_name_;
  std::vector<Listener> listeners_;
  std::optional<StaticFiles> page_;
  std::optional<WallTime> certificate_expires_;
};

}  // namespace eir
