#include "server/api/backend.h"

#include <boost/asio/io_context.hpp>

#include "server/telemetry/log.h"

namespace eir {

namespace asio = boost::asio;

namespace {

asio::awaitable<void> adopt_room(Backend& backend, channel::ReportedRoom room) {
  const auto key = ConsultationKey::parse(room.tag);
  const Consultation* consultation = key ? backend.consultations.find(*key) : nullptr;
  // One that is over: its end was on record before its room could be closed.
  if (consultation == nullptr || is_final(consultation->state)) {
    co_await backend.workers.close_room(room.room);
    co_return;
  }
  co_await backend.bridge.adopt(*key, std::move(room));
  backend.signalling.drain_events();
}

}  // namespace

Backend::Backend(asio::io_context& io, const Config& config, const Templates& templates, Random& random,
                 const Clock& clock, BackendOptions options)
    : journal(io.get_executor(), std::move(options.store), options.journal_times),
      consultations(random, {.consultations = config.limits.consultations,
                             .participants_per_consultation = config.limits.participants_per_consultation}),
      recorder(consultations, journal),
      workers(io, options.workers, std::move(options.supervisor_link), *this),
      bridge(workers, consultations, clock),
      signalling(io.get_executor(), consultations, bridge, recorder, clock),
      rest({.config = config,
            .templates = templates,
            .consultations = consultations,
            .bridge = bridge,
            .signalling = signalling,
            .recorder = recorder,
            .journal = journal,
            .bell = bell,
            .clock = clock,
            .random = random}),
      whip(config, random, consultations, bridge, signalling, clock),
      config_(config),
      clock_(clock),
      executor_(io.get_executor()) {
  workers.set_load_limits(load_limits());
  for (const std::string& id : consultations.restore(clock.now(), options.stored, templates)) {
    log::error("record_unreadable", {{"id", id}});
  }
  journal.on_durable = [this](uint64_t) {
    signalling.drain_events();
    bell.ring();
  };
}

void Backend::on_worker_event(WorkerIndex, const channel::Event& event) {
  if (const auto* state = std::get_if<channel::TransportState>(&event)) {
    bridge.on_transport_state(*state);
    signalling.drain_events();
  } else if (const auto* slots = std::get_if<channel::SlotsChanged>(&event)) {
    bridge.on_slots(*slots);
    if (const auto who = bridge.find(slots->participant)) signalling.send_slots(*who);
  } else if (const auto* layers = std::get_if<channel::LayersWanted>(&event)) {
    bridge.on_layers(*layers);
    if (const auto who = bridge.find(layers->participant)) signalling.send_layers(*who, layers->mid, layers->rids);
  } else if (const auto* silence = std::get_if<channel::PairSilenceChanged>(&event)) {
    const auto from = bridge.find(silence->publisher);
    const auto to = bridge.find(silence->receiver);
    if (from && to) signalling.send_silence(*from, *to, *silence);
  } else if (const auto* speakers = std::get_if<channel::ActiveSpeakers>(&event)) {
    const auto key = bridge.find(speakers->room);
    if (!key) return;
    std::vector<ParticipantKey> loudest;
    for (const ParticipantId number : speakers->participants) {
      if (const auto who = bridge.find(number)) loudest.push_back(who->participant);
    }
    signalling.send_speakers(*key, loudest);
  } else if (const auto* started = std::get_if<channel::MediaStarted>(&event)) {
    first_media.observe(started->elapsed_ms / 1000.0);
  } else if (const auto* lost = std::get_if<channel::RoomLost>(&event)) {
    on_rooms_lost(0, {lost->room});
  }
}

void Backend::on_rooms_lost(WorkerIndex worker, const std::vector<RoomId>& rooms) {
  const auto affected = bridge.forget_rooms(rooms);
  log::warn("rooms_lost", {{"worker", worker}, {"rooms", rooms.size()}, {"participants", affected.size()}});
  for (const ParticipantRef who : affected) signalling.send_renew(who);
  signalling.drain_events();
}

void Backend::on_worker_adopted(WorkerIndex, const channel::WorkerReport& report) {
  for (const channel::ReportedRoom& room : report.rooms) {
    spawn(executor_, "adopt_room", adopt_room(*this, room));
  }
}

void Backend::on_reload_asked(OwnedFd text) {
  if (on_reload) on_reload(std::move(text));
}

void Backend::on_drain_asked() {
  is_draining_ = true;
  drain_until_ = clock_.now().steady + std::chrono::seconds(config_.timeouts.drain_s);
  log::info("drain_begun", {{"rooms", bridge.room_count()}, {"limit_s", config_.timeouts.drain_s}});
  rest.set_draining();
  workers.drain();
}

void Backend::on_stop_asked() {
  signalling.close_all(CloseCode::kGoingAway);
  if (on_stop) on_stop();
}

LoadLimits Backend::load_limits() const {
  return {.cpu_percent = config_.limits.cpu_percent, .egress_mbit = config_.limits.egress_mbit};
}

void Backend::take_limits() {
  workers.set_load_limits(load_limits());
  consultations.set_limits({.consultations = config_.limits.consultations,
                            .participants_per_consultation = config_.limits.participants_per_consultation});
}

void Backend::handle_tick() {
  signalling.handle_tick();
  if (!is_draining_ || said_drained_) return;
  const bool is_late = clock_.now().steady >= drain_until_;
  if (bridge.room_count() > 0 && !is_late) return;
  said_drained_ = true;
  log::info("drained", {{"rooms_left", bridge.room_count()}});
  workers.say_drained();
}

}  // namespace eir
