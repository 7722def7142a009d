#include "server/media/control_handler.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "server/media/candidates.h"
#include "server/media/conversions.h"
#include "server/telemetry/log.h"

namespace eir {
namespace {

channel::Reply refused(channel::RefusalCode code) { return channel::Refused{code, {}, 0}; }

channel::Reply to_reply(const Result<void, RouterRefusal>& result) {
  if (result) return channel::Done{};
  return refused(to_channel(result.error()));
}

}  // namespace

channel::Reply ControlHandler::handle(Timestamp now, const channel::Request& request) {
  return std::visit([&](const auto& one) { return handle(now, one); }, request);
}

channel::Reply ControlHandler::handle(Timestamp, const channel::OpenRoom& request) {
  return to_reply(router_.open_room(
      request.room,
      {.tag = request.tag, .audio_only = request.audio_only, .participants_max = request.participants_max}));
}

channel::Reply ControlHandler::handle(Timestamp now, const channel::CloseRoom& request) {
  return to_reply(router_.close_room(now, request.room, out_));
}

channel::Reply ControlHandler::handle(Timestamp now, const channel::Join& request) {
  return to_reply(router_.join(now, request.room, request.participant, to_router(request.rights),
                               {.tag = request.tag, .echo = request.echo, .signs = request.signs}));
}

channel::Reply ControlHandler::handle(Timestamp now, const channel::Leave& request) {
  drop_what_waits();
  return to_reply(router_.leave(now, request.participant, out_));
}

channel::Reply ControlHandler::handle(Timestamp now, const channel::SetRights& request) {
  drop_what_waits();
  return to_reply(router_.set_rights(now, request.participant, to_router(request.rights)));
}

channel::Reply ControlHandler::handle(Timestamp now, const channel::SetMute& request) {
  drop_what_waits();
  return to_reply(router_.set_mute(now, request.participant, to_right_bits(request.kinds)));
}

channel::Reply ControlHandler::handle(Timestamp now, const channel::Negotiate& request) {
  if (has_too_many_sessions(request)) return refused(channel::RefusalCode::kLimitReached);
  auto answer = router_.negotiate(now, {.participant = request.participant,
                                        .transport = request.transport,
                                        .kind = to_router(request.session_kind),
                                        .offer = request.offer});
  if (!answer) return to_channel(answer.error());
  return to_channel(std::move(*answer));
}

channel::Reply ControlHandler::handle(Timestamp now, const channel::RestartIce& request) {
  const ClientSession* const session = find_session(request.transport);
  if (session != nullptr && session->kind() == SessionKind::kWeb) return refused(channel::RefusalCode::kNotPossible);
  // The client's password is for checks towards it, which an ICE-lite server never sends.
  const auto restart = router_.restart_ice(now, request.transport, request.ufrag);
  if (!restart) return refused(to_channel(restart.error()));
  channel::IceCredentials out{restart->credentials.ufrag, restart->credentials.pwd, {}};
  for (const sdp::Candidate& candidate : restart->candidates) out.candidates.push_back(candidate_value(candidate));
  return out;
}

channel::Reply ControlHandler::handle(Timestamp now, const channel::CloseTransport& request) {
  return to_reply(router_.close_transport(now, request.transport, out_));
}

channel::Reply ControlHandler::handle(Timestamp now, const channel::SetView& request) {
  return to_reply(router_.set_view(now, request.participant, to_router(request.wishes)));
}

channel::Reply ControlHandler::handle(Timestamp now, const channel::SetLabel& request) {
  return to_reply(router_.set_label(now, request.participant, request.mid, to_router(request.label)));
}

// The worker speaks UDP only: no TCP candidate is ever announced, and the connection is closed by its owner.
channel::Reply ControlHandler::handle(Timestamp, const channel::TakeConnection&) {
  return refused(channel::RefusalCode::kNotPossible);
}

channel::Reply ControlHandler::handle(Timestamp, const channel::Report&) { return report_of(router_); }

channel::Reply ControlHandler::handle(Timestamp, const channel::Configure& request) {
  router_.set_participants_max(request.participants_max);
  options_.sessions_per_participant_max = request.transports_per_participant_max;
  log::set_level(request.log_level);
  log::set_format(request.log_format);
  return channel::Done{};
}

channel::Reply ControlHandler::handle(Timestamp, const channel::Ping&) { return channel::Done{}; }

channel::Reply ControlHandler::handle(Timestamp, const channel::Drain&) {
  router_.drain();
  return channel::Done{};
}

// The router has its own, fixed limit; this is the configured one, which may be smaller.
bool ControlHandler::has_too_many_sessions(const channel::Negotiate& request) const {
  if (find_session(request.transport) != nullptr) return false;
  for (const auto& [id, room] : router_.rooms()) {
    for (const auto& participant : std::as_const(*room).participants()) {
      if (participant->id() != request.participant) continue;
      return participant->sessions().size() >= options_.sessions_per_participant_max;
    }
  }
  return false;
}

const ClientSession* ControlHandler::find_session(TransportId transport) const {
  for (const auto& [id, room] : router_.rooms()) {
    for (const auto& participant : std::as_const(*room).participants()) {
      for (const auto& session : participant->sessions()) {
        if (session->transport().id() == transport) return session.get();
      }
    }
  }
  return nullptr;
}

// While the socket is blocked, encrypted packets wait in the queue; some may be against the new rights. Nobody can tell
// which any more, and after the reply not one may pass, so all go. Receivers ask again for what is still theirs.
void ControlHandler::drop_what_waits() {
  revoked_in_queue_ += out_.datagrams().size();
  out_.clear();
}

}  // namespace eir
