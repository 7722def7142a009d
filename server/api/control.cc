#include "server/api/control.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <fstream>
#include <iterator>
#include <memory>

#include "server/api/front.h"
#include "server/api/ops.h"
#include "server/api/system_random.h"
#include "server/store/audit_trail.h"
#include "server/store/sqlite_store.h"
#include "server/telemetry/log.h"

namespace eir {

namespace asio = boost::asio;

namespace {

// Presence and renewals are promised to the second.
constexpr std::chrono::milliseconds kTick{250};
constexpr std::chrono::hours kHousekeeping{1};
// From "stop" to the end: time for close frames and last answers to leave.
constexpr std::chrono::milliseconds kFarewell{300};

HttpLimits limits_of(const Config& config) {
  HttpLimits limits;
  limits.connections = config.limits.http_connections;
  limits.connections_per_source = config.limits.http_connections_per_source;
  limits.body_bytes = config.limits.http_body_bytes;
  limits.messages_per_second = config.limits.signalling_messages_per_second;
  limits.tls = std::chrono::seconds(config.timeouts.tls_handshake_s);
  limits.header = std::chrono::seconds(config.timeouts.http_header_s);
  limits.body = std::chrono::seconds(config.timeouts.http_body_s);
  limits.idle = std::chrono::seconds(config.timeouts.http_idle_s);
  limits.hello = std::chrono::seconds(config.timeouts.signalling_hello_s);
  return limits;
}

// What the records of each class may become.
Retention retention_of(const RetentionConfig& config) {
  return {.consultations_days = config.consultations_days,
          .audit_days = config.audit_days,
          .usage_days = config.usage_days,
          .events_days = config.events_days,
          .answers_days = config.answers_days};
}

// The site's templates are added to those that come with Eir. A file that is wrong does not keep the daemon down: what
// it would have added is missing, and the log says why.
Templates templates_of(const Config& config) {
  Templates templates = Templates::built_in();
  if (config.templates_file.empty()) return templates;
  std::ifstream file(config.templates_file);
  const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (!file) log::error("templates_unreadable", {{"file", config.templates_file}});
  for (const std::string& error : templates.add(text, config.templates_file)) {
    log::error("templates_error", {{"message", error}});
  }
  return templates;
}

BackendOptions backend_options(const Config& config, const channel::ControlStart& start) {
  BackendOptions options{.workers = start.workers, .store = nullptr, .stored = {}, .supervisor_link = {}};
  options.supervisor_link = OwnedFd(start.supervisor_fd);
  options.store = std::make_unique<SqliteStore>(config.state_dir);
  options.stored = options.store->load();
  return options;
}

// The process: its parts in the order in which they depend on each other.
class Control {
 public:
  Control(const Config& config, const channel::ControlStart& start)
      : config_(config),
        templates_(templates_of(config_)),
        backend_(io_, config_, templates_, random_, clock_, backend_options(config_, start)),
        front_(config_, backend_, StaticFiles::load(StaticFiles::default_folder())),
        ops_(backend_, config_.node_name),
        loopback_(io_, nullptr, front_, limits_of(config_)),
        ops_listener_(io_, nullptr, ops_, limits_of(config_)),
        tick_(io_),
        housekeeping_(io_),
        farewell_(io_) {
    if (!start.https.empty()) {
      auto tls = make_tls_context(config_.listeners.https.certificate_file, config_.listeners.https.key_file);
      https_ = std::make_unique<HttpServer>(io_, std::move(tls), front_, limits_of(config_));
      ops_.add_listener("https", *https_);
    }
    ops_.add_listener("http_loopback", loopback_);
    for (const channel::InheritedSocket& socket : start.https) https_->listen(socket);
    for (const channel::InheritedSocket& socket : start.http_loopback) loopback_.listen(socket);
    for (const channel::InheritedSocket& socket : start.ops) ops_listener_.listen(socket);
    load_credentials();
    backend_.on_reload = [this] { reload(); };
    backend_.on_stop = [this] { stop(); };
  }

  int run() {
    tick();
    keep_house();
    backend_.workers.say_ready();
    log::info("control_ready", {{"node", config_.node_name}});
    io_.run();
    // Connections die with io_, after everything that they would tell.
    backend_.signalling.close_all(CloseCode::kGoingAway);
    log::info("control_stopped");
    return 0;
  }

 private:
  void load_credentials() {
    Credentials credentials = Credentials::load(config_.state_dir);
    if (credentials.size() == 0) log::warn("no_service_credential", {{"state_dir", config_.state_dir}});
    backend_.rest.set_credentials(std::move(credentials));
  }

  void reload() {
    try {
      load_credentials();
    } catch (const std::exception& error) {
      log::error("reload_failed", {{"reason", error.what()}});
    }
  }

  void stop() {
    if (https_ != nullptr) https_->close();
    loopback_.close();
    ops_listener_.close();
    farewell_.expires_after(kFarewell);
    farewell_.async_wait([this](const boost::system::error_code&) { io_.stop(); });
  }

  void tick() {
    backend_.handle_tick();
    tick_.expires_after(kTick);
    tick_.async_wait([this](const boost::system::error_code& error) {
      if (!error) tick();
    });
  }

  // Erases what is older than its class may become, and says where each audit trail stands, so that the log keeps it
  // too.
  void keep_house() {
    spawn(io_.get_executor(), "housekeeping", housekeeping());
    housekeeping_.expires_after(kHousekeeping);
    housekeeping_.async_wait([this](const boost::system::error_code& error) {
      if (!error) keep_house();
    });
  }

  asio::awaitable<void> housekeeping() {
    const Retention retention = retention_of(config_.retention);
    const int64_t now_ms = to_ms(clock_.now().wall);
    const auto heads = co_await backend_.journal.read<std::vector<AuditHead>>([&](Store& store) {
      store.erase_expired(retention, now_ms);
      return store.audit_heads();
    });
    log_audit_heads(heads);
  }

  Config config_;
  Templates templates_;
  SystemRandom random_;
  SystemClock clock_;
  asio::io_context io_{1};
  Backend backend_;
  Front front_;
  Ops ops_;
  std::unique_ptr<HttpServer> https_;
  HttpServer loopback_;
  HttpServer ops_listener_;
  asio::steady_timer tick_;
  asio::steady_timer housekeeping_;
  asio::steady_timer farewell_;
};

}  // namespace

int run_control(const Config& config, const channel::ControlStart& start) { return Control(config, start).run(); }

}  // namespace eir
