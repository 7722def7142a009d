#include "server/api/ops.h"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <set>

#include "server/api/async_lock.h"
#include "server/api/worker_metrics.h"
#include "server/channel/delay_counters.h"
#include "server/telemetry/metrics.h"

namespace eir {

namespace asio = boost::asio;

namespace {

// A worker or a journal that answers at all does so in microseconds; kWorkerCallTimeout is for one that hangs.
constexpr std::chrono::milliseconds kProbeWithin = kWorkerCallTimeout + std::chrono::milliseconds(500);

// One round of questions to everything that could hang. Shared with the coroutines that ask.
struct Probe {
  explicit Probe(const asio::any_io_executor& executor) : done(executor, kProbeWithin) {}

  void ended(const std::string& who, bool hangs) {
    waiting.erase(who);
    if (hangs) hanging.insert(who);
    if (waiting.empty()) done.cancel();
  }

  std::set<std::string> waiting;
  std::set<std::string> hanging;
  asio::steady_timer done;
};

asio::awaitable<void> probe_worker(Backend& backend, WorkerIndex worker, std::string name,
                                   std::shared_ptr<Probe> probe) {
  const auto reply = co_await backend.workers.ping(worker);
  // One that died meanwhile is being replaced; it does not hang.
  probe->ended(name, !reply && reply.error().failure == WorkerFailure::kTimeout);
}

asio::awaitable<void> probe_journal(Backend& backend, std::string name, std::shared_ptr<Probe> probe) {
  const auto nothing = [](Store&) { return true; };
  bool hangs = false;
  try {
    co_await backend.journal.read<bool>(nothing);
  } catch (const StoreError&) {
    hangs = true;
  }
  probe->ended(name, hangs);
}

HttpAnswer answer_status(uint16_t status, std::string_view word) {
  HttpAnswer answer = answer_json(status, boost::json::serialize(boost::json::object{{"status", word}}));
  answer.headers.emplace_back("Cache-Control", "no-store");
  return answer;
}

}  // namespace

asio::awaitable<HttpAnswer> Ops::handle(const HttpRequest& request) {
  const bool is_figures = request.path == "/healthz" || request.path == "/readyz" || request.path == "/metrics" ||
                          request.path == "/status.json";
  if (!is_figures) co_return page_ ? page_->answer(request) : answer_problem({404, "not_found", ""});
  if (request.method != "GET" && request.method != "HEAD") {
    HttpAnswer refused = answer_problem({405, "method_not_allowed", ""});
    refused.headers.emplace_back("Allow", "GET, HEAD");
    co_return refused;
  }
  if (request.path == "/healthz") co_return co_await health(backend_);
  if (request.path == "/readyz") co_return readiness();
  if (request.path == "/status.json") {
    HttpAnswer answer = answer_json(200, boost::json::serialize(status()));
    answer.headers.emplace_back("Cache-Control", "no-store");
    co_return answer;
  }
  HttpAnswer answer = answer_json(200, metrics());
  answer.content_type = "text/plain; version=0.0.4; charset=utf-8";
  co_return answer;
}

std::optional<HttpAnswer> Ops::refuse_upgrade(const HttpRequest&) { return answer_problem({404, "not_found", ""}); }

std::unique_ptr<SignalReceiver> Ops::open_signal(SignalConnection&) { return nullptr; }

// Healthy: nothing hangs. Every worker and the journal's thread are asked, and have to answer. A worker that died is
// being replaced and does not make the node sick; nor does a full disk, which a restart would not mend.
asio::awaitable<HttpAnswer> Ops::health(Backend& backend) {
  const auto executor = co_await asio::this_coro::executor;
  const auto probe = std::make_shared<Probe>(executor);
  probe->waiting.insert("journal");
  std::vector<WorkerIndex> asked;
  for (const WorkerStatus& worker : backend.workers.status()) {
    if (!worker.connected) continue;
    asked.push_back(worker.worker);
    probe->waiting.insert("worker " + std::to_string(worker.worker));
  }
  for (const WorkerIndex worker : asked) {
    spawn(executor, "probe_worker", probe_worker(backend, worker, "worker " + std::to_string(worker), probe));
  }
  spawn(executor, "probe_journal", probe_journal(backend, "journal", probe));
  boost::system::error_code ended;
  co_await probe->done.async_wait(asio::redirect_error(asio::use_awaitable, ended));
  std::set<std::string> hanging = probe->hanging;
  hanging.insert(probe->waiting.begin(), probe->waiting.end());
  if (hanging.empty()) co_return answer_status(200, "ok");
  std::string detail;
  for (const std::string& who : hanging) detail += (detail.empty() ? "" : ", ") + who;
  co_return answer_problem({503, "unavailable", "no answer from " + detail});
}

// Ready: a new consultation would be written down and find a worker.
HttpAnswer Ops::readiness() const {
  if (backend_.is_draining()) return answer_problem({503, "draining", "running calls go on, new ones go elsewhere"});
  if (!backend_.recorder.accepts()) return answer_problem({503, "journal_unavailable", "nothing can be written"});
  if (!backend_.workers.takes_rooms()) return answer_problem({503, "unavailable", "no media worker takes new rooms"});
  return answer_status(200, "ready");
}

boost::json::object Ops::status() const {
  boost::json::array workers;
  for (const WorkerStatus& worker : backend_.workers.status()) {
    boost::json::object counters;
    for (const channel::Counter& counter : worker.counters) counters[counter.name] = counter.value;
    workers.push_back(boost::json::object{{"worker", worker.worker},
                                          {"connected", worker.connected},
                                          {"rooms", worker.rooms},
                                          {"restarts", worker.restarts},
                                          {"silenceMs", worker.silence.count()},
                                          {"countedAtMs", worker.counted_at.count()},
                                          {"counters", std::move(counters)}});
  }
  boost::json::array rooms;
  for (const RoomSummary& room : backend_.bridge.rooms()) {
    boost::json::object entry{
        {"room", room.number.value}, {"participants", room.participants}, {"transports", room.transports}};
    if (const auto worker = backend_.workers.worker_of(room.number)) entry["worker"] = *worker;
    rooms.push_back(std::move(entry));
  }
  const JournalCounters journal = backend_.journal.counters();
  boost::json::object out{{"version", EIR_VERSION},
                          {"node", node_name_},
                          {"draining", backend_.is_draining()},
                          {"ready", readiness().status == 200},
                          {"signalling", backend_.signalling.session_count()},
                          {"joins", backend_.rest.counters().joins},
                          {"journal", boost::json::object{{"writes", backend_.recorder.accepts()},
                                                          {"waiting", journal.waiting},
                                                          {"failures", journal.failures}}},
                          {"reloads", boost::json::object{{"taken", reloads.taken}, {"refused", reloads.refused}}},
                          {"workers", std::move(workers)},
                          {"rooms", std::move(rooms)}};
  if (certificate_expires_) out["certificateExpires"] = to_text(*certificate_expires_);
  return out;
}

std::string Ops::metrics() const {
  MetricsPage page;
  page.process();
  put_node(page);
  put_api(page);
  put_whip(page);
  put_consultations(page);
  for (const Listener& listener : listeners_) put_listener(page, listener);
  for (const WorkerStatus& worker : backend_.workers.status()) put_worker(page, worker);
  return page.text();
}

void Ops::put_node(MetricsPage& page) const {
  page.gauge("node_info", "Always 1; the label is the configured name of the node.", 1, {{"node", node_name_}});
  page.gauge("node_draining", "Whether the node takes no new calls.", backend_.is_draining() ? 1 : 0);
  page.counter("config_reloads_total", "Reloads of the configuration that took effect.",
               static_cast<double>(reloads.taken));
  page.counter("config_reloads_refused_total", "Reloads of which something was wrong, so that nothing changed.",
               static_cast<double>(reloads.refused));
  if (!certificate_expires_) return;
  page.gauge("tls_certificate_expires_seconds", "When the certificate in use expires, in seconds since the epoch.",
             static_cast<double>(certificate_expires_->time_since_epoch().count()));
}

void Ops::put_api(MetricsPage& page) const {
  const RestCounters& rest = backend_.rest.counters();
  page.counter("api_requests_total", "REST requests.", static_cast<double>(rest.requests));
  page.counter("joins_total", "Joins and resumptions that succeeded.", static_cast<double>(rest.joins));
  page.counter("joins_refused_total", "Joins refused for their token.", static_cast<double>(rest.joins_refused));
  page.counter("joins_rate_limited_total", "Joins refused for their number.", static_cast<double>(rest.rate_limited));
  page.counter("joins_busy_total", "Joins refused because the media workers had as much to do as they may.",
               static_cast<double>(rest.joins_busy));
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
  page.gauge("consultations_active", "Consultations that have somebody in them.",
             static_cast<double>(backend_.bridge.room_count()));
  page.histogram("offer_answer_seconds", "From an offer's arrival over signalling to its answer.",
                 backend_.signalling.offer_answer().snapshot());
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
  page.gauge("worker_cpu_percent",
             "Of its core, in the last seconds, and what is expected of those who were let in just now.",
             worker.cpu_percent, labels);
  page.gauge("worker_egress_mbit", "Megabits per second of media sent in the last seconds.", worker.egress_mbit,
             labels);
  page.gauge("worker_busy", "Whether load keeps new people out, see limits.cpu_percent and limits.egress_mbit.",
             worker.is_busy ? 1 : 0, labels);
  // Only names that are known: a worker that was taken over invents no metrics.
  for (const channel::Counter& counter : worker.counters) {
    const std::string_view help = worker_metric_help(counter.name);
    if (!help.empty()) page.add(counter.name, help, counter.value, labels);
  }
  if (const auto delay = channel::delay_among(worker.counters)) {
    page.histogram(
        "worker_added_delay_seconds",
        "From the kernel's receive stamp of a batch's first datagram until what came of the batch is sent, for "
        "each datagram of it; with media.measure_delay.",
        *delay, labels);
  }
}

}  // namespace eir
