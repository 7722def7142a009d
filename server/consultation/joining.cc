// The part of Consultations that lets people in: invitations used, tokens given, resumed and known again.
#include <algorithm>
#include <vector>

#include "server/consultation/consultations.h"

namespace eir {
std::optional<Refusal> Consultations::why_not(Now now, const Consultation& consultation,
                                              const Invitation& invitation) const {
  if (is_final(consultation.state)) return Refusal::kConsultationOver;
  if (invitation.is_revoked) return Refusal::kInvitationRevoked;
  if (now.wall < invitation.not_before) return Refusal::kInvitationEarly;
  if (now.wall >= invitation.not_after) return Refusal::kInvitationExpired;
  if (invitation.uses >= invitation.uses_max) return Refusal::kInvitationUsed;
  return std::nullopt;
}

// What the consultation, rather than the link, has against it. Hosts may come at any time: somebody has to open.
std::optional<Refusal> Consultations::why_not_now(Now now, const Consultation& consultation, const Seat& seat) const {
  const ConsultationTemplate& kind = *consultation.kind;
  const bool is_host_seat = rights_of_seat(kind, seat).has(Right::kModerate);
  if (!is_host_seat && consultation.starts && now.wall < *consultation.starts - kind.join_early) {
    return Refusal::kTooEarly;
  }
  // Invited seats reach the waiting room of a locked consultation; whom nobody invited by seat does not.
  if (consultation.is_locked && !is_host_seat && (seat.many || !must_wait(consultation, seat))) {
    return Refusal::kLocked;
  }
  return std::nullopt;
}

Result<Joined, Refusal> Consultations::join(Now now, std::string_view token, std::string_view display_name,
                                            bool wants_echo) {
  const auto found = invitations_.find(hash_token(token));
  if (found == invitations_.end()) return Refusal::kUnauthorized;
  Consultation& consultation = *find_mutable(found->second.first);
  Invitation& invitation = *std::ranges::find(consultation.invitations, found->second.second, &Invitation::key);
  if (const auto refusal = why_not(now, consultation, invitation)) return *refusal;
  if (!is_display_name(display_name)) return Refusal::kInvalidValue;
  if (wants_echo && !consultation.kind->may_echo) return Refusal::kInvalidValue;
  Seat& seat = *std::ranges::find(consultation.seats, invitation.seat, &Seat::key);
  // What a host granted was for who had the seat: the link may have changed hands.
  Seat taken = seat;
  if (!seat.many) taken.granted = {};
  if (const auto refusal = why_not_now(now, consultation, taken)) return *refusal;

  // Who has the seat now makes room; those who left are forgotten with it.
  std::vector<ParticipantKey> replaced;
  size_t others = consultation.present_count();
  for (const auto& [key, other] : consultation.participants) {
    if (seat.many || other.seat != seat.key) continue;
    replaced.push_back(key);
    if (other.presence != Presence::kLeft) --others;
  }
  if (others >= participants_max(consultation)) return Refusal::kFull;

  const Joined joined{.who = {consultation.key, ParticipantKey::random(random_)},
                      .session = Token::random(random_),
                      .resume = Token::random(random_)};
  const Actor actor = Actor::participant(joined.who.participant);
  Act act{now, actor, consultation};
  for (const ParticipantKey key : replaced) expel(act, key, EventKind::kReplaced, "replaced");
  ++invitation.uses;
  if (taken.granted != seat.granted) ++consultation.version;
  seat.granted = taken.granted;
  Participant& participant = seat_somebody(now, consultation, invitation, seat, joined);
  participant.display_name = display_name;
  participant.wants_echo = wants_echo;
  act.participants.push_back(participant.key);
  open_or_wait(act);
  if (participant.is_admitted) lock_if_full(act, participant);
  act.notes.emplace_back(EventKind::kChanged, participant.key);
  record(act, "participant.joined", &participant, invitation.key.to_string());
  check_host(now, consultation);
  return joined;
}

std::optional<ConsultationKey> Consultations::find_joined_anew(std::string_view token) const {
  const auto found = invitations_.find(hash_token(token));
  if (found == invitations_.end()) return std::nullopt;
  const Consultation& consultation = *find(found->second.first);
  const Invitation& invitation = *std::ranges::find(consultation.invitations, found->second.second, &Invitation::key);
  const Seat& seat = *std::ranges::find(consultation.seats, invitation.seat, &Seat::key);
  const bool is_taken = std::ranges::any_of(consultation.participants, [&](const auto& entry) {
    return entry.second.seat == seat.key && entry.second.presence != Presence::kLeft;
  });
  if (!seat.many && is_taken) return std::nullopt;
  return consultation.key;
}

Participant& Consultations::seat_somebody(Now now, Consultation& consultation, const Invitation& invitation,
                                          const Seat& seat, const Joined& joined) {
  Participant& participant = consultation.participants[joined.who.participant];
  participant.key = joined.who.participant;
  participant.seat = seat.key;
  participant.invitation = invitation.key;
  participant.role = seat.role;
  participant.organisation = seat.organisation;
  participant.is_admitted = !must_wait(consultation, seat);
  participant.was_admitted = participant.is_admitted;
  give_tokens(now, consultation, participant, joined);
  set_deadline(consultation, participant, now.steady + kSessionLife);
  return participant;
}

Result<Joined, Refusal> Consultations::resume(Now now, std::string_view token) {
  const auto found = resumes_.find(hash_token(token));
  if (found == resumes_.end()) return Refusal::kUnauthorized;
  const ParticipantRef who = found->second;
  Consultation& consultation = *find_mutable(who.consultation);
  Participant& participant = *find_mutable(who);
  const bool was_left = participant.presence == Presence::kLeft;
  if (was_left && consultation.present_count() >= participants_max(consultation)) return Refusal::kFull;
  const Joined joined{.who = who, .session = Token::random(random_), .resume = Token::random(random_)};
  forget_tokens(participant);
  give_tokens(now, consultation, participant, joined);
  participant.is_signalling = false;
  // A living transport (WHIP, or the old page's until it is freed) keeps it; otherwise it has to connect again soon.
  const bool has_transport = participant.transports > 0;
  const bool was_here = participant.is_here();
  if (was_left) participant.presence = Presence::kJoined;
  if (was_here) participant.presence = Presence::kReconnecting;
  // Who had left is no longer kept by what was not freed yet.
  set_deadline(consultation, participant, has_transport && was_here ? kNever : now.steady + kReconnectTime);
  const Actor actor = Actor::participant(who.participant);
  Act act{now, actor, consultation, {participant.key}};
  act.notes.emplace_back(EventKind::kTakenOver, participant.key);
  act.notes.emplace_back(EventKind::kChanged, participant.key);
  record(act, "participant.resumed", &participant);
  return joined;
}

Result<ParticipantRef, Refusal> Consultations::authenticate(Now now, std::string_view session) const {
  const TokenHash hash = hash_token(session);
  const auto found = sessions_.find(hash);
  if (found == sessions_.end()) return Refusal::kUnauthorized;
  const ParticipantRef who = found->second;
  const Participant& participant = *find(who.consultation)->find_participant(who.participant);
  const auto known = std::ranges::find(participant.sessions, hash, &Session::token);
  if (now.wall >= known->expires || participant.presence == Presence::kLeft) return Refusal::kTokenExpired;
  return who;
}

Token Consultations::renew_session(Now now, ParticipantRef who) {
  Token token = Token::random(random_);
  Participant* participant = find_mutable(who);
  // A token for who has left would be good for nothing; it is answered with one that nobody knows.
  if (participant == nullptr || participant->presence == Presence::kLeft) return token;
  if (participant->sessions.size() >= kSessionsMax) {
    sessions_.erase(participant->sessions.front().token);
    participant->sessions.erase(participant->sessions.begin());
  }
  participant->sessions.push_back({token.hash(), now.wall + kSessionLife});
  sessions_.emplace(token.hash(), who);
  const Actor actor = Actor::system();
  Act act{now, actor, *find_mutable(who.consultation), {who.participant}};
  record_quietly(act);
  return token;
}

void Consultations::give_tokens(Now now, const Consultation& consultation, Participant& participant,
                                const Joined& joined) {
  const ParticipantRef who{consultation.key, participant.key};
  participant.resume = joined.resume.hash();
  participant.sessions.push_back({joined.session.hash(), now.wall + kSessionLife});
  resumes_.emplace(participant.resume, who);
  sessions_.emplace(joined.session.hash(), who);
}

void Consultations::forget_tokens(Participant& participant) {
  for (const Session& session : participant.sessions) sessions_.erase(session.token);
  participant.sessions.clear();
  resumes_.erase(participant.resume);
  participant.resume = {};
}

}  // namespace eir
