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

// Ready: a new consultation would be written down and find a worker.
HttpAnswer Ops::readiness() const {
  if (!backend_.recorder.accepts()) return answer_problem({503, "journal_unavailable", "nothing can be written"});
  const bool is_ready = !backend_.is_draining() && backend_.workers.takes_rooms();
  if (!is_ready) return answer_problem({503, "unavailable", "no media worker takes new rooms"});
  return answer_json(200, R"({"status":"ready"})");
}

std::string Ops::metrics() const {
  MetricsPage page;
  page.process();
  page.gauge("node_info", "Always 1; the label is the configured name of the node.", 1, {{"node", node_name_}});
  put_api(page);
  put_whip(page);
  put_consultations(page);
  for (const Listener& listener : listeners_) put_listener(page, listener);
  for (const WorkerStatus& worker : backend_.workers.status()) put_worker(page, worker);
  return page.text();
}

void Ops::put_api(MetricsPage& page) const {
  const RestCounters& rest = backend_.rest.counters();
  page.counter("api_requests_total", "REST requests.", static_cast<double>(rest.requests));
  page.counter("joins_total", "Joins and resumptions that succeeded.", static_cast<double>(rest.joins));
  page.counter("joins_refused_total", "Joins refused for their token.", static_cast<double>(rest.joins_refused));
  page.counter("joins_rate_limited_total", "Joins refused for their number.", static_cast<double>(rest.rate_limited));
  page.counter("unauthorized_total", "Requests without a valid credential.", static_cast<double>(rest.unauthorized));
  page.counter("forbidden_total", "Acts that the caller had no right to.", static_cast<double>(rest.forbidden));
  const IdempotencyCounters& keyed = backend_.rest.idempotency_counters();
  page.counter("idempotent_replays_total", "Answers given again for their Idempotency-Key.",
               static_cast<double>(keyed.replayed));
  page.counter("idempotency_keys_reused_total", "Other requests under a known Idempotency-Key.",
               static_cast<double>(keyed.reused));
  page.counter("idempotency_in_progress_total", "Requests whose Idempotency-Key was being worked on.",
               static_cast<double>(keyed.in_progress));
}

void Ops::put_whip(MetricsPage& page) const {
  const WhipCounters& whip = backend_.whip.counters();
  page.counter("whip_sessions_total", "WHIP sessions answered.", static_cast<double>(whip.whip_sessions));
  page.counter("whep_sessions_total", "WHEP sessions answered.", static_cast<double>(whip.whep_sessions));
  page.counter("whip_ice_restarts_total", "ICE restarts of both.", static_cast<double>(whip.ice_restarts));
  page.counter("whip_refused_total", "Posts of both refused for rights or their offer.",
               static_cast<double>(whip.refused));
  page.counter("whip_over_limit_total", "Posts of both by participants that had all transports they may have.",
               static_cast<double>(whip.over_limit));
}

void Ops::put_consultations(MetricsPage& page) const {
  const JournalCounters journal = backend_.journal.counters();
  page.counter("journal_written_total", "Transitions on disk.", static_cast<double>(journal.written));
  page.gauge("journal_waiting", "Transitions that are not on disk yet.", static_cast<double>(journal.waiting));
  page.counter("journal_failures_total", "Writes that failed and were tried again.",
               static_cast<double>(journal.failures));
  page.gauge("signalling_sessions", "Participants connected over signalling.",
             static_cast<double>(backend_.signalling.session_count()));
  page.gauge("rooms", "Consultations that have somebody in them.", static_cast<double>(backend_.bridge.room_count()));
  page.histogram("join_to_first_media_seconds",
                 "From a connected transport with rights and something to show to the first packet sent.",
                 backend_.first_media.snapshot());
}

void Ops::put_listener(MetricsPage& page, const Listener& listener) {
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
  page.gauge("http_streams", "Of these, answers that go on, such as the events.", static_cast<double>(http.streams),
             labels);
  page.counter("http_streams_refused_total", "Such answers above their limit.",
               static_cast<double>(http.streams_refused), labels);
  page.counter("http_streams_cut_total", "Such answers whose reader took too long.",
               static_cast<double>(http.streams_cut), labels);
  page.counter("http_timeouts_total", "Requests that took too long to arrive.", static_cast<double>(http.timeouts),
               labels);
}

void Ops::put_worker(MetricsPage& page, const WorkerStatus& worker) {
  const MetricLabels labels{{"worker", std::to_string(worker.worker)}};
  page.gauge("worker_up", "Whether the media worker is connected.", worker.connected ? 1 : 0, labels);
  page.counter("worker_restarts_total", "Times the media worker was replaced.", worker.restarts, labels);
  page.gauge("worker_rooms", "Rooms on the media worker.", worker.rooms, labels);
  for (const channel::Counter& counter : worker.counters) page.add(counter.name, counter.value, labels);
}

}  // namespace eir
