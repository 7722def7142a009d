// The part of Consultations that moves participants: hosts' acts, own acts, connections and time.
#include <vector>

#include "server/consultation/consultations.h"

namespace eir {

Result<void, Refusal> Consultations::admit(ParticipantRef who) {
  Participant* participant = find_mutable(who);
  if (participant == nullptr) return Refusal::kNotFound;
  Consultation& consultation = *find_mutable(who.consultation);
  if (participant->presence == Presence::kLeft) return Refusal::kWrongState;
  if (participant->is_admitted) return {};
  participant->is_admitted = true;
  if (consultation.state == ConsultationState::kPlanned) {
    consultation.state = ConsultationState::kOpen;
    ++consultation.version;
  }
  note(EventKind::kChanged, consultation, who.participant);
  return {};
}

Result<void, Refusal> Consultations::deny(ParticipantRef who) {
  const Participant* participant = find_mutable(who);
  if (participant == nullptr) return Refusal::kNotFound;
  if (participant->is_admitted) return Refusal::kWrongState;
  expel(*find_mutable(who.consultation), who.participant, EventKind::kDenied);
  return {};
}

Result<void, Refusal> Consultations::return_to_waiting(ParticipantRef who) {
  Participant* participant = find_mutable(who);
  if (participant == nullptr) return Refusal::kNotFound;
  const Consultation& consultation = *find_mutable(who.consultation);
  if (!must_wait(*consultation.kind, participant->role)) return Refusal::kWrongState;
  if (!participant->is_admitted) return {};
  participant->is_admitted = false;
  note(EventKind::kChanged, consultation, who.participant);
  return {};
}

Result<void, Refusal> Consultations::mute_by_host(ParticipantRef who, MuteKinds kinds) {
  Participant* participant = find_mutable(who);
  if (participant == nullptr) return Refusal::kNotFound;
  for (const MuteKind kind : kAllMuteKinds) {
    if (kinds.has(kind)) participant->host_muted.set(kind, true);
  }
  note(EventKind::kChanged, *find_mutable(who.consultation), who.participant);
  return {};
}

Result<void, Refusal> Consultations::remove(ParticipantRef who) {
  const Participant* participant = find_mutable(who);
  if (participant == nullptr) return Refusal::kNotFound;
  Consultation& consultation = *find_mutable(who.consultation);
  // Who was removed does not come back by the same link.
  for (Invitation& invitation : consultation.invitations) {
    if (invitation.key == participant->invitation) invitation.is_revoked = true;
  }
  expel(consultation, who.participant, EventKind::kRemoved);
  return {};
}

Result<void, Refusal> Consultations::end(Now now, ConsultationKey key) {
  Consultation* consultation = find_mutable(key);
  if (consultation == nullptr) return Refusal::kNotFound;
  if (consultation->state == ConsultationState::kEnded) return {};
  consultation->state = ConsultationState::kEnded;
  ++ended_;
  ++consultation->version;
  for (auto& [participant_key, participant] : consultation->participants) {
    forget_tokens(participant);
    set_deadline(*consultation, participant, kNever);
    participant.presence = Presence::kLeft;
    participant.display_name.clear();
  }
  deadlines_.insert({now.steady + kEndedLife, {key, {}}});
  note(EventKind::kEnded, *consultation, {});
  return {};
}

void Consultations::mute_self(ParticipantRef who, MuteKind kind, bool muted) {
  Participant* participant = find_mutable(who);
  if (participant == nullptr) return;
  participant->muted.set(kind, muted);
  if (!muted) participant->host_muted.set(kind, false);
  note(EventKind::kChanged, *find_mutable(who.consultation), who.participant);
}

void Consultations::leave(Now now, ParticipantRef who) {
  Participant* participant = find_mutable(who);
  if (participant == nullptr || participant->presence == Presence::kLeft) return;
  set_left(now, *find_mutable(who.consultation), *participant);
}

void Consultations::signal_opened(ParticipantRef who) {
  Participant* participant = find_mutable(who);
  if (participant == nullptr || participant->presence == Presence::kLeft) return;
  const Consultation& consultation = *find_mutable(who.consultation);
  const bool is_back = participant->presence != Presence::kConnected;
  participant->is_signalling = true;
  participant->presence = Presence::kConnected;
  set_deadline(consultation, *participant, kNever);
  if (is_back) note(EventKind::kChanged, consultation, who.participant);
}

void Consultations::signal_closed(Now now, ParticipantRef who) {
  Participant* participant = find_mutable(who);
  if (participant == nullptr || !participant->is_signalling) return;
  const Consultation& consultation = *find_mutable(who.consultation);
  participant->is_signalling = false;
  if (participant->presence == Presence::kLeft) return;
  participant->presence = Presence::kReconnecting;
  // While a transport lives, the worker's 30 s after its last check decide.
  set_deadline(consultation, *participant, participant->transports > 0 ? kNever : now.steady + kReconnectTime);
  note(EventKind::kChanged, consultation, who.participant);
}

void Consultations::transport_opened(ParticipantRef who) {
  Participant* participant = find_mutable(who);
  if (participant == nullptr) return;
  ++participant->transports;
  if (participant->presence != Presence::kJoined) return;
  participant->presence = Presence::kConnected;
  set_deadline(*find_mutable(who.consultation), *participant, kNever);
}

void Consultations::transport_closed(Now now, ParticipantRef who, bool is_timed_out) {
  Participant* participant = find_mutable(who);
  if (participant == nullptr || participant->transports == 0) return;
  const Consultation& consultation = *find_mutable(who.consultation);
  if (--participant->transports > 0 || participant->is_signalling) return;
  if (participant->presence == Presence::kLeft || participant->presence == Presence::kJoined) return;
  if (is_timed_out) {
    set_left(now, consultation, *participant);
    return;
  }
  participant->presence = Presence::kReconnecting;
  set_deadline(consultation, *participant, now.steady + kReconnectTime);
  note(EventKind::kChanged, consultation, who.participant);
}

void Consultations::handle_timeout(Now now) {
  while (!deadlines_.empty() && deadlines_.begin()->first <= now.steady) {
    const ParticipantRef who = deadlines_.begin()->second;
    deadlines_.erase(deadlines_.begin());
    Consultation& consultation = *find_mutable(who.consultation);
    if (who.participant == ParticipantKey{}) {
      for (const Invitation& invitation : consultation.invitations) invitations_.erase(invitation.token);
      consultations_.erase(who.consultation);
      --ended_;
      continue;
    }
    Participant& participant = *find_mutable(who);
    participant.deadline = kNever;
    step_down(now, consultation, participant);
  }
}

void Consultations::step_down(Now now, Consultation& consultation, Participant& participant) {
  if (participant.presence != Presence::kLeft) {
    set_left(now, consultation, participant);
    return;
  }
  forget_tokens(participant);
  consultation.participants.erase(participant.key);
}

void Consultations::set_left(Now now, const Consultation& consultation, Participant& participant) {
  participant.presence = Presence::kLeft;
  participant.is_signalling = false;
  set_deadline(consultation, participant, now.steady + kResumeTime);
  note(EventKind::kGone, consultation, participant.key);
}

void Consultations::expel(Consultation& consultation, ParticipantKey key, EventKind why) {
  Participant& participant = consultation.participants.at(key);
  forget_tokens(participant);
  set_deadline(consultation, participant, kNever);
  consultation.participants.erase(key);
  note(why, consultation, key);
}

void Consultations::set_deadline(const Consultation& consultation, Participant& participant, Timestamp at) {
  const ParticipantRef who{consultation.key, participant.key};
  if (participant.deadline != kNever) deadlines_.erase({participant.deadline, who});
  participant.deadline = at;
  if (at != kNever) deadlines_.insert({at, who});
}

}  // namespace eir
