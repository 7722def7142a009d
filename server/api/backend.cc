#include "server/api/backend.h"

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>

#include "server/telemetry/log.h"

namespace eir {

namespace asio = boost::asio;

namespace {

// How often a room that an earlier control left behind is asked whether anybody is still in it.
constexpr std::chrono::seconds kOrphanCheck{10};

bool has_transports(const channel::WorkerReport& report, RoomId room) {
  for (const channel::ReportedRoom& reported : report.rooms) {
    if (reported.room != room) continue;
    return std::any_of(reported.participants.begin(), reported.participants.end(),
                       [](const auto& participant) { return !participant.transports.empty(); });
  }
  return false;
}

// Consultations live in memory: what an earlier control opened, nobody here knows. Those who are in it go on seeing and
// hearing each other; when the last one is gone, the room is closed.
asio::awaitable<void> close_when_empty(Workers& workers, RoomId room) {
  asio::steady_timer timer(co_await asio::this_coro::executor);
  while (true) {
    const auto report = co_await workers.call(room, channel::Report{});
    if (!report || !has_transports(*report, room)) break;
    timer.expires_after(kOrphanCheck);
    co_await timer.async_wait(asio::use_awaitable);
  }
  co_await workers.close_room(room);
}

}  // namespace

Backend::Backend(asio::io_context& io, const Config& config, Random& random, const Clock& clock, BackendOptions options)
    : consultations(random, {.consultations = config.limits.consultations,
                             .participants_per_consultation = config.limits.participants_per_consultation}),
      workers(io, options.workers, std::move(options.supervisor_link), *this),
      bridge(workers, consultations, clock),
      signalling(io.get_executor(), consultations, bridge, clock),
      rest(config, consultations, bridge, signalling, clock),
      executor_(io.get_executor()) {}

void Backend::on_worker_event(WorkerIndex, const channel::Event& event) {
  if (const auto* state = std::get_if<channel::TransportState>(&event)) {
    bridge.on_transport_state(*state);
    signalling.drain_events();
  } else if (const auto* slots = std::get_if<channel::SlotsChanged>(&event)) {
    bridge.on_slots(*slots);
    if (const auto who = bridge.find(slots->participant)) signalling.send_slots(*who);
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
    spawn(executor_, "close_orphan_room", close_when_empty(workers, room.room));
  }
}

void Backend::on_reload_asked() {
  if (on_reload) on_reload();
}

void Backend::on_drain_asked() {
  is_draining_ = true;
  rest.set_draining();
  workers.drain();
}

void Backend::on_stop_asked() {
  signalling.close_all(CloseCode::kGoingAway);
  if (on_stop) on_stop();
}

void Backend::handle_tick() {
  signalling.handle_tick();
  if (is_draining_ && !said_drained_ && bridge.room_count() == 0) {
    said_drained_ = true;
    workers.say_drained();
  }
}

}  // namespace eir
