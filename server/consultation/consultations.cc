#include "server/consultation/consultations.h"

#include <algorithm>
#include <vector>

namespace eir {
namespace {

// Characters, not bytes: display names are UTF-8, which server/api has checked.
size_t utf8_length(std::string_view text) {
  return static_cast<size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) != 0x80; }));
}

Invitation* find_invitation(Consultation& consultation, InvitationKey key) {
  const auto found = std::ranges::find(consultation.invitations, key, &Invitation::key);
  return found == consultation.invitations.end() ? nullptr : &*found;
}

}  // namespace

Result<const Consultation*, Refusal> Consultations::create(const TenantKey& tenant, const ConsultationTemplate& kind,
                                                           std::span<const SeatRequest> seats) {
  if (seats.size() > kSeatsMax) return Refusal::kInvalidValue;
  if (consultations_.size() >= kConsultationsMax || consultations_.size() - ended_ >= limits_.consultations) {
    return Refusal::kUnavailable;
  }
  auto made = std::make_unique<Consultation>();
  made->key = ConsultationKey::random(random_);
  made->tenant = tenant;
  made->kind = &kind;
  for (const SeatRequest& seat : seats) {
    made->seats.push_back({.key = SeatKey::random(random_), .role = seat.role, .many = seat.many});
  }
  const Consultation* consultation = made.get();
  consultations_.emplace(made->key, std::move(made));
  return consultation;
}

const Consultation* Consultations::find(const TenantKey& tenant, ConsultationKey key) const {
  const Consultation* found = find(key);
  return found != nullptr && found->tenant == tenant ? found : nullptr;
}

const Consultation* Consultations::find(ConsultationKey key) const {
  const auto found = consultations_.find(key);
  return found == consultations_.end() ? nullptr : found->second.get();
}

size_t Consultations::participants_max(const Consultation& consultation) const {
  return std::min(consultation.kind->participants_max, limits_.participants_per_consultation);
}

Result<const Seat*, Refusal> Consultations::add_seat(const TenantKey& tenant, ConsultationKey key,
                                                     SeatRequest request) {
  if (find(tenant, key) == nullptr) return Refusal::kNotFound;
  Consultation& consultation = *find_mutable(key);
  if (consultation.state == ConsultationState::kEnded) return Refusal::kConsultationEnded;
  if (consultation.seats.size() >= kSeatsMax) return Refusal::kFull;
  consultation.seats.push_back({.key = SeatKey::random(random_), .role = request.role, .many = request.many});
  ++consultation.version;
  return &std::as_const(consultation.seats.back());
}

Result<IssuedInvitation, Refusal> Consultations::invite(Now now, const TenantKey& tenant, SeatRef seat,
                                                        const InvitationRequest& request) {
  if (find(tenant, seat.consultation) == nullptr) return Refusal::kNotFound;
  Consultation& consultation = *find_mutable(seat.consultation);
  if (consultation.find_seat(seat.seat) == nullptr) return Refusal::kNotFound;
  if (consultation.state == ConsultationState::kEnded) return Refusal::kConsultationEnded;
  if (consultation.invitations.size() >= kInvitationsMax) return Refusal::kFull;
  const WallTime not_before = request.not_before.value_or(now.wall);
  const WallTime not_after = request.not_after.value_or(std::max(not_before, now.wall) + kInvitationLife);
  const bool is_sane = not_after > not_before && not_after > now.wall && not_after <= now.wall + kInvitationLifeMax;
  if (!is_sane || request.uses_max == 0 || request.uses_max > kUsesMax) return Refusal::kInvalidValue;
  IssuedInvitation issued{InvitationKey::random(random_), Token::random(random_), not_after};
  consultation.invitations.push_back({.key = issued.key,
                                      .seat = seat.seat,
                                      .token = issued.token.hash(),
                                      .uses = 0,
                                      .uses_max = request.uses_max,
                                      .not_before = not_before,
                                      .not_after = not_after,
                                      .is_revoked = false});
  invitations_.emplace(issued.token.hash(), std::pair(consultation.key, issued.key));
  return issued;
}

Result<void, Refusal> Consultations::revoke(const TenantKey& tenant, ConsultationKey key, InvitationKey invitation) {
  if (find(tenant, key) == nullptr) return Refusal::kNotFound;
  Invitation* found = find_invitation(*find_mutable(key), invitation);
  if (found == nullptr) return Refusal::kNotFound;
  found->is_revoked = true;
  return {};
}

std::optional<Refusal> Consultations::why_not(Now now, const Consultation& consultation,
                                              const Invitation& invitation) const {
  if (consultation.state == ConsultationState::kEnded) return Refusal::kConsultationEnded;
  if (invitation.is_revoked) return Refusal::kInvitationRevoked;
  if (now.wall < invitation.not_before) return Refusal::kInvitationEarly;
  if (now.wall >= invitation.not_after) return Refusal::kInvitationExpired;
  if (invitation.uses >= invitation.uses_max) return Refusal::kInvitationUsed;
  return std::nullopt;
}

Result<Joined, Refusal> Consultations::join(Now now, std::string_view token, std::string_view display_name) {
  const auto found = invitations_.find(hash_token(token));
  if (found == invitations_.end()) return Refusal::kUnauthorized;
  Consultation& consultation = *find_mutable(found->second.first);
  Invitation& invitation = *find_invitation(consultation, found->second.second);
  if (const auto refusal = why_not(now, consultation, invitation)) return *refusal;
  if (utf8_length(display_name) > kDisplayNameMax) return Refusal::kInvalidValue;
  const Seat& seat = *consultation.find_seat(invitation.seat);

  // Who has the seat now makes room; those who left are forgotten with it.
  std::vector<ParticipantKey> replaced;
  size_t others = consultation.present_count();
  for (const auto& [key, other] : consultation.participants) {
    if (seat.many || other.seat != seat.key) continue;
    replaced.push_back(key);
    if (other.presence != Presence::kLeft) --others;
  }
  if (others >= participants_max(consultation)) return Refusal::kFull;
  for (const ParticipantKey key : replaced) expel(consultation, key, EventKind::kReplaced);

  ++invitation.uses;
  const Joined joined{.who = {consultation.key, ParticipantKey::random(random_)},
                      .session = Token::random(random_),
                      .resume = Token::random(random_)};
  Participant& participant = consultation.participants[joined.who.participant];
  participant.key = joined.who.participant;
  participant.seat = seat.key;
  participant.invitation = invitation.key;
  participant.role = seat.role;
  participant.display_name = display_name;
  participant.is_admitted = !must_wait(*consultation.kind, seat.role);
  give_tokens(now, consultation, participant, joined);
  set_deadline(consultation, participant, now.steady + kSessionLife);
  if (participant.is_admitted && consultation.state == ConsultationState::kPlanned) {
    consultation.state = ConsultationState::kOpen;
    ++consultation.version;
  }
  note(EventKind::kChanged, consultation, participant.key);
  return joined;
}

Result<Joined, Refusal> Consultations::resume(Now now, std::string_view token) {
  const auto found = resumes_.find(hash_token(token));
  if (found == resumes_.end()) return Refusal::kUnauthorized;
  const ParticipantRef who = found->second;
  Consultation& consultation = *find_mutable(who.consultation);
  Participant& participant = *find_mutable(who);
  if (participant.presence == Presence::kLeft && consultation.present_count() >= participants_max(consultation)) {
    return Refusal::kFull;
  }
  const Joined joined{.who = who, .session = Token::random(random_), .resume = Token::random(random_)};
  forget_tokens(participant);
  give_tokens(now, consultation, participant, joined);
  participant.is_signalling = false;
  // A living transport (WHIP, or the old page's until it is freed) keeps it; otherwise it has to connect again soon.
  const bool has_transport = participant.transports > 0;
  participant.presence = has_transport ? Presence::kReconnecting : Presence::kJoined;
  set_deadline(consultation, participant, has_transport ? kNever : now.steady + kReconnectTime);
  note(EventKind::kTakenOver, consultation, participant.key);
  note(EventKind::kChanged, consultation, participant.key);
  return joined;
}

Result<ParticipantRef, Refusal> Consultations::authenticate(Now now, std::string_view session) const {
  const TokenHash hash = hash_token(session);
  const auto found = sessions_.find(hash);
  if (found == sessions_.end()) return Refusal::kUnauthorized;
  const ParticipantRef who = found->second;
  const Participant& participant = *find(who.consultation)->find_participant(who.participant);
  const auto known = std::ranges::find(participant.sessions, hash, &Session::token);
  if (now.steady >= known->expires || participant.presence == Presence::kLeft) return Refusal::kTokenExpired;
  return who;
}

Token Consultations::renew_session(Now now, ParticipantRef who) {
  Token token = Token::random(random_);
  Participant* participant = find_mutable(who);
  if (participant == nullptr) return token;
  if (participant->sessions.size() >= kSessionsMax) {
    sessions_.erase(participant->sessions.front().token);
    participant->sessions.erase(participant->sessions.begin());
  }
  participant->sessions.push_back({token.hash(), now.steady + kSessionLife});
  sessions_.emplace(token.hash(), who);
  return token;
}

bool Consultations::may(ParticipantRef actor, ConsultationKey consultation, Right right) const {
  if (actor.consultation != consultation) return false;
  const Consultation* found = find(consultation);
  const Participant* participant = found == nullptr ? nullptr : found->find_participant(actor.participant);
  return participant != nullptr && rights_of(*found, *participant).has(right);
}

std::optional<ConsultationEvent> Consultations::poll_event() {
  if (events_.empty()) return std::nullopt;
  const ConsultationEvent event = events_.front();
  events_.pop_front();
  return event;
}

Consultation* Consultations::find_mutable(ConsultationKey key) {
  const auto found = consultations_.find(key);
  return found == consultations_.end() ? nullptr : found->second.get();
}

Participant* Consultations::find_mutable(ParticipantRef who) {
  Consultation* consultation = find_mutable(who.consultation);
  if (consultation == nullptr) return nullptr;
  const auto found = consultation->participants.find(who.participant);
  return found == consultation->participants.end() ? nullptr : &found->second;
}

void Consultations::give_tokens(Now now, const Consultation& consultation, Participant& participant,
                                const Joined& joined) {
  const ParticipantRef who{consultation.key, participant.key};
  participant.resume = joined.resume.hash();
  participant.sessions.push_back({joined.session.hash(), now.steady + kSessionLife});
  resumes_.emplace(participant.resume, who);
  sessions_.emplace(joined.session.hash(), who);
}

void Consultations::forget_tokens(Participant& participant) {
  for (const Session& session : participant.sessions) sessions_.erase(session.token);
  participant.sessions.clear();
  resumes_.erase(participant.resume);
}

void Consultations::note(EventKind kind, const Consultation& consultation, ParticipantKey participant) {
  events_.push_back({kind, {consultation.key, participant}});
}

}  // namespace eir
