#include "server/workers/workers.h"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <optional>
#include <unordered_map>

#include "server/channel/channel_end.h"
#include "server/channel/supervisor_link.h"
#include "server/telemetry/log.h"
#include "server/workers/id_source.h"

namespace asio = boost::asio;

namespace eir {
namespace {

using Clock = std::chrono::steady_clock;
using channel::CloseReason;
using channel::LinkKind;

Timestamp load_now() { return Timestamp(Clock::now().time_since_epoch()); }

// Nothing of a worker that does not report all three.
std::optional<LoadReport> load_report(const channel::Counters& counters) {
  LoadReport report;
  int found = 0;
  for (const channel::Counter& counter : counters.values) {
    if (counter.name == "worker_clock_seconds") {
      report.at = Timestamp(Duration(static_cast<int64_t>(counter.value * 1e9)));
    } else if (counter.name == "worker_cpu_seconds_total") {
      report.cpu_seconds = counter.value;
    } else if (counter.name == "udp_bytes_out_total") {
      report.bytes_out = counter.value;
    } else {
      continue;
    }
    ++found;
  }
  if (found != 3) return std::nullopt;
  return report;
}

// A call that waits for its reply. Lives in the frame of the coroutine that waits.
struct Waiter {
  explicit Waiter(asio::io_context& io) : timer(io, kWorkerCallTimeout) {}
  asio::steady_timer timer;
  std::optional<channel::Reply> reply;
  bool is_lost = false;
};

}  // namespace

void throw_exception_from_error(const WorkerError&, const boost::source_location& where) {
  check_failed(where.file_name(), static_cast<int>(where.line()), "WorkerResult holds a value");
}

struct Workers::State : std::enable_shared_from_this<Workers::State> {
  // Control's end of one worker's channel, and what is known about the worker.
  struct Worker : channel::ChannelListener {
    Worker(State& owner, WorkerIndex number) : state(owner), index(number) {}
    void on_message(channel::Message message, OwnedFd attached) override;
    void on_channel_closed(CloseReason reason) override;

    State& state;
    WorkerIndex index;
    std::unique_ptr<channel::ChannelEnd> end;
    uint32_t generation = 0;  // of `end`: tells an adoption that its channel was replaced meanwhile
    bool is_adopted = false;
    bool is_draining = false;
    uint32_t restarts = 0;
    Clock::time_point heard = Clock::now();
    std::vector<channel::Counter> counters;
    Clock::time_point counted;
    WorkerLoad load;
    std::unordered_map<uint32_t, Waiter*> waiting;
  };

  State(asio::io_context& context, WorkerListener& listens) : io(context), listener(&listens) {}

  asio::io_context& io;
  WorkerListener* listener;  // null once Workers is destroyed
  std::vector<std::unique_ptr<Worker>> workers;
  std::unique_ptr<channel::SupervisorLink> link;
  std::unordered_map<RoomId, WorkerIndex> rooms;
  IdSource<RoomId> room_ids;
  IdSource<ParticipantId> participant_ids;
  IdSource<TransportId> transport_ids;
  uint32_t last_request = 0;
  bool is_draining = false;
  LoadLimits load_limits;
  std::optional<channel::Configure> configuration;
  Clock::time_point started = Clock::now();

  void on_link(channel::LinkMessage message);
  void attach(Worker& worker, OwnedFd fd);
  void detach(Worker& worker);
  void on_worker_died(Worker& worker);
  void on_event(Worker& worker, const channel::Event& event);
  void lose_rooms(WorkerIndex worker, const channel::WorkerReport* except);
  bool take_over(Worker& worker, const channel::ReportedRoom& room);
  bool is_ready() const;
  Worker* emptiest() const;
  // Where a new room would go; nullptr: nowhere now.
  Worker* place() const { return is_ready() && !is_draining ? emptiest() : nullptr; }
  uint32_t rooms_of(WorkerIndex worker) const;
  bool is_line_full() const;
  bool is_busy(const Worker& worker) const;
  bool post(Worker& worker, channel::Request request, OwnedFd attached = {});

  static asio::awaitable<void> adopt(std::shared_ptr<State> self, Worker& worker, uint32_t generation);
  static asio::awaitable<WorkerResult<channel::Reply>> ask(std::shared_ptr<State> self, WorkerIndex index,
                                                           channel::Request request);
};

void Workers::State::Worker::on_message(channel::Message message, OwnedFd) {
  heard = Clock::now();
  if (const auto* event = std::get_if<channel::Event>(&message.body)) return state.on_event(*this, *event);
  auto* reply = std::get_if<channel::Reply>(&message.body);
  const auto waiter = waiting.find(message.id);
  // A worker asks nothing of control; a reply that nobody waits for came after its deadline.
  if (reply == nullptr || waiter == waiting.end()) return;
  waiter->second->reply = std::move(*reply);
  waiter->second->timer.cancel();
}

void Workers::State::Worker::on_channel_closed(CloseReason reason) {
  state.detach(*this);
  // The usual cause is the worker's death, which the supervisor tells separately.
  if (reason == CloseReason::kPeerClosed || reason == CloseReason::kWriteFailed) return;
  log::error("worker_channel_failed", {{"worker", index}, {"reason", static_cast<int>(reason)}});
  state.link->send(LinkKind::kChannelBroken, index);
}

void Workers::State::on_link(channel::LinkMessage message) {
  if (listener == nullptr) return;
  const bool names_worker = message.kind == LinkKind::kChannel || message.kind == LinkKind::kWorkerDied;
  if (names_worker && message.worker >= workers.size()) return;
  switch (message.kind) {
    case LinkKind::kChannel:
      return attach(*workers[message.worker], std::move(message.fd));
    case LinkKind::kWorkerDied:
      return on_worker_died(*workers[message.worker]);
    case LinkKind::kReload:
      return listener->on_reload_asked(std::move(message.fd));
    case LinkKind::kDrain:
      return listener->on_drain_asked();
    case LinkKind::kStop:
      return listener->on_stop_asked();
    case LinkKind::kReady:
    case LinkKind::kAlive:
    case LinkKind::kDrained:
    case LinkKind::kChannelBroken:
    case LinkKind::kReloadWanted:
    case LinkKind::kDrainWanted:
    case LinkKind::kReloaded:
    case LinkKind::kReloadRefused:
      return;  // what children say to the supervisor
  }
}

void Workers::State::attach(Worker& worker, OwnedFd fd) {
  if (!fd) return;
  detach(worker);
  worker.end = std::make_unique<channel::ChannelEnd>(io, std::move(fd), worker);
  worker.heard = Clock::now();
  ++worker.generation;
  asio::co_spawn(io, adopt(shared_from_this(), worker, worker.generation), asio::detached);
}

void Workers::State::detach(Worker& worker) {
  worker.end.reset();
  worker.is_adopted = false;
  for (auto& [id, waiter] : worker.waiting) {
    waiter->is_lost = true;
    waiter->timer.cancel();
  }
  worker.waiting.clear();
}

void Workers::State::on_worker_died(Worker& worker) {
  log::warn("worker_died", {{"worker", worker.index}, {"rooms", rooms_of(worker.index)}});
  ++worker.restarts;
  worker.counters.clear();
  worker.load.reset();
  detach(worker);
  lose_rooms(worker.index, nullptr);
}

void Workers::State::on_event(Worker& worker, const channel::Event& event) {
  if (const auto* snapshot = std::get_if<channel::Counters>(&event)) {
    worker.counters = snapshot->values;
    worker.counted = Clock::now();
    if (const auto report = load_report(*snapshot)) worker.load.handle_report(*report);
  }
  if (const auto* lost = std::get_if<channel::RoomLost>(&event)) {
    const auto room = rooms.find(lost->room);
    if (room == rooms.end() || room->second != worker.index) return;
    rooms.erase(room);
  }
  listener->on_worker_event(worker.index, event);
}

// Forgets the worker's rooms besides those of a report, and tells.
void Workers::State::lose_rooms(WorkerIndex worker, const channel::WorkerReport* except) {
  std::vector<RoomId> lost;
  for (const auto& [room, owner] : rooms) {
    if (owner == worker) lost.push_back(room);
  }
  if (except != nullptr) {
    std::erase_if(lost, [&](RoomId room) {
      return std::any_of(except->rooms.begin(), except->rooms.end(), [&](const auto& r) { return r.room == room; });
    });
  }
  for (const RoomId room : lost) rooms.erase(room);
  if (!lost.empty()) listener->on_rooms_lost(worker, lost);
}

// False: a number in this room belongs to somebody else by now.
bool Workers::State::take_over(Worker& worker, const channel::ReportedRoom& room) {
  const auto known = rooms.find(room.room);
  if (known != rooms.end()) return known->second == worker.index;
  bool ok = room_ids.adopt(room.room);
  for (const auto& participant : room.participants) {
    ok = participant_ids.adopt(participant.participant) && ok;
    for (const auto& transport : participant.transports) ok = transport_ids.adopt(transport.transport) && ok;
  }
  if (ok) rooms.emplace(room.room, worker.index);
  return ok;
}

asio::awaitable<void> Workers::State::adopt(std::shared_ptr<State> self, Worker& worker, uint32_t generation) {
  auto reply = co_await ask(self, worker.index, channel::Report{});
  if (self->listener == nullptr || worker.generation != generation || !worker.end) co_return;
  auto* report = reply ? std::get_if<channel::WorkerReport>(&*reply) : nullptr;
  if (report == nullptr) {
    log::error("worker_gave_no_report", {{"worker", worker.index}});
    self->link->send(LinkKind::kChannelBroken, worker.index);
    co_return;
  }
  self->lose_rooms(worker.index, report);
  std::erase_if(report->rooms, [&](const channel::ReportedRoom& room) {
    const bool is_ours = self->take_over(worker, room);
    if (!is_ours) self->post(worker, channel::CloseRoom{room.room});
    return !is_ours;
  });
  worker.is_adopted = true;
  worker.is_draining = report->draining;
  if (self->is_draining) self->post(worker, channel::Drain{});
  if (self->configuration) self->post(worker, *self->configuration);
  log::info("worker_adopted", {{"worker", worker.index}, {"rooms", report->rooms.size()}});
  self->listener->on_worker_adopted(worker.index, *report);
}

asio::awaitable<WorkerResult<channel::Reply>> Workers::State::ask(std::shared_ptr<State> self, WorkerIndex index,
                                                                  channel::Request request) {
  Worker& worker = *self->workers[index];
  if (self->listener == nullptr || !worker.end) co_return WorkerError{WorkerFailure::kWorkerLost, {}};
  const uint32_t id = ++self->last_request == 0 ? ++self->last_request : self->last_request;
  Waiter waiter(self->io);
  if (!worker.end->send({id, std::move(request)})) co_return WorkerError{WorkerFailure::kWorkerLost, {}};
  worker.waiting.emplace(id, &waiter);
  boost::system::error_code error;
  co_await waiter.timer.async_wait(asio::redirect_error(asio::use_awaitable, error));
  worker.waiting.erase(id);
  if (waiter.is_lost) co_return WorkerError{WorkerFailure::kWorkerLost, {}};
  if (!waiter.reply) co_return WorkerError{WorkerFailure::kTimeout, {}};
  if (auto* refused = std::get_if<channel::Refused>(&*waiter.reply)) {
    co_return WorkerError{WorkerFailure::kRefused, std::move(*refused)};
  }
  co_return std::move(*waiter.reply);
}

// A request whose reply is of no interest.
bool Workers::State::post(Worker& worker, channel::Request request, OwnedFd attached) {
  const uint32_t id = ++last_request == 0 ? ++last_request : last_request;
  return worker.end && worker.end->send({id, std::move(request)}, std::move(attached));
}

// A control that has just started gives no numbers before every worker told which are in use.
bool Workers::State::is_ready() const {
  const bool all = std::all_of(workers.begin(), workers.end(), [](const auto& w) { return w->generation > 0; });
  const bool adopted = std::all_of(workers.begin(), workers.end(), [](const auto& w) { return w->is_adopted; });
  return (all && adopted) || Clock::now() - started > kWorkerCallTimeout;
}

uint32_t Workers::State::rooms_of(WorkerIndex worker) const {
  return static_cast<uint32_t>(
      std::count_if(rooms.begin(), rooms.end(), [&](const auto& entry) { return entry.second == worker; }));
}

// The workers share the node's line.
bool Workers::State::is_line_full() const {
  if (load_limits.egress_mbit == 0) return false;
  double sum = 0;
  for (const auto& worker : workers) sum += worker->load.egress_mbit();
  return sum >= load_limits.egress_mbit;
}

bool Workers::State::is_busy(const Worker& worker) const {
  const uint32_t limit = load_limits.cpu_percent;
  return is_line_full() || (limit != 0 && worker.load.expected_cpu_percent(load_now()) >= limit);
}

// A busy one only where all are: who is let in already is given a room.
Workers::State::Worker* Workers::State::emptiest() const {
  std::vector<RoomPlace> places;
  std::vector<RoomPlace> busy;
  for (const auto& worker : workers) {
    if (!worker->is_adopted || worker->is_draining) continue;
    const RoomPlace place{worker->index, worker->load.expected_cpu_percent(load_now()), rooms_of(worker->index)};
    (is_busy(*worker) ? busy : places).push_back(place);
  }
  const RoomPlace* const best = eir::emptiest(places.empty() ? busy : places);
  return best == nullptr ? nullptr : workers[best->worker].get();
}

Workers::Workers(asio::io_context& io, uint32_t workers, OwnedFd supervisor_link, WorkerListener& listener)
    : state_(std::make_shared<State>(io, listener)) {
  for (WorkerIndex i = 0; i < workers; ++i) state_->workers.push_back(std::make_unique<State::Worker>(*state_, i));
  state_->link = std::make_unique<channel::SupervisorLink>(
      io, std::move(supervisor_link),
      [state = state_.get()](channel::LinkMessage message) { state->on_link(std::move(message)); });
}

Workers::~Workers() {
  state_->listener = nullptr;
  state_->link.reset();
  for (auto& worker : state_->workers) state_->detach(*worker);
}

ParticipantId Workers::new_participant_id() { return state_->participant_ids.take(); }
TransportId Workers::new_transport_id() { return state_->transport_ids.take(); }

asio::awaitable<WorkerResult<RoomId>> Workers::open_room(RoomOptions options) {
  const auto state = state_;
  State::Worker* worker = state->place();
  if (worker == nullptr) co_return WorkerError{WorkerFailure::kNoWorker, {}};
  const RoomId room = state->room_ids.take();
  // Counted at once, so that rooms opened in the same moment spread.
  state->rooms.emplace(room, worker->index);
  worker->load.expect(load_now(), WorkerLoad::kRoomCost);
  channel::OpenRoom request{room, std::move(options.tag), options.audio_only, options.participants_max};
  auto reply = co_await State::ask(state, worker->index, std::move(request));
  if (reply) co_return room;
  state->rooms.erase(room);
  // A room that opened after its deadline would have no owner.
  if (reply.error().failure == WorkerFailure::kTimeout) state->post(*worker, channel::CloseRoom{room});
  co_return reply.error();
}

asio::awaitable<WorkerResult<channel::Done>> Workers::close_room(RoomId room) {
  const auto state = state_;
  auto reply = co_await call(room, channel::CloseRoom{room});
  state->rooms.erase(room);
  co_return reply;
}

asio::awaitable<WorkerResult<channel::Reply>> Workers::call_any(RoomId room, channel::Request request) {
  const auto state = state_;
  const auto owner = state->rooms.find(room);
  if (owner == state->rooms.end()) co_return WorkerError{WorkerFailure::kUnknownRoom, {}};
  const WorkerIndex worker = owner->second;
  if (std::holds_alternative<channel::Join>(request)) {
    state->workers[worker]->load.expect(load_now(), WorkerLoad::kPersonCost);
  }
  co_return co_await State::ask(state, worker, std::move(request));
}

bool Workers::give_connection(WorkerIndex worker, OwnedFd connection, bool on_https_port) {
  if (worker >= state_->workers.size()) return false;
  return state_->post(*state_->workers[worker], channel::TakeConnection{on_https_port}, std::move(connection));
}

asio::awaitable<WorkerResult<channel::Done>> Workers::ping(WorkerIndex worker) {
  const auto state = state_;
  channel::Request request = channel::Ping{};
  const auto reply = co_await State::ask(state, worker, std::move(request));
  if (!reply) co_return reply.error();
  co_return channel::Done{};
}

void Workers::configure(const channel::Configure& configuration) {
  state_->configuration = configuration;
  for (auto& worker : state_->workers) state_->post(*worker, configuration);
}

void Workers::set_load_limits(LoadLimits limits) { state_->load_limits = limits; }

bool Workers::may_take(std::optional<RoomId> room) const {
  const auto owner = room ? state_->rooms.find(*room) : state_->rooms.end();
  const State::Worker* const worker =
      owner == state_->rooms.end() ? state_->place() : state_->workers[owner->second].get();
  // Without a worker it is not load that is in the way.
  return worker == nullptr || !state_->is_busy(*worker);
}

void Workers::drain() {
  state_->is_draining = true;
  for (auto& worker : state_->workers) {
    worker->is_draining = true;
    state_->post(*worker, channel::Drain{});
  }
}

std::optional<WorkerIndex> Workers::worker_of(RoomId room) const {
  const auto found = state_->rooms.find(room);
  if (found == state_->rooms.end()) return std::nullopt;
  return found->second;
}

bool Workers::takes_rooms() const { return state_->place() != nullptr; }
void Workers::say_ready() { state_->link->send(LinkKind::kReady); }
void Workers::say_drained() { state_->link->send(LinkKind::kDrained); }
void Workers::say_reloaded(bool is_in_effect) {
  state_->link->send(is_in_effect ? LinkKind::kReloaded : LinkKind::kReloadRefused);
}
void Workers::ask_reload() { state_->link->send(LinkKind::kReloadWanted); }
void Workers::ask_drain() { state_->link->send(LinkKind::kDrainWanted); }

std::vector<WorkerStatus> Workers::status() const {
  std::vector<WorkerStatus> out;
  for (const auto& worker : state_->workers) {
    WorkerStatus status;
    status.worker = worker->index;
    status.connected = worker->end != nullptr;
    status.adopted = worker->is_adopted;
    status.rooms = state_->rooms_of(worker->index);
    status.restarts = worker->restarts;
    status.silence = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - worker->heard);
    status.counters = worker->counters;
    status.counted_at = std::chrono::duration_cast<std::chrono::milliseconds>(worker->counted.time_since_epoch());
    status.cpu_percent = worker->load.expected_cpu_percent(load_now());
    status.egress_mbit = worker->load.egress_mbit();
    status.is_busy = state_->is_busy(*worker);
    out.push_back(std::move(status));
  }
  return out;
}

}  // namespace eir
