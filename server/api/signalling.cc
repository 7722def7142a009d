#include "server/api/signalling.h"

namespace eir {

namespace asio = boost::asio;

namespace {

asio::awaitable<void> sync_alone(RoomBridge& bridge, ParticipantRef who, bool create) {
  co_await bridge.sync(who, create);
}

asio::awaitable<void> sync_room(RoomBridge& bridge, ConsultationKey key) { co_await bridge.sync_all(key); }

}  // namespace

void Signalling::drain_events() {
  recorder_.submit();
  while (const auto event = consultations_.poll_event(recorder_.durable())) handle_event(*event);
}

void Signalling::handle_event(const ConsultationEvent& event) {
  using Kind = ConsultationEvent::Kind;
  switch (event.kind) {
    case Kind::kChanged: {
      const Consultation* consultation = consultations_.find(event.who.consultation);
      const Participant* participant =
          consultation == nullptr ? nullptr : consultation->find_participant(event.who.participant);
      if (participant != nullptr) tell_change(*consultation, *participant);
      break;
    }
    case Kind::kGone:
      tell_gone(event.who);
      break;
    case Kind::kDenied:
      dismiss(event.who, signal::removed("denied"), CloseCode::kRemoved);
      tell_gone(event.who);
      break;
    case Kind::kRemoved:
      dismiss(event.who, signal::removed("removed"), CloseCode::kRemoved);
      tell_gone(event.who);
      break;
    case Kind::kReplaced:
      dismiss(event.who, "", CloseCode::kTakenOver);
      tell_gone(event.who);
      break;
    case Kind::kTakenOver:
      dismiss(event.who, "", CloseCode::kTakenOver);
      return;
    case Kind::kRoomChanged:
      tell_room(event.who.consultation);
      spawn(executor_, "sync_room", sync_room(bridge_, event.who.consultation));
      return;
    case Kind::kEnded:
      for (const SignalSession* session : sessions_of(event.who.consultation)) {
        dismiss(session->who_, signal::ended(), CloseCode::kRemoved);
      }
      spawn(executor_, "close_room", bridge_.close(event.who.consultation));
      return;
  }
  spawn_sync(event.who, false);
}

void Signalling::handle_tick() {
  const Now now = clock_.now();
  consultations_.handle_timeout(now);
  drain_events();
  for (const auto& [who, session] : sessions_) {
    if (now.steady - session->token_made_ < kRenewAfter) continue;
    session->token_made_ = now.steady;
    session->connection_.send(signal::session(consultations_.renew_session(now, who)));
  }
}

void Signalling::bind(SignalSession& session, ParticipantRef who) {
  dismiss(who, "", CloseCode::kTakenOver);
  session.who_ = who;
  session.is_bound_ = true;
  session.token_made_ = clock_.now().steady;
  sessions_[who] = &session;
  consultations_.signal_opened(clock_.now(), who);
  const Consultation& consultation = *consultations_.find(who.consultation);
  const Participant& participant = *consultation.find_participant(who.participant);
  session.told_admitted_ = participant.is_admitted;
  session.told_rights_ = rights_of(consultation, participant);
  session.connection_.send(signal::welcome(consultation, participant, roster_for(session, consultation)));
  if (!participant.host_muted.empty()) tell_own_change(session, consultation, participant);
  if (!bridge_.slots_of(who).empty()) send_slots(who);
  if (const auto* layers = bridge_.layers_of(who)) {
    for (const auto& [mid, rids] : *layers) send_layers(who, mid, rids);
  }
  spawn_sync(who, true);
}

void Signalling::unbind(SignalSession& session) {
  session.is_bound_ = false;
  sessions_.erase(session.who_);
}

void Signalling::dismiss(ParticipantRef who, const std::string& last_words, CloseCode code) {
  SignalSession* session = find(who);
  if (session == nullptr) return;
  unbind(*session);
  if (!last_words.empty()) session->connection_.send(last_words);
  session->connection_.close(code);
}

bool Signalling::is_visible_to(const SignalSession& session, const Consultation& consultation,
                               const Participant& other) const {
  if (other.presence == Presence::kLeft) return false;
  if (other.key == session.who_.participant) return true;
  // Who waits sees nobody; who waits is seen by those who decide.
  const Participant* self = consultation.find_participant(session.who_.participant);
  if (self == nullptr || !self->is_admitted) return false;
  return other.is_admitted || rights_of(consultation, *self).has(Right::kModerate);
}

std::vector<const Participant*> Signalling::roster_for(SignalSession& session, const Consultation& consultation) const {
  std::vector<const Participant*> roster;
  session.visible_.clear();
  for (const auto& [key, participant] : consultation.participants) {
    if (!is_visible_to(session, consultation, participant)) continue;
    roster.push_back(&participant);
    session.visible_.insert(key);
  }
  return roster;
}

void Signalling::tell_change(const Consultation& consultation, const Participant& participant) {
  for (SignalSession* session : sessions_of(consultation.key)) {
    if (session->who_.participant == participant.key) tell_own_change(*session, consultation, participant);
    if (is_visible_to(*session, consultation, participant)) {
      session->visible_.insert(participant.key);
      session->connection_.send(signal::roster({&participant}, {}));
    } else if (session->visible_.erase(participant.key) > 0) {
      session->connection_.send(signal::roster({}, {participant.key}));
    }
  }
}

void Signalling::tell_own_change(SignalSession& session, const Consultation& consultation,
                                 const Participant& participant) {
  const Rights rights = rights_of(consultation, participant);
  if (session.told_admitted_ != participant.is_admitted) {
    session.told_admitted_ = participant.is_admitted;
    const auto roster = roster_for(session, consultation);
    session.connection_.send(participant.is_admitted ? signal::admitted(rights, roster) : signal::waiting());
  } else if (session.told_rights_ != rights) {
    session.connection_.send(signal::rights(rights));
    tell_visible(session, consultation);
  }
  session.told_rights_ = rights;
  MuteKinds fresh;
  for (const MuteKind kind : kAllMuteKinds) {
    fresh.set(kind, participant.host_muted.has(kind) && !session.told_host_muted_.has(kind));
  }
  session.told_host_muted_ = participant.host_muted;
  if (!fresh.empty()) session.connection_.send(signal::muted(fresh));
}

// Who was made a host sees those who wait from now on, and no longer when that is taken back.
void Signalling::tell_visible(SignalSession& session, const Consultation& consultation) {
  std::vector<const Participant*> fresh;
  std::vector<ParticipantKey> gone;
  for (const auto& [key, participant] : consultation.participants) {
    const bool is_visible = is_visible_to(session, consultation, participant);
    const bool was_visible = session.visible_.contains(key);
    if (is_visible && !was_visible) fresh.push_back(&participant);
    if (!is_visible && was_visible) gone.push_back(key);
  }
  for (const Participant* participant : fresh) session.visible_.insert(participant->key);
  for (const ParticipantKey key : gone) session.visible_.erase(key);
  if (!fresh.empty() || !gone.empty()) session.connection_.send(signal::roster(fresh, gone));
}

// Lock and hold; a hold also changes what people may do.
void Signalling::tell_room(ConsultationKey key) {
  const Consultation* consultation = consultations_.find(key);
  if (consultation == nullptr) return;
  for (SignalSession* session : sessions_of(key)) {
    session->connection_.send(signal::consultation(*consultation));
    const Participant* self = consultation->find_participant(session->who_.participant);
    if (self != nullptr) tell_own_change(*session, *consultation, *self);
  }
}

void Signalling::tell_gone(ParticipantRef who) {
  for (SignalSession* session : sessions_of(who.consultation)) {
    if (session->visible_.erase(who.participant) > 0) session->connection_.send(signal::roster({}, {who.participant}));
  }
}

void Signalling::send_slots(ParticipantRef who) {
  const SignalSession* session = find(who);
  if (session != nullptr) session->connection_.send(signal::slots(bridge_.slots_of(who)));
}

void Signalling::send_layers(ParticipantRef who, std::string_view mid, const std::vector<std::string>& rids) {
  const SignalSession* session = find(who);
  if (session != nullptr) session->connection_.send(signal::layers(mid, rids));
}

void Signalling::send_silence(ParticipantRef from, ParticipantRef to, const channel::PairSilenceChanged& silence) {
  const Consultation* const consultation = consultations_.find(from.consultation);
  const Participant* const publisher =
      consultation == nullptr ? nullptr : consultation->find_participant(from.participant);
  if (publisher == nullptr || from.consultation != to.consultation) return;
  // Who turned it off by themself is not silent for any other reason; the roster says so already.
  const MuteKind kind = silence.kind == MediaKind::kAudio ? MuteKind::kAudio : MuteKind::kVideo;
  if (silence.silence == channel::PairSilence::kSource && publisher->muted.has(kind)) return;
  const std::string text = signal::silence(from.participant, to.participant, silence);
  for (SignalSession* session : sessions_of(from.consultation)) {
    const ParticipantKey self = session->who_.participant;
    if (!session->visible_.contains(from.participant) || !session->visible_.contains(to.participant)) continue;
    const Participant* const listener = consultation->find_participant(self);
    const bool is_host = listener != nullptr && rights_of(*consultation, *listener).has(Right::kModerate);
    if (self == from.participant || self == to.participant || is_host) session->connection_.send(text);
  }
}

void Signalling::send_speakers(ConsultationKey key, const std::vector<ParticipantKey>& participants) {
  for (const SignalSession* session : sessions_of(key)) {
    if (session->told_admitted_) session->connection_.send(signal::speakers(participants));
  }
}

void Signalling::send_renew(ParticipantRef who) {
  const SignalSession* session = find(who);
  if (session != nullptr) session->connection_.send(signal::renew("worker_lost"));
}

void Signalling::close_all(CloseCode code) {
  while (!sessions_.empty()) dismiss(sessions_.begin()->first, "", code);
}

SignalSession* Signalling::find(ParticipantRef who) const {
  const auto found = sessions_.find(who);
  return found == sessions_.end() ? nullptr : found->second;
}

std::vector<SignalSession*> Signalling::sessions_of(ConsultationKey key) const {
  std::vector<SignalSession*> sessions;
  for (auto at = sessions_.lower_bound({key, {}}); at != sessions_.end() && at->first.consultation == key; ++at) {
    sessions.push_back(at->second);
  }
  return sessions;
}

void Signalling::spawn_sync(ParticipantRef who, bool create) {
  spawn(executor_, "sync_participant", sync_alone(bridge_, who, create));
}

}  // namespace eir
