#pragma once

#include <string>
#include <utility>
#include <vector>

#include "server/api/backend.h"
#include "server/api/http_server.h"

namespace eir {

class MetricsPage;

// The ops listener: health, readiness, metrics. No room and no person appears in any of them. Owned by run_control().
class Ops final : public HttpHandler {
 public:
  // A worker silent for longer is as good as dead.
  static constexpr std::chrono::seconds kSilenceMax{5};

  Ops(Backend& backend, std::string node_name) : backend_(backend), node_name_(std::move(node_name)) {}
  // `name` is the listener's label on the metrics page.
  void add_listener(std::string name, const HttpServer& server) { listeners_.push_back({std::move(name), &server}); }

  boost::asio::awaitable<HttpAnswer> handle(const HttpRequest& request) override;
  std::optional<HttpAnswer> refuse_upgrade(const HttpRequest& request) override;
  std::unique_ptr<SignalReceiver> open_signal(SignalConnection& connection) override;

 private:
  struct Listener {
    std::string name;
    const HttpServer* server;
  };

  HttpAnswer health() const;
  HttpAnswer readiness() const;
  std::string metrics() const;
  void put_api(MetricsPage& page) const;
  void put_whip(MetricsPage& page) const;
  void put_consultations(MetricsPage& page) const;
  static void put_listener(MetricsPage& page, const Listener& listener);
  static void put_worker(MetricsPage& page, const WorkerStatus& worker);

  Backend& backend_;
  std::string node_name_;
  std::vector<Listener> listeners_;
};

}  // namespace eir
