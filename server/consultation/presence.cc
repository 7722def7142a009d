// The part of Consultations that follows participants' own acts, their connections, and time.
#include "server/consultation/consultations.h"

namespace eir {

void Consultations::mute_self(Now now, ParticipantRef who, MuteKind kind, bool muted) {
  const auto found = find_for_act(who);
  if (!found) return;
  Participant* participant = *found;
  const bool is_so = participant->muted.has(kind) == muted && (muted || !participant->host_muted.has(kind));
  if (is_so) return;
  participant->muted.set(kind, muted);
  if (!muted) participant->host_muted.set(kind, false);
  const Actor actor = Actor::participant(who.participant);
  Act act{now, actor, *find_mutable(who.consultation), {who.participant}};
  act.notes.emplace_back(EventKind::kChanged, who.participant);
  record_quietly(act);
}

void Consultations::name_self(ParticipantRef who, std::string_view display_name) {
  const auto found = find_for_act(who);
  if (!found || display_name.empty() || !(*found)->display_name.empty() || !is_display_name(display_name)) return;
  (*found)->display_name = display_name;
  // Others may know them already: by a transport that outlived the process which knew the name.
  events_.push_back({EventKind::kChanged, who, last_transition_});
}

void Consultations::leave(Now now, ParticipantRef who) {
  Participant* participant = find_mutable(who);
  if (participant == nullptr || participant->presence == Presence::kLeft) return;
  const Actor actor = Actor::participant(who.participant);
  Act act{now, actor, *find_mutable(who.consultation), {who.participant}};
  set_left(act, *participant, "left");
}

void Consultations::signal_opened(Now now, ParticipantRef who) {
  Participant* participant = find_mutable(who);
  if (participant == nullptr || participant->presence == Presence::kLeft) return;
  participant->is_signalling = true;
  set_connected(now, *find_mutable(who.consultation), *participant);
}

void Consultations::signal_closed(Now now, ParticipantRef who) {
  Participant* participant = find_mutable(who);
  if (participant == nullptr || !participant->is_signalling) return;
  Consultation& consultation = *find_mutable(who.consultation);
  participant->is_signalling = false;
  if (participant->presence == Presence::kLeft) return;
  participant->presence = Presence::kReconnecting;
  // While a transport lives, the worker's 30 s after its last check decide.
  set_deadline(consultation, *participant, participant->transports > 0 ? kNever : now.steady + kReconnectTime);
  events_.push_back({EventKind::kChanged, who, last_transition_});
}

void Consultations::transport_opened(Now now, ParticipantRef who) {
  Participant* participant = find_mutable(who);
  if (participant == nullptr) return;
  ++participant->transports;
  if (participant->presence != Presence::kLeft) set_connected(now, *find_mutable(who.consultation), *participant);
}

void Consultations::transport_closed(Now now, ParticipantRef who, bool is_timed_out) {
  Participant* participant = find_mutable(who);
  if (participant == nullptr || participant->transports == 0) return;
  Consultation& consultation = *find_mutable(who.consultation);
  if (--participant->transports > 0 || participant->is_signalling) return;
  if (participant->presence == Presence::kLeft || participant->presence == Presence::kJoined) return;
  if (is_timed_out) {
    const Actor actor = Actor::system();
    Act act{now, actor, consultation, {who.participant}};
    set_left(act, *participant, "connection_lost");
    return;
  }
  participant->presence = Presence::kReconnecting;
  set_deadline(consultation, *participant, now.steady + kReconnectTime);
  events_.push_back({EventKind::kChanged, who, last_transition_});
}

void Consultations::handle_timeout(Now now) {
  while (!deadlines_.empty() && deadlines_.begin()->first <= now.steady) {
    const ParticipantRef who = deadlines_.begin()->second;
    deadlines_.erase(deadlines_.begin());
    Consultation& consultation = *find_mutable(who.consultation);
    if (who.participant == ParticipantKey{}) {
      consultation.deadline = kNever;
      handle_consultation_timeout(now, consultation);
      continue;
    }
    Participant& participant = *find_mutable(who);
    participant.deadline = kNever;
    step_down(now, consultation, participant);
  }
}

void Consultations::step_down(Now now, Consultation& consultation, Participant& participant) {
  const Actor actor = Actor::system();
  Act act{now, actor, consultation, {participant.key}};
  if (participant.presence != Presence::kLeft) {
    set_left(act, participant, "connection_lost");
    return;
  }
  forget_tokens(participant);
  consultation.participants.erase(ParticipantKey(participant.key));
  record_quietly(act);
}

// Connected is connected, by whatever way. Only the first connection after joining is an act; coming back within the
// time for it is not.
void Consultations::set_connected(Now now, Consultation& consultation, Participant& participant) {
  const bool is_back = participant.presence == Presence::kReconnecting;
  const bool is_new = participant.presence == Presence::kJoined;
  participant.presence = Presence::kConnected;
  set_deadline(consultation, participant, kNever);
  if (is_back) events_.push_back({EventKind::kChanged, {consultation.key, participant.key}, last_transition_});
  if (!is_new) return;
  participant.connected_since = now.wall;
  const Actor actor = Actor::participant(participant.key);
  Act act{now, actor, consultation, {participant.key}};
  act.notes.emplace_back(EventKind::kChanged, participant.key);
  record(act, "participant.connected", &participant);
  check_host(now, consultation);
}

void Consultations::set_left(Act& act, Participant& participant, std::string_view reason) {
  participant.presence = Presence::kLeft;
  participant.is_signalling = false;
  add_usage(act, participant, reason);
  set_deadline(act.consultation, participant, act.now.steady + kResumeTime);
  act.notes.emplace_back(EventKind::kGone, participant.key);
  record(act, "participant.left", &participant, reason);
  check_host(act.now, act.consultation);
}

void Consultations::expel(Act& act, ParticipantKey key, EventKind why, std::string_view reason) {
  Participant& participant = act.consultation.participants.at(key);
  add_usage(act, participant, reason);
  forget_tokens(participant);
  set_deadline(act.consultation, participant, kNever);
  act.consultation.participants.erase(key);
  act.participants.push_back(key);
  act.notes.emplace_back(why, key);
}

void Consultations::set_deadline(const Consultation& consultation, Participant& participant, Timestamp at) {
  const ParticipantRef who{consultation.key, participant.key};
  if (participant.deadline != kNever) deadlines_.erase({participant.deadline, who});
  participant.deadline = at;
  if (at != kNever) deadlines_.insert({at, who});
}

}  // namespace eir
