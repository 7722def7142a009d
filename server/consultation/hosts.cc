// The part of Consultations that hosts decide. Whether the actor may was asked before; here it is about whether the act
// makes sense.
#include <algorithm>
#include <utility>

#include "server/consultation/consultations.h"

namespace eir {

Result<Participant*, Refusal> Consultations::find_for_act(ParticipantRef who) {
  Participant* participant = find_mutable(who);
  if (participant == nullptr) return Refusal::kNotFound;
  if (is_final(find_mutable(who.consultation)->state)) return Refusal::kConsultationOver;
  return participant;
}

Result<void, Refusal> Consultations::admit(Now now, const Actor& actor, ParticipantRef who) {
  const auto found = find_for_act(who);
  if (!found) return found.error();
  Participant* participant = *found;
  Consultation& consultation = *find_mutable(who.consultation);
  if (participant->presence == Presence::kLeft) return Refusal::kWrongState;
  if (participant->is_admitted) return {};
  // A lock keeps out who has not been in, also by mistake of a host: it is opened first, knowingly.
  if (consultation.is_locked && !participant->was_admitted) return Refusal::kLocked;
  const bool is_new = !participant->was_admitted;
  participant->is_admitted = true;
  participant->was_admitted = true;
  Act act{now, actor, consultation, {who.participant}};
  open_or_wait(act);
  if (is_new) lock_if_full(act, *participant);
  act.notes.emplace_back(EventKind::kChanged, who.participant);
  record(act, "participant.admitted", participant);
  check_host(now, consultation);
  return {};
}

Result<void, Refusal> Consultations::deny(Now now, const Actor& actor, ParticipantRef who) {
  const auto found = find_for_act(who);
  if (!found) return found.error();
  if ((*found)->is_admitted) return Refusal::kWrongState;
  const Participant before = **found;
  Act act{now, actor, *find_mutable(who.consultation)};
  expel(act, who.participant, EventKind::kDenied, "denied");
  record(act, "participant.denied", &before);
  return {};
}

Result<void, Refusal> Consultations::return_to_waiting(Now now, const Actor& actor, ParticipantRef who) {
  const auto found = find_for_act(who);
  if (!found) return found.error();
  Participant* participant = *found;
  Consultation& consultation = *find_mutable(who.consultation);
  // Hosts are never sent out: they would come straight back in.
  if (!consultation.kind->has_waiting_room || is_host(consultation, *participant)) return Refusal::kWrongState;
  if (!participant->is_admitted) return {};
  participant->is_admitted = false;
  Act act{now, actor, consultation, {who.participant}};
  act.notes.emplace_back(EventKind::kChanged, who.participant);
  record(act, "participant.returned", participant);
  return {};
}

Result<void, Refusal> Consultations::mute_by_host(Now now, const Actor& actor, ParticipantRef who, MuteKinds kinds) {
  const auto found = find_for_act(who);
  if (!found) return found.error();
  Participant* participant = *found;
  const MuteKinds before = participant->host_muted;
  std::string names;
  for (const MuteKind kind : kAllMuteKinds) {
    if (!kinds.has(kind)) continue;
    participant->host_muted.set(kind, true);
    names += (names.empty() ? "" : " ") + std::string(to_text(kind));
  }
  if (participant->host_muted == before) return {};
  Act act{now, actor, *find_mutable(who.consultation), {who.participant}};
  act.notes.emplace_back(EventKind::kChanged, who.participant);
  record(act, "participant.muted", participant, names);
  return {};
}

Result<void, Refusal> Consultations::remove(Now now, const Actor& actor, ParticipantRef who) {
  const auto found = find_for_act(who);
  if (!found) return found.error();
  Consultation& consultation = *find_mutable(who.consultation);
  const Participant before = **found;
  // Who was removed does not come back by the same link.
  for (Invitation& invitation : consultation.invitations) {
    if (invitation.key == before.invitation) invitation.is_revoked = true;
  }
  Act act{now, actor, consultation};
  expel(act, who.participant, EventKind::kRemoved, "removed");
  record(act, "participant.removed", &before, before.invitation.to_string());
  check_host(now, consultation);
  return {};
}

Result<void, Refusal> Consultations::confirm_identity(Now now, const Actor& actor, ParticipantRef who) {
  const auto found = find_for_act(who);
  if (!found) return found.error();
  Participant* participant = *found;
  if (participant->is_identity_confirmed) return {};
  participant->is_identity_confirmed = true;
  Act act{now, actor, *find_mutable(who.consultation), {who.participant}};
  act.notes.emplace_back(EventKind::kChanged, who.participant);
  record(act, "participant.identity_confirmed", participant);
  return {};
}

Result<void, Refusal> Consultations::grant(Now now, const Actor& actor, ParticipantRef who, Rights rights) {
  const auto found = find_for_act(who);
  if (!found) return found.error();
  const Participant* participant = *found;
  Consultation& consultation = *find_mutable(who.consultation);
  Seat& seat = *std::ranges::find(consultation.seats, participant->seat, &Seat::key);
  if (!grantable_to(*consultation.kind, seat).contains(rights)) return Refusal::kForbidden;
  if (seat.granted == rights) return {};
  seat.granted = rights;
  std::string names;
  for (const Right right : kAllRights) {
    if (rights.has(right)) names += (names.empty() ? "" : " ") + std::string(to_text(right));
  }
  ++consultation.version;
  Act act{now, actor, consultation};
  // A seat for many has several holders.
  for (const auto& [key, other] : consultation.participants) {
    if (other.seat == participant->seat) act.notes.emplace_back(EventKind::kChanged, key);
  }
  record(act, "participant.granted", participant, names);
  check_host(now, consultation);
  return {};
}

Result<void, Refusal> Consultations::set_groups(Now now, const Actor& actor, ParticipantRef who, uint64_t groups) {
  const auto found = find_for_act(who);
  if (!found) return found.error();
  Participant* participant = *found;
  if (groups == 0) return Refusal::kInvalidValue;
  if (participant->groups == groups) return {};
  participant->groups = groups;
  Act act{now, actor, *find_mutable(who.consultation), {who.participant}};
  act.notes.emplace_back(EventKind::kChanged, who.participant);
  record(act, "participant.grouped", participant, std::to_string(groups));
  return {};
}

Result<void, Refusal> Consultations::set_persons(Now now, const Actor& actor, ParticipantRef who,
                                                 std::vector<PresentPerson> persons) {
  const auto found = find_for_act(who);
  if (!found) return found.error();
  Participant* participant = *found;
  if (persons.size() > kPersonsMax) return Refusal::kInvalidValue;
  std::string roles;
  for (const PresentPerson& person : persons) {
    roles += (roles.empty() ? "" : " ") + std::string(to_text(person.role));
  }
  participant->persons = std::move(persons);
  Act act{now, actor, *find_mutable(who.consultation), {who.participant}};
  act.notes.emplace_back(EventKind::kChanged, who.participant);
  record(act, "participant.persons", participant, roles);
  return {};
}

Result<void, Refusal> Consultations::set_locked(Now now, const Actor& actor, ConsultationKey key, bool is_locked) {
  Consultation* consultation = find_mutable(key);
  if (consultation == nullptr) return Refusal::kNotFound;
  if (is_final(consultation->state)) return Refusal::kConsultationOver;
  if (consultation->is_locked == is_locked) return {};
  consultation->is_locked = is_locked;
  ++consultation->version;
  Act act{now, actor, *consultation};
  act.notes.emplace_back(EventKind::kRoomChanged, ParticipantKey{});
  record(act, is_locked ? "consultation.locked" : "consultation.unlocked", nullptr);
  return {};
}

Result<void, Refusal> Consultations::set_held(Now now, const Actor& actor, ConsultationKey key, bool is_held) {
  Consultation* consultation = find_mutable(key);
  if (consultation == nullptr) return Refusal::kNotFound;
  if (is_final(consultation->state)) return Refusal::kConsultationOver;
  const Hold hold = is_held ? Hold::kByHost : Hold::kNone;
  if (consultation->hold == hold) return {};
  consultation->hold = hold;
  ++consultation->version;
  Act act{now, actor, *consultation};
  act.notes.emplace_back(EventKind::kRoomChanged, ParticipantKey{});
  record(act, is_held ? "consultation.held" : "consultation.released", nullptr, "by_host");
  // A release by somebody outside, with no host there, lasts as long as the template lets it.
  check_host(now, *consultation);
  return {};
}

}  // namespace eir
