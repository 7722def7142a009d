// The part of Consultations that its owner asks for: creation, seats, invitations, and looking up.
#include "server/consultation/consultations.h"

#include <algorithm>

namespace eir {
namespace {

Invitation* find_invitation(Consultation& consultation, InvitationKey key) {
  const auto found = std::ranges::find(consultation.invitations, key, &Invitation::key);
  return found == consultation.invitations.end() ? nullptr : &*found;
}

// A patient is somebody until a host has seen who it is (Normen: the right person before the right content).
IdentityNeed default_identity(Role role) {
  return role == Role::kPatient ? IdentityNeed::kHostConfirms : IdentityNeed::kNone;
}

Seat make_seat(Random& random, const SeatRequest& request) {
  return {.key = SeatKey::random(random),
          .role = request.role,
          .many = request.many,
          .skips_waiting = request.skips_waiting,
          .identity = request.identity.value_or(default_identity(request.role)),
          .organisation = request.organisation,
          .withheld = request.withheld,
          .granted = {}};
}

}  // namespace

Result<const Consultation*, Refusal> Consultations::create(Now now, const Actor& actor, const TenantKey& tenant,
                                                           const ConsultationRequest& request) {
  if (request.seats.size() > kSeatsMax) return Refusal::kInvalidValue;
  const WallTime starts = request.starts.value_or(now.wall);
  const WallTime ends = request.ends.value_or(starts + std::chrono::seconds(1));
  if (ends <= starts || ends <= now.wall || ends > now.wall + kPlannedAheadMax) return Refusal::kInvalidValue;
  if (consultations_.size() >= kConsultationsMax || consultations_.size() - ended_ >= limits_.consultations) {
    return Refusal::kUnavailable;
  }
  auto made = std::make_unique<Consultation>();
  made->key = ConsultationKey::random(random_);
  made->tenant = tenant;
  made->kind = request.kind;
  made->created = now.wall;
  made->starts = request.starts;
  made->ends = request.ends;
  for (const SeatRequest& seat : request.seats) made->seats.push_back(make_seat(random_, seat));
  Consultation& consultation = *made;
  consultations_.emplace(made->key, std::move(made));
  arm(now, consultation);
  Act act{now, actor, consultation};
  record(act, "consultation.created", nullptr, consultation.kind->name);
  return &std::as_const(consultation);
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
  return std::min<size_t>(consultation.kind->participants_max, limits_.participants_per_consultation);
}

Result<const Seat*, Refusal> Consultations::add_seat(Now now, const Actor& actor, ConsultationKey key,
                                                     const SeatRequest& request) {
  Consultation* consultation = find_mutable(key);
  if (consultation == nullptr) return Refusal::kNotFound;
  if (is_final(consultation->state)) return Refusal::kConsultationOver;
  if (consultation->seats.size() >= kSeatsMax) return Refusal::kFull;
  const Seat& seat = consultation->seats.emplace_back(make_seat(random_, request));
  ++consultation->version;
  Act act{now, actor, *consultation};
  record(act, "seat.added", nullptr, seat.key.to_string());
  return &seat;
}

Result<InvitedSeat, Refusal> Consultations::add_invited_seat(Now now, const Actor& actor, ConsultationKey key,
                                                             const SeatRequest& request,
                                                             const InvitationRequest& invitation) {
  Consultation* consultation = find_mutable(key);
  if (consultation == nullptr) return Refusal::kNotFound;
  if (is_final(consultation->state)) return Refusal::kConsultationOver;
  if (consultation->seats.size() >= kSeatsMax) return Refusal::kFull;
  const Seat made = make_seat(random_, request);
  const auto issued = make_invitation(now, *consultation, made.key, invitation);
  if (!issued) return issued.error();
  const Seat& seat = consultation->seats.emplace_back(made);
  ++consultation->version;
  Act act{now, actor, *consultation};
  record(act, "seat.added", nullptr, seat.key.to_string() + ' ' + issued->key.to_string());
  return InvitedSeat{&seat, *issued};
}

// Who brings somebody in gives away no right of decision that they have not themself: otherwise a link to a
// specialist's seat, used by the one who asked for it, would be a way up.
Result<SeatRequest, Refusal> Consultations::limit_to_inviter(ParticipantRef inviter, const SeatRequest& request) const {
  const Consultation* consultation = find(inviter.consultation);
  const Participant* participant =
      consultation == nullptr ? nullptr : consultation->find_participant(inviter.participant);
  if (participant == nullptr) return Refusal::kNotFound;
  const Rights own = rights_of(*consultation, *participant);
  if (!own.has(Right::kInvite)) return Refusal::kForbidden;
  if (participant->role == Role::kPatient && request.role != Role::kRelative) return Refusal::kForbidden;
  constexpr Rights kDecisions{Right::kModerate, Right::kInvite, Right::kEnd, Right::kList};
  SeatRequest limited = request;
  limited.withheld = limited.withheld | (kDecisions.without(own) & ceiling_of(request.role).given);
  // Only who may admit may say that somebody need not wait.
  limited.skips_waiting = request.skips_waiting && own.has(Right::kModerate);
  // And only who may confirm who somebody is may say that nobody needs to.
  if (!own.has(Right::kModerate) && request.identity == IdentityNeed::kNone) limited.identity.reset();
  return limited;
}

Result<IssuedInvitation, Refusal> Consultations::invite(Now now, const Actor& actor, SeatRef seat,
                                                        const InvitationRequest& request) {
  Consultation* consultation = find_mutable(seat.consultation);
  if (consultation == nullptr || consultation->find_seat(seat.seat) == nullptr) return Refusal::kNotFound;
  if (is_final(consultation->state)) return Refusal::kConsultationOver;
  auto issued = make_invitation(now, *consultation, seat.seat, request);
  if (!issued) return issued.error();
  Act act{now, actor, *consultation};
  record(act, "invitation.made", nullptr, issued->key.to_string());
  return issued;
}

Result<IssuedInvitation, Refusal> Consultations::make_invitation(Now now, Consultation& consultation, SeatKey seat,
                                                                 const InvitationRequest& request) {
  if (consultation.invitations.size() >= kInvitationsMax) return Refusal::kFull;
  const WallTime not_before = request.not_before.value_or(now.wall);
  const WallTime earliest_end = std::max(not_before, consultation.ends.value_or(now.wall));
  const WallTime not_after = request.not_after.value_or(earliest_end + kInvitationLife);
  const WallTime latest = std::max(now.wall + kInvitationLifeMax, earliest_end + kInvitationLife);
  // Beyond what can be planned there is nothing to invite to, and no date that every record can hold.
  const bool is_sane = not_before <= now.wall + kPlannedAheadMax && not_after > not_before && not_after > now.wall &&
                       not_after <= latest;
  if (!is_sane || request.uses_max == 0 || request.uses_max > kUsesMax) return Refusal::kInvalidValue;
  IssuedInvitation issued{InvitationKey::random(random_), Token::random(random_), not_after};
  consultation.invitations.push_back({.key = issued.key,
                                      .seat = seat,
                                      .token = issued.token.hash(),
                                      .uses = 0,
                                      .uses_max = request.uses_max,
                                      .not_before = not_before,
                                      .not_after = not_after,
                                      .is_revoked = false});
  invitations_.emplace(issued.token.hash(), std::pair(consultation.key, issued.key));
  return issued;
}

Result<void, Refusal> Consultations::revoke(Now now, const Actor& actor, ConsultationKey key,
                                            InvitationKey invitation) {
  Consultation* consultation = find_mutable(key);
  if (consultation == nullptr) return Refusal::kNotFound;
  Invitation* found = find_invitation(*consultation, invitation);
  if (found == nullptr) return Refusal::kNotFound;
  if (is_final(consultation->state)) return Refusal::kConsultationOver;
  if (found->is_revoked) return {};
  found->is_revoked = true;
  Act act{now, actor, *consultation};
  record(act, "invitation.revoked", nullptr, invitation.to_string());
  return {};
}

bool Consultations::may(ParticipantRef actor, ConsultationKey consultation, Right right) const {
  if (actor.consultation != consultation) return false;
  const Consultation* found = find(consultation);
  const Participant* participant = found == nullptr ? nullptr : found->find_participant(actor.participant);
  return participant != nullptr && rights_of(*found, *participant).has(right);
}

std::optional<ConsultationEvent> Consultations::poll_event(uint64_t durable) {
  if (events_.empty() || events_.front().transition > durable) return std::nullopt;
  const ConsultationEvent event = events_.front();
  events_.pop_front();
  return event;
}

std::optional<Transition> Consultations::poll_transition() {
  if (transitions_.empty()) return std::nullopt;
  Transition transition = std::move(transitions_.front());
  transitions_.pop_front();
  return transition;
}

void Consultations::attach_answer(AnswerRow answer, uint64_t before) {
  for (Transition& transition : transitions_) {
    if (transition.number <= before) continue;
    transition.answer = std::move(answer);
    return;
  }
  Transition alone;
  alone.number = ++last_transition_;
  alone.answer = std::move(answer);
  transitions_.push_back(std::move(alone));
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

}  // namespace eir
