// The real supervisor, channel and Workers around a control and media workers that do nothing but keep rooms: what the
// processes do when they die, stall or are told to stop can be tried without media. Driven by processes_test.py, which
// reads its log.
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <string>
#include <string_view>
#include <utility>

#include "server/channel/channel_end.h"
#include "server/channel/start.h"
#include "server/channel/supervisor_link.h"
#include "server/config/config.h"
#include "server/supervisor/child_process.h"
#include "server/supervisor/supervisor.h"
#include "server/telemetry/log.h"
#include "server/workers/workers.h"

namespace eir {
namespace {

void start_log(const channel::LogStart& start) {
  log::start({start.format, start.level, start.process, start.redaction_key});
}

class ProbeWorker : public channel::ChannelListener {
 public:
  explicit ProbeWorker(const channel::WorkerStart& start)
      : link_(io_, OwnedFd(start.supervisor_fd), [this](channel::LinkMessage m) { on_link(std::move(m)); }) {
    open(OwnedFd(start.channel_fd));
    link_.send(channel::LinkKind::kReady);
  }
  int run() {
    io_.run();
    log::info("probe_ended");
    return 0;
  }

  void on_message(channel::Message message, OwnedFd) override {
    const auto* request = std::get_if<channel::Request>(&message.body);
    if (request == nullptr) return;
    if (const auto* opened = std::get_if<channel::OpenRoom>(request)) {
      report_.rooms.push_back({opened->room, opened->tag, false, {}});
    }
    channel::Reply reply = channel::Done{};
    if (std::holds_alternative<channel::Report>(*request)) reply = report_;
    end_->send({message.id, std::move(reply)});
  }
  void on_channel_closed(channel::CloseReason) override { log::info("probe_alone"); }

 private:
  void open(OwnedFd fd) { end_ = std::make_unique<channel::ChannelEnd>(io_, std::move(fd), *this); }
  void on_link(channel::LinkMessage message) {
    if (message.kind == channel::LinkKind::kChannel) open(std::move(message.fd));
    if (message.kind == channel::LinkKind::kStop) io_.stop();
  }

  boost::asio::io_context io_;
  channel::SupervisorLink link_;
  std::unique_ptr<channel::ChannelEnd> end_;
  channel::WorkerReport report_;
};

class ProbeControl : public WorkerListener {
 public:
  explicit ProbeControl(const channel::ControlStart& start)
      : workers_(io_, start.workers, OwnedFd(start.supervisor_fd), *this) {}
  int run() {
    io_.run();
    log::info("probe_ended");
    return 0;
  }

  void on_worker_event(WorkerIndex, const channel::Event&) override {}
  void on_rooms_lost(WorkerIndex worker, const std::vector<RoomId>& rooms) override {
    log::info("probe_rooms_lost", {{"worker", worker}, {"rooms", rooms.size()}});
  }
  // Opens one room more whenever all are there, and says so.
  void on_worker_adopted(WorkerIndex, const channel::WorkerReport&) override {
    for (const WorkerStatus& status : workers_.status()) {
      if (!status.adopted) return;
    }
    boost::asio::co_spawn(io_, open_room(), boost::asio::detached);
  }
  void on_reload_asked(OwnedFd text) override {
    log::info("probe_reload", {{"has_text", static_cast<bool>(text)}});
    workers_.say_reloaded(true);
  }
  void on_drain_asked() override {
    log::info("probe_drain");
    workers_.say_drained();
  }
  void on_stop_asked() override { io_.stop(); }

 private:
  boost::asio::awaitable<void> open_room() {
    // Named, because g++ 12 moves a temporary within co_await to the coroutine's frame without its constructor.
    RoomOptions options;
    const auto room = co_await workers_.open_room(std::move(options));
    if (room) log::info("probe_room_opened", {{"room", room->value}});
    workers_.say_ready();
  }

  boost::asio::io_context io_;
  Workers workers_;
};

int run_probe(const std::vector<std::string>& words) {
  if (words.size() == 4 && words[0] == "--role") {
    const std::string json = read_start_file(std::stoi(words[3]));
    if (words[1] == "media-worker") {
      const auto start = channel::parse_worker_start(json).value();
      start_log(start.log);
      return ProbeWorker(start).run();
    }
    const auto start = channel::parse_control_start(json).value();
    start_log(start.log);
    return ProbeControl(start).run();
  }
  const ParsedConfig parsed = load_config(words.at(0));
  return parsed.ok() ? run_supervisor(parsed.config, words[0]) : kExitUsage;
}

}  // namespace
}  // namespace eir

int main(int argc, char** argv) { return eir::run_probe({argv + 1, argv + argc}); }
