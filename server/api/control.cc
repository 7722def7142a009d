#include "server/api/control.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <deque>
#include <memory>
#include <stdexcept>
#include <utility>

#include "server/api/front.h"
#include "server/api/named_files.h"
#include "server/api/ops.h"
#include "server/api/ops_socket.h"
#include "server/api/system_random.h"
#include "server/channel/sealed_file.h"
#include "server/config/live_config.h"
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

channel::Configure worker_configuration(const Config& config) {
  return {.participants_max = config.limits.participants_per_worker,
          .transports_per_participant_max = config.limits.transports_per_participant,
          .alone_s = config.timeouts.worker_alone_s,
          .log_format = config.log.format,
          .log_level = config.log.level};
}

void log_errors(const std::vector<ConfigError>& errors, const std::string& file) {
  for (const ConfigError& error : errors) {
    log::error("config_error", {{"file", file}, {"line", error.line}, {"key", error.key}, {"message", error.message}});
  }
}

// What the configuration names, as it is at the start of a control. What is wrong with it does not keep a control down
// that replaces one, and so the calls: it goes on without, and the log says what is missing. Of TLS alone it cannot.
NamedFiles files_at_start(const Config& config, const channel::ControlStart& start) {
  const ParsedConfig parsed = parse_config(start.config_yaml, start.config_file);
  std::vector<ConfigError> errors;
  NamedFiles files = read_named_files(config, parsed, errors);
  log_errors(errors, "in_effect");
  if (!start.https.empty() && files.tls == nullptr) throw std::runtime_error(errors.front().message);
  return files;
}

// One reload, for the log and for eirctl.
struct ReloadReport {
  std::vector<ConfigError> errors;
  ConfigChange change;
};

boost::json::array list_of(const std::vector<std::string>& keys) {
  boost::json::array out;
  for (const std::string& key : keys) out.emplace_back(key);
  return out;
}

std::string to_json(const ReloadReport& report) {
  boost::json::array errors;
  for (const ConfigError& error : report.errors) {
    errors.push_back(boost::json::object{{"line", error.line}, {"key", error.key}, {"message", error.message}});
  }
  return boost::json::serialize(boost::json::object{{"ok", report.errors.empty()},
                                                    {"taken", list_of(report.change.taken)},
                                                    {"needsRestart", list_of(report.change.needs_restart)},
                                                    {"errors", std::move(errors)}});
}

std::string to_failure(std::string_view why) {
  return boost::json::serialize(boost::json::object{{"ok", false}, {"error", why}});
}

// Until the supervisor has sent the file's text back and it was judged.
constexpr std::chrono::seconds kReloadWithin{5};
struct ReloadWaiter {
  explicit ReloadWaiter(asio::io_context& io) : timer(io, kReloadWithin) {}
  asio::steady_timer timer;
  std::string answer;
};

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
        config_file_(start.config_file),
        files_(files_at_start(config_, start)),
        backend_(io_, config_, files_.templates, random_, clock_, backend_options(config_, start)),
        front_(config_, backend_, StaticFiles::load(StaticFiles::default_folder(), "ops")),
        ops_(backend_, config_.node_name),
        loopback_(io_, nullptr, front_, limits_of(config_)),
        ops_listener_(io_, nullptr, ops_, limits_of(config_)),
        tick_(io_),
        housekeeping_(io_),
        farewell_(io_) {
    if (!start.https.empty()) {
      https_ = std::make_unique<HttpServer>(io_, files_.tls, front_, limits_of(config_));
      ops_.add_listener("https", *https_);
    }
    ops_.add_listener("http_loopback", loopback_);
    ops_.set_page(StaticFiles::load(StaticFiles::default_folder() + "/ops"));
    for (const channel::InheritedSocket& socket : start.https) https_->listen(socket);
    for (const channel::InheritedSocket& socket : start.http_loopback) loopback_.listen(socket);
    for (const channel::InheritedSocket& socket : start.ops) ops_listener_.listen(socket);
    if (files_.credentials.size() == 0) log::warn("no_service_credential", {{"state_dir", config_.state_dir}});
    use_files();
    backend_.workers.configure(worker_configuration(config_));
    backend_.on_reload = [this](OwnedFd text) { reload(std::move(text)); };
    backend_.on_stop = [this] { stop(); };
    open_ops_socket();
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
  // Certificate and credentials as they are in files_.
  void use_files() {
    backend_.rest.set_credentials(files_.credentials);
    if (files_.tls == nullptr) return ops_.set_certificate_expiry(std::nullopt);
    ops_.set_certificate_expiry(files_.certificate_expires);
    log::info("certificate_in_use", {{"expires", to_text(files_.certificate_expires)}});
    if (files_.certificate_expires <= clock_.now().wall) {
      log::error("certificate_expired", {{"expires", to_text(files_.certificate_expires)}});
    }
  }

  // Without it eirctl cannot ask, and everything else goes on.
  void open_ops_socket() {
    try {
      ops_socket_ = std::make_unique<OpsSocket>(io_, OpsSocket::path_in(config_.state_dir),
                                                [this](std::string command) { return obey(std::move(command)); });
    } catch (const std::exception& error) {
      log::error("ops_socket_failed", {{"reason", error.what()}});
    }
  }

  // --- reload: everything is read and judged, and then all of it takes effect, or nothing ---

  void reload(OwnedFd text) {
    ReloadReport report;
    ParsedConfig parsed;
    if (text) {
      parsed = check_config_text(read_start_file(text.release()), config_file_);
    } else if (config_file_.empty()) {
      parsed = parse_config("", "defaults");
    } else {
      parsed.errors.push_back(parsed.error("", "cannot be read: " + config_file_));
    }
    report.errors = parsed.errors;
    if (report.errors.empty()) take(parsed, report);
    conclude(parsed, report);
  }

  void take(const ParsedConfig& parsed, ReloadReport& report) {
    Config next = config_;
    report.change = take_live(next, parsed.config);
    NamedFiles files = read_named_files(next, parsed, report.errors);
    if (!report.errors.empty()) return;
    const bool has_new_limits = next.limits.joins_per_second != config_.limits.joins_per_second ||
                                next.limits.joins_per_source_per_minute != config_.limits.joins_per_source_per_minute;
    config_ = std::move(next);
    // Consultations point at the templates that they were made from, so what is replaced stays for them; swapping moves
    // none of them.
    if (files.templates_text != files_.templates_text) {
      former_templates_.emplace_back(Templates::built_in());
      std::swap(former_templates_.back(), files_.templates);
      std::swap(files_.templates, files.templates);
      files_.templates_text = std::move(files.templates_text);
    }
    files_.tls = std::move(files.tls);
    files_.certificate_expires = files.certificate_expires;
    files_.credentials = std::move(files.credentials);
    use_files();
    if (https_ != nullptr) https_->set_tls(files_.tls);
    for (HttpServer* server : {https_.get(), &loopback_, &ops_listener_}) {
      if (server != nullptr) server->set_limits(limits_of(config_));
    }
    if (has_new_limits) backend_.rest.take_limits();
    backend_.take_limits();
    backend_.workers.configure(worker_configuration(config_));
    ops_.set_node_name(config_.node_name);
    log::set_level(config_.log.level);
    log::set_format(config_.log.format);
  }

  void conclude(const ParsedConfig& parsed, const ReloadReport& report) {
    const bool is_taken = report.errors.empty();
    ++(is_taken ? ops_.reloads.taken : ops_.reloads.refused);
    log_errors(report.errors, config_file_);
    if (is_taken) {
      for (const std::string& key : report.change.needs_restart) {
        log::warn("config_needs_restart", {{"line", parsed.error(key, "").line}, {"key", key}});
      }
      for (const std::string& key : report.change.taken) log::info("config_taken", {{"key", key}});
      log::info("reloaded", {{"taken", report.change.taken.size()},
                             {"need_restart", report.change.needs_restart.size()},
                             {"credentials", files_.credentials.size()}});
    } else {
      log::error("reload_refused", {{"errors", report.errors.size()}});
    }
    backend_.workers.say_reloaded(is_taken);
    const auto waiters = std::exchange(reload_waiters_, {});
    for (const auto& waiter : waiters) {
      waiter->answer = to_json(report);
      waiter->timer.cancel();
    }
  }

  // --- eirctl ---

  asio::awaitable<std::string> obey(std::string command) {
    if (command == "status") co_return boost::json::serialize(ops_.status());
    if (command == "rooms") co_return rooms();
    if (command == "reload") co_return co_await reload_and_report();
    if (command != "drain") co_return to_failure("is no command of this eird");
    backend_.workers.ask_drain();
    co_return boost::json::serialize(boost::json::object{
        {"ok", true}, {"rooms", backend_.bridge.room_count()}, {"limitS", config_.timeouts.drain_s}});
  }

  std::string rooms() const {
    boost::json::array list;
    for (const RoomSummary& room : backend_.bridge.rooms()) {
      boost::json::object entry{{"consultation", room.consultation.to_string()},
                                {"room", room.number.value},
                                {"participants", room.participants},
                                {"transports", room.transports}};
      if (const auto worker = backend_.workers.worker_of(room.number)) entry["worker"] = *worker;
      list.push_back(std::move(entry));
    }
    return boost::json::serialize(boost::json::object{{"rooms", std::move(list)}});
  }

  asio::awaitable<std::string> reload_and_report() {
    if (backend_.is_draining()) co_return to_failure("the node drains");
    const auto waiter = std::make_shared<ReloadWaiter>(io_);
    reload_waiters_.push_back(waiter);
    backend_.workers.ask_reload();
    boost::system::error_code ended;
    co_await waiter->timer.async_wait(asio::redirect_error(asio::use_awaitable, ended));
    if (!waiter->answer.empty()) co_return waiter->answer;
    std::erase(reload_waiters_, waiter);
    co_return to_failure("the supervisor does not answer");
  }

  void stop() {
    if (ops_socket_ != nullptr) ops_socket_->close();
    if (https_ != nullptr) https_->close();
    loopback_.close();
    ops_listener_.close();
    farewell_.expires_after(kFarewell);
    farewell_.async_wait([this](const boost::system::error_code&) { io_.stop(); });
  }

  void tick() {
    backend_.handle_tick();
    log::tell_suppressed();
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
  std::string config_file_;
  NamedFiles files_;
  std::deque<Templates> former_templates_;
  SystemRandom random_;
  SystemClock clock_;
  asio::io_context io_{1};
  Backend backend_;
  Front front_;
  Ops ops_;
  std::unique_ptr<HttpServer> https_;
  HttpServer loopback_;
  HttpServer ops_listener_;
  std::unique_ptr<OpsSocket> ops_socket_;
  std::vector<std::shared_ptr<ReloadWaiter>> reload_waiters_;
  asio::steady_timer tick_;
  asio::steady_timer housekeeping_;
  asio::steady_timer farewell_;
};

}  // namespace

int run_control(const Config& config, const channel::ControlStart& start) { return Control(config, start).run(); }

}  // namespace eir
