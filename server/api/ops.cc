#include "server/api/ops.h"

#include <algorithm>

#include "server/telemetry/metrics.h"

namespace eir {

namespace asio = boost::asio;

asio::awaitable<HttpAnswer> Ops::handle(const HttpRequest& request) {
  const bool is_known = request.path == "/healthz" || request.path == "/readyz" || request.path == "/metrics";
  if (!is_known) co_return answer_problem({404, "not_found", ""});
  if (request.method != "GET" && request.method != "HEAD") {
    co_return answer_problem({405, "method_not_allowed", ""});
  }
  if (request.path == "/healthz") co_return health();
  if (request.path == "/readyz") co_return readiness();
  HttpAnswer answer = answer_json(200, metrics());
  answer.content_type = "text/plain; version=0.0.4; charset=utf-8";
  co_return answer;
}

std::optional<HttpAnswer> Ops::refuse_upgrade(const HttpRequest&) { return answer_problem({404, "not_found", ""}); }

std::unique_ptr<SignalReceiver> Ops::open_signal(SignalConnection&) { return nullptr; }

// Healthy: nothing hangs. A worker that died is being replaced and does not make the node sick.
HttpAnswer Ops::health() const {
  const auto workers = backend_.workers.status();
  const bool is_stalled = std::ranges::any_of(
      workers, [](const WorkerStatus& worker) { return worker.connected && worker.silence > kSilenceMax; });
  if (is_stalled) return answer_problem({503, "unavailable", "a media worker is silent"});
  return answer_json(200, R"({"status":"ok"})");
}

// Ready: a new consultation would find a worker.
HttpAnswer Ops::readiness() const {
  const bool is_ready = !backend_.is_draining() && backend_.workers.takes_rooms();
  if (!is_ready) return answer_problem({503, "unavailable", "no media worker takes new rooms"});
  return answer_json(200, R"({"status":"ready"})");
}

std::string Ops::metrics() const {
  MetricsPage page;
  page.process();
  page.gauge("node_info", "Always 1; the label is the configured name of the node.", 1, {{"node", node_name_}});
  const RestCounters& rest = backend_.rest.counters();
  page.counter("api_requests_total", "REST requests.", static_cast<double>(rest.requests));
  page.counter("joins_total", "Joins and resumptions that succeeded.", static_cast<double>(rest.joins));
  page.counter("joins_refused_total", "Joins refused for their token.", static_cast<double>(rest.joins_refused));
  page.counter("joins_rate_limited_total", "Joins refused for their number.", static_cast<double>(rest.rate_limited));
  page.counter("unauthorized_total", "Requests without a valid credential.", static_cast<double>(rest.unauthorized));
  page.gauge("signalling_sessions", "Participants connected over signalling.",
             static_cast<double>(backend_.signalling.session_count()));
  page.gauge("rooms", "Consultations that have somebody in them.", static_cast<double>(backend_.bridge.room_count()));
  page.histogram("join_to_first_media_seconds",
                 "From a connected transport with rights and something to show to the first packet sent.",
                 backend_.first_media.snapshot());
  for (const Listener& listener : listeners_) {
    const HttpCounters& http = listener.server->counters();
    const MetricLabels labels{{"listener", listener.name}};
    page.counter("http_connections_total", "Connections accepted.", static_cast<double>(http.accepted), labels);
    page.gauge("http_connections", "Connections open now.", static_cast<double>(http.open), labels);
    page.gauge("websockets", "Of these, signalling connections.", static_cast<double>(http.websockets), labels);
    page.counter("http_connections_refused_total", "Connections above a limit.",
                 static_cast<double>(http.refused_connections), labels);
    page.counter("tls_failures_total", "TLS handshakes that failed.", static_cast<double>(http.tls_failures), labels);
    page.counter("http_bad_requests_total", "Requests that HTTP's limits or grammar refused.",
                 static_cast<double>(http.bad_requests), labels);
    page.counter("http_timeouts_total", "Requests that took too long to arrive.", static_cast<double>(http.timeouts),
                 labels);
  }
  for (const WorkerStatus& worker : backend_.workers.status()) {
    const MetricLabels labels{{"worker", std::to_string(worker.worker)}};
    page.gauge("worker_up", "Whether the media worker is connected.", worker.connected ? 1 : 0, labels);
    page.counter("worker_restarts_total", "Times the media worker was replaced.", worker.restarts, labels);
    page.gauge("worker_rooms", "Rooms on the media worker.", worker.rooms, labels);
    for (const channel::Counter& counter : worker.counters) page.add(counter.name, counter.value, labels);
  }
  return page.text();
}

}  // namespace eir
