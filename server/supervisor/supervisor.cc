#include "server/supervisor/supervisor.h"

#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <deque>
#include <fstream>
#include <system_error>
#include <utility>
#include <vector>

#include "lib/base/time.h"
#include "server/channel/sealed_file.h"
#include "server/channel/start.h"
#include "server/channel/supervisor_link.h"
#include "server/config/live_config.h"
#include "server/supervisor/child_process.h"
#include "server/supervisor/listen.h"
#include "server/supervisor/restart_policy.h"
#include "server/telemetry/log.h"

namespace eir {
namespace {

using channel::LinkKind;
using channel::LinkMessage;

// From exec to the first kAlive: libraries, self-tests of the ciphers, keys; generous for a loaded machine.
constexpr Duration kFirstAliveWithin = 30s;
constexpr Duration kStallLimit = std::chrono::milliseconds(channel::kStallLimitMs);
// A child told to stop sends its last messages and leaves; together below the five seconds of a forced exit.
constexpr Duration kStopWithin = 2s;
// Beyond timeouts.drain_s: control ends the rest by itself and says so.
constexpr Duration kDrainGrace = 5s;

constexpr size_t kReloadsWaitingMax = 16;

Timestamp now_steady() { return Timestamp(std::chrono::steady_clock::now().time_since_epoch()); }

[[noreturn]] void fail(const char* call) { throw std::system_error(errno, std::generic_category(), call); }

std::pair<OwnedFd, OwnedFd> socket_pair(int type) {
  int ends[2];
  if (socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, ends) != 0) fail("socketpair");
  return {OwnedFd(ends[0]), OwnedFd(ends[1])};
}

// Control or one media worker, dead or alive.
struct Child {
  bool is_control = false;
  uint32_t worker = 0;
  pid_t pid = -1;  // -1: not running
  OwnedFd link;
  bool is_ready = false;
  Timestamp alive_until = kNever;  // killed as stalled after this
  Timestamp start_at = kNever;     // when a dead one is started again
  RestartPolicy policy;

  std::string name() const { return is_control ? "control" : "worker-" + std::to_string(worker); }
};

enum class Phase { kRunning, kDraining, kStoppingControl, kStoppingWorkers, kEnded };

class Supervisor {
 public:
  Supervisor(const Config& config, std::string config_file)
      : config_(config),
        config_file_(std::move(config_file)),
        workers_(worker_count(config.media)),
        redaction_key_(log::make_redaction_key()) {}

  int run() {
    log::start({config_.log.format, config_.log.level, "supervisor", redaction_key_});
    catch_signals();
    sockets_ = bind_all(config_, workers_);
    children_.resize(1 + workers_);
    children_[0].is_control = true;
    for (uint32_t i = 0; i < workers_; ++i) children_[1 + i].worker = i;
    for (Child& child : children_) start(child);
    log::info("supervisor_started", {{"workers", workers_}});
    while (phase_ != Phase::kEnded) turn();
    log::info("supervisor_ended", {{"code", exit_code_}});
    return exit_code_;
  }

 private:
  Child& control() { return children_[0]; }

  void catch_signals() {
    sigset_t set;
    sigemptyset(&set);
    for (const int number : {SIGCHLD, SIGHUP, SIGINT, SIGTERM}) sigaddset(&set, number);
    if (sigprocmask(SIG_BLOCK, &set, nullptr) != 0) fail("sigprocmask");
    signals_ = OwnedFd(signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC));
    if (!signals_) fail("signalfd");
  }

  // --- starting ---

  void start(Child& child) {
    auto [ours, theirs] = socket_pair(SOCK_SEQPACKET);
    OwnedFd channel_of_worker;
    if (!child.is_control) channel_of_worker = give_control_a_channel(child.worker);
    child.link = std::move(ours);
    child.is_ready = false;
    child.start_at = kNever;
    const ChildStart parameters = child.is_control ? control_start(theirs.value())
                                                   : worker_start(child, theirs.value(), channel_of_worker.value());
    const Timestamp now = now_steady();
    child.pid = start_child(parameters);
    child.policy.started(now);
    child.alive_until = now + kFirstAliveWithin;
    log::info("child_started", {{"child", child.name()}, {"pid", child.pid}});
    // A new control meets workers that are running already.
    if (child.is_control) {
      for (const Child& other : children_) {
        if (!other.is_control && other.pid > 0) join_by_new_channel(other.worker);
      }
    }
  }

  // Without memory or descriptors a start fails; what runs goes on and this is tried again.
  void start_again(Child& child) {
    try {
      start(child);
    } catch (const std::system_error& e) {
      log::error("child_not_started", {{"child", child.name()}, {"error", e.what()}});
      child.start_at = now_steady() + RestartPolicy::kLongestPause;
    }
  }

  // A fresh channel whose one end control gets; the other is returned. While there is no control, its end is closed
  // again: control asks its supervisor for nothing, it is given new channels when it starts.
  OwnedFd give_control_a_channel(uint32_t worker) {
    auto [for_control, for_worker] = socket_pair(SOCK_STREAM);
    if (control().pid > 0)
      channel::send_link(control().link.value(), {LinkKind::kChannel, worker, std::move(for_control)});
    return std::move(for_worker);
  }

  void join_by_new_channel(uint32_t worker) {
    channel::send_link(children_[1 + worker].link.value(),
                       {LinkKind::kChannel, worker, give_control_a_channel(worker)});
  }

  channel::LogStart log_start(const std::string& process) const {
    return {config_.log.format, config_.log.level, process, redaction_key_};
  }

  static std::vector<channel::InheritedSocket> inherit(const std::vector<BoundSocket>& sockets, std::vector<int>& fds) {
    std::vector<channel::InheritedSocket> out;
    for (const BoundSocket& socket : sockets) {
      out.push_back(socket.inherited());
      fds.push_back(socket.fd.value());
    }
    return out;
  }

  ChildStart control_start(int link) const {
    ChildStart out{"control", "", {link}};
    channel::ControlStart start;
    start.supervisor_fd = link;
    start.workers = workers_;
    start.config_file = config_file_;
    start.config_yaml = to_yaml(config_);
    start.https = inherit(sockets_.https, out.inherited);
    start.http_loopback = inherit(sockets_.http_loopback, out.inherited);
    start.ops = inherit(sockets_.ops, out.inherited);
    start.log = log_start("control");
    out.start_json = channel::to_json(start);
    return out;
  }

  ChildStart worker_start(const Child& child, int link, int channel_end) const {
    ChildStart out{"media-worker", "", {link, channel_end}};
    channel::WorkerStart start;
    start.worker = child.worker;
    start.channel_fd = channel_end;
    start.supervisor_fd = link;
    start.udp = inherit(sockets_.udp[child.worker], out.inherited);
    start.forbid_cm80 = config_.media.forbid_cm80;
    start.dscp = config_.media.dscp;
    start.measure_delay = config_.media.measure_delay;
    start.participants_max = config_.limits.participants_per_worker;
    start.transports_per_participant_max = config_.limits.transports_per_participant;
    start.alone_s = config_.timeouts.worker_alone_s;
    start.log = log_start(child.name());
    out.start_json = channel::to_json(start);
    return out;
  }

  // --- one turn of the loop ---

  void turn() {
    std::vector<pollfd> polled = {{signals_.value(), POLLIN, 0}};
    std::vector<Child*> owners = {nullptr};
    for (Child& child : children_) {
      if (!child.link) continue;
      polled.push_back({child.link.value(), POLLIN, 0});
      owners.push_back(&child);
    }
    if (poll(polled.data(), polled.size(), wait_ms()) < 0 && errno != EINTR) fail("poll");
    for (size_t i = 1; i < polled.size(); ++i) {
      if (polled[i].revents != 0) read_link(*owners[i]);
    }
    read_signals();
    log::tell_suppressed();
    handle_timeouts(now_steady());
    advance();
  }

  int wait_ms() const {
    Timestamp next = std::min(phase_until_, watchdog_at());
    for (const Child& child : children_) next = std::min({next, child.start_at, child.alive_until});
    if (next == kNever) return -1;
    const int64_t ms = to_ms(next - now_steady()) + 1;
    return static_cast<int>(std::clamp<int64_t>(ms, 0, 60'000));
  }

  void read_signals() {
    signalfd_siginfo info{};
    while (read(signals_.value(), &info, sizeof info) == static_cast<ssize_t>(sizeof info)) {
      switch (static_cast<int>(info.ssi_signo)) {
        case SIGCHLD:
          reap();
          break;
        case SIGHUP:
          begin_reload();
          break;
        default:
          on_termination();
      }
    }
  }

  // The first signal drains; a second one means now.
  void on_termination() {
    if (phase_ == Phase::kDraining) return stop_control();
    begin_drain();
  }

  void begin_drain() {
    if (phase_ != Phase::kRunning) return;
    log::info("draining", {{"limit_s", config_.timeouts.drain_s}});
    sd_notify(0, "STOPPING=1");
    enter(Phase::kDraining, std::chrono::seconds(config_.timeouts.drain_s) + kDrainGrace);
    tell_control(LinkKind::kDrain);
  }

  // --- reload: control judges the text and takes it; what it took is what children are started with from then on ---

  void begin_reload() {
    if (phase_ != Phase::kRunning) return;
    if (!control().link) return log::error("reload_refused", {{"reason", "control is being replaced; ask again"}});
    // More that control has not answered than this is somebody's loop of signals.
    if (reloads_.size() >= kReloadsWaitingMax) {
      return log::error("reload_refused", {{"reason", "too many are waiting"}});
    }
    std::string text;
    OwnedFd file;  // none: there is no file, or it cannot be read
    std::ifstream stream(config_file_, std::ios::binary);
    if (!config_file_.empty() && stream.is_open()) {
      text.resize(kConfigBytesMax + 1);  // one more, so that control sees what is too long
      stream.read(text.data(), static_cast<std::streamsize>(text.size()));
      text.resize(static_cast<size_t>(stream.gcount()));
      if (!stream.bad()) file = sealed_file(text);
    }
    if (!channel::send_link(control().link.value(), {LinkKind::kReload, 0, std::move(file)})) {
      return log::error("reload_refused", {{"reason", "control does not listen"}});
    }
    reloads_.push_back(std::move(text));
    tell_systemd_of_reload();
  }

  static void tell_systemd_of_reload() {
    const auto since_boot = std::chrono::steady_clock::now().time_since_epoch();
    const auto us = std::chrono::duration_cast<std::chrono::microseconds>(since_boot).count();
    sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%lld", static_cast<long long>(us));
  }

  void on_reload_answered(bool is_in_effect) {
    if (reloads_.empty()) return;
    const std::string text = std::move(reloads_.front());
    reloads_.pop_front();
    sd_notify(0, "READY=1");
    if (!is_in_effect || config_file_.empty()) return;
    const ParsedConfig parsed = parse_config(text, config_file_);
    if (!parsed.ok()) return;  // not reached: control has read the same text
    take_live(config_, parsed.config);
    log::set_level(config_.log.level);
    log::set_format(config_.log.format);
    log::info("reload_taken");
  }

  void reap() {
    int status = 0;
    pid_t pid = 0;
    // As PID 1 of a container this also takes in orphans of others.
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
      const auto child = std::find_if(children_.begin(), children_.end(), [&](const Child& c) { return c.pid == pid; });
      if (child != children_.end()) on_death(*child, status);
    }
  }

  void on_death(Child& child, int status) {
    const bool is_exit = WIFEXITED(status);
    const int code = is_exit ? WEXITSTATUS(status) : WTERMSIG(status);
    child.pid = -1;
    child.link.reset();
    child.alive_until = kNever;
    if (child.is_control && !reloads_.empty()) {
      reloads_.clear();
      sd_notify(0, "READY=1");
    }
    if (phase_ == Phase::kRunning || (phase_ == Phase::kDraining && !child.is_control)) {
      log::warn("child_died", {{"child", child.name()}, {is_exit ? "exit_code" : "signal", code}});
      const Timestamp now = now_steady();
      child.start_at = now + child.policy.died(now);
    }
    if (!child.is_control) tell_control(LinkKind::kWorkerDied, child.worker);
    // What a child cannot bear at the first start will not get better by itself, and an operator is watching.
    if (is_exit && code != 0 && !was_ready_ && phase_ == Phase::kRunning) {
      exit_code_ = kExitEnvironment;
      stop_control();
    }
  }

  void read_link(Child& child) {
    bool closed = false;
    while (child.link && !closed) {
      const auto message = channel::receive_link(child.link.value(), &closed);
      if (!message) break;
      on_link(child, *message);
    }
    if (closed) child.link.reset();  // its death follows, or the stall limit ends it
  }

  void on_link(Child& child, const LinkMessage& message) {
    switch (message.kind) {
      case LinkKind::kReady:
        child.is_ready = true;
        return say_ready();
      case LinkKind::kAlive:
        child.alive_until = now_steady() + kStallLimit;
        return;
      case LinkKind::kDrained:
        if (child.is_control && phase_ == Phase::kDraining) stop_control();
        return;
      case LinkKind::kChannelBroken: {
        const bool is_running = message.worker < workers_ && children_[1 + message.worker].link;
        if (child.is_control && is_running) join_by_new_channel(message.worker);
        return;
      }
      case LinkKind::kReloadWanted:
        if (child.is_control) begin_reload();
        return;
      case LinkKind::kDrainWanted:
        if (child.is_control) begin_drain();
        return;
      case LinkKind::kReloaded:
      case LinkKind::kReloadRefused:
        if (child.is_control) on_reload_answered(message.kind == LinkKind::kReloaded);
        return;
      case LinkKind::kChannel:
      case LinkKind::kWorkerDied:
      case LinkKind::kReload:
      case LinkKind::kDrain:
      case LinkKind::kStop:
        return;  // what the supervisor says to children
    }
  }

  void say_ready() {
    const bool all = std::all_of(children_.begin(), children_.end(), [](const Child& c) { return c.is_ready; });
    if (!all || was_ready_) return;
    was_ready_ = true;
    log::info("ready", {{"workers", workers_}});
    sd_notify(0, "READY=1");
    uint64_t period_us = 0;
    if (sd_watchdog_enabled(0, &period_us) > 0) watchdog_ = std::chrono::microseconds(period_us / 2);
  }

  void handle_timeouts(Timestamp now) {
    for (Child& child : children_) {
      if (now >= child.start_at) start_again(child);
      if (now < child.alive_until) continue;
      log::error("child_stalled", {{"child", child.name()}, {"pid", child.pid}});
      child.alive_until = kNever;
      kill(child.pid, SIGKILL);
    }
    if (now < watchdog_at()) return;
    watchdog_last_ = now;
    sd_notify(0, "WATCHDOG=1");
  }

  Timestamp watchdog_at() const { return watchdog_ == Duration::zero() ? kNever : watchdog_last_ + watchdog_; }

  // --- the end, in reverse order of the start ---

  void enter(Phase phase, Duration limit) {
    phase_ = phase;
    phase_until_ = now_steady() + limit;
  }

  void stop_control() {
    enter(Phase::kStoppingControl, kStopWithin);
    for (Child& child : children_) child.start_at = kNever;
    tell_control(LinkKind::kStop);
  }

  void advance() {
    const bool is_late = now_steady() >= phase_until_;
    switch (phase_) {
      case Phase::kRunning:
      case Phase::kEnded:
        return;
      case Phase::kDraining:
        if (is_late || control().pid < 0) stop_control();
        return;
      case Phase::kStoppingControl:
        if (is_late) end_by_force(control());
        if (control().pid > 0) return;
        enter(Phase::kStoppingWorkers, kStopWithin);
        for (const Child& child : children_) {
          if (child.link) channel::send_link(child.link.value(), {LinkKind::kStop, 0, {}});
        }
        return;
      case Phase::kStoppingWorkers:
        for (Child& child : children_) {
          if (is_late) end_by_force(child);
        }
        if (std::all_of(children_.begin(), children_.end(), [](const Child& c) { return c.pid < 0; })) {
          phase_ = Phase::kEnded;
        }
        return;
    }
  }

  void end_by_force(Child& child) {
    if (child.pid < 0) return;
    log::warn("child_ended_by_force", {{"child", child.name()}});
    kill(child.pid, SIGKILL);
    waitpid(child.pid, nullptr, 0);
    child.pid = -1;
    child.link.reset();
    child.alive_until = kNever;
  }

  void tell_control(LinkKind kind, uint32_t worker = 0) {
    if (control().link) channel::send_link(control().link.value(), {kind, worker, {}});
  }

  Config config_;  // what is in effect
  const std::string config_file_;
  const uint32_t workers_;
  const std::string redaction_key_;
  OwnedFd signals_;
  BoundSockets sockets_;
  std::vector<Child> children_;  // control, then the workers
  Phase phase_ = Phase::kRunning;
  Timestamp phase_until_ = kNever;
  bool was_ready_ = false;
  int exit_code_ = kExitOk;
  std::deque<std::string> reloads_;       // texts that control has not answered
  Duration watchdog_ = Duration::zero();  // systemd's period halved; zero: it watches not
  Timestamp watchdog_last_;
};

}  // namespace

int run_supervisor(const Config& config, const std::string& config_file) {
  return Supervisor(config, config_file).run();
}

}  // namespace eir
