#include "lib/router/router.h"

#include <algorithm>

#include "lib/router/published_track.h"
#include "lib/router/receive_slot.h"
#include "lib/rtp/rtp_packet.h"
#include "lib/transport/stun.h"

// The packet side of the Router; its control side is router_control.cc.
namespace eir {

Router::Router(RouterOptions options, const DtlsContext& dtls, Random& random)
    : options_(std::move(options)), dtls_(dtls), shared_(random) {}

Router::~Router() = default;

void Router::handle_datagram(Timestamp now, PacketPtr packet, const Path& path, TransmitQueue& out) {
  ++shared_.counters.datagrams;
  const PacketClass kind = classify(packet->bytes());
  switch (kind) {
    case PacketClass::kStun:
      ++shared_.counters.stun;
      return handle_stun(now, *packet, path, out);
    case PacketClass::kOther:
      ++shared_.counters.drop_unclassified;
      return;
    case PacketClass::kDtls:
    case PacketClass::kRtp:
    case PacketClass::kRtcp:
      break;
  }
  ClientSession* const session = find_session(path);
  if (session == nullptr) {
    ++shared_.counters.drop_unknown_path;
    return;
  }
  switch (kind) {
    case PacketClass::kRtp:
      ++shared_.counters.rtp_datagrams;
      return session->handle_rtp(now, std::move(packet), path);
    case PacketClass::kRtcp:
      ++shared_.counters.rtcp_datagrams;
      return session->handle_rtcp(now, std::move(packet), path, out);
    case PacketClass::kDtls:
      ++shared_.counters.dtls;
      session->transport().handle_dtls(now, std::as_const(*packet).bytes(), path);
      return after_input(now, *session, out);
    case PacketClass::kStun:
    case PacketClass::kOther:
      return;
  }
}

void Router::handle_stun(Timestamp now, const Packet& packet, const Path& path, TransmitQueue& out) {
  const std::optional<StunMessage> message = StunMessage::parse(packet.bytes());
  if (!message) {
    ++shared_.counters.drop_stun_malformed;
    return;
  }
  const auto it = ufrags_.find(message->username_receiver());
  if (it == ufrags_.end()) {
    ++shared_.counters.drop_stun_unknown;
    return;
  }
  ClientSession& session = *it->second;
  const MutableBytes reply = out.reserve(TransmitKind::kControl);
  if (reply.empty()) return;
  const StunOutcome outcome = session.transport().handle_stun(now, *message, path, reply);
  if (outcome.rejection != StunRejection::kNone) ++shared_.counters.drop_stun_refused;
  if (outcome.reply_size > 0) out.commit(path, outcome.reply_size, TransmitKind::kControl);
  if (outcome.rejection != StunRejection::kNone) return;
  // A valid check proves who is behind the path, even if it was another's before (a reused NAT binding).
  if (outcome.path_is_new) paths_[path] = &session;
  after_input(now, session, out);
}

void Router::after_input(Timestamp now, ClientSession& session, TransmitQueue& out) {
  session.send_handshake(out);
  drain_transport_events(now, session);
  if (session.transport().is_closed()) {
    forget_session(now, session, out);
  } else {
    arm(session);
  }
}

void Router::drain_transport_events(Timestamp now, ClientSession& session) {
  while (const std::optional<TransportEvent> event = session.transport().poll_event()) {
    if (const auto* removed = std::get_if<TransportPathRemoved>(&*event)) {
      const auto it = paths_.find(removed->path);
      if (it != paths_.end() && it->second == &session) paths_.erase(it);
    } else if (const auto* retired = std::get_if<TransportUfragRetired>(&*event)) {
      ufrags_.erase(retired->ufrag);
    } else if (const auto* closed = std::get_if<TransportClosed>(&*event)) {
      note_closed(session, closed->reason);
    } else {
      session.set_phase(TransportPhase::kConnected);
      shared_.emit(TransportStateChanged{.participant = session.participant().id(),
                                         .transport = session.transport().id(),
                                         .phase = TransportPhase::kConnected,
                                         .reason = {}});
      for (const auto& slot : session.slots()) {
        slot->aim(now);
        slot->mark_dirty();
      }
    }
  }
}

void Router::note_closed(ClientSession& session, std::string_view reason) {
  const bool is_failure = reason == "dtls_failed" || reason == "fingerprint_mismatch";
  session.set_phase(is_failure ? TransportPhase::kFailed : TransportPhase::kClosed);
  shared_.emit(TransportStateChanged{.participant = session.participant().id(),
                                     .transport = session.transport().id(),
                                     .phase = session.phase(),
                                     .reason = reason});
}

void Router::arm(ClientSession& session) { shared_.timers.set(session, session.next_timeout()); }

bool Router::flush(Timestamp now, TransmitQueue& out) {
  std::vector<ClientSession*>& dirty = shared_.dirty;
  // Sessions may be added while the loop runs: a slot that wants a key frame wakes its publisher.
  for (size_t i = 0; i < dirty.size(); ++i) {
    ClientSession& session = *dirty[i];
    if (!session.flush(now, out)) {
      dirty.erase(dirty.begin(), dirty.begin() + static_cast<std::ptrdiff_t>(i));
      return false;
    }
    if (!session.needs_arming_) continue;
    session.send_due_rtcp(now, out);
    arm(session);
  }
  dirty.clear();
  return true;
}

void Router::handle_timeout(Timestamp now, TransmitQueue& out) {
  shared_.timers.advance(now, [&](ClientSession& session) {
    session.transport().handle_timeout(now);
    session.handle_timeout(now);
    session.send_due_rtcp(now, out);
    after_input(now, session, out);
  });
  shared_.room_timers.advance(now, [&](Room& room) {
    room.handle_tick(now);
    shared_.room_timers.set(room, now + Room::kTick);
  });
}

Timestamp Router::next_timeout() { return std::min(shared_.timers.next_timeout(), shared_.room_timers.next_timeout()); }

std::optional<RouterEvent> Router::poll_event() {
  if (shared_.events.empty()) return std::nullopt;
  std::optional<RouterEvent> event = std::move(shared_.events.front());
  shared_.events.pop_front();
  return event;
}

void Router::handle_path_closed(Timestamp now, const Path& path) {
  ClientSession* const session = find_session(path);
  if (session == nullptr) return;
  session->transport().ice().handle_path_closed(now, path);
  drain_transport_events(now, *session);
  arm(*session);
}

ClientSession* Router::find_session(const Path& path) {
  const auto it = paths_.find(path);
  return it == paths_.end() ? nullptr : it->second;
}

}  // namespace eir
