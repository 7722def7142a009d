// The part of Consultations that moves a whole consultation: opening, locking, holding, ending, and what time does to
// it.
#include <algorithm>

#include "server/consultation/consultations.h"

namespace eir {
namespace {

bool has_host(const Consultation& consultation) {
  return std::ranges::any_of(consultation.participants, [&](const auto& entry) {
    const Participant& participant = entry.second;
    return participant.is_admitted && participant.is_here() && is_host(consultation, participant);
  });
}

}  // namespace

void Consultations::open_or_wait(Act& act) {
  Consultation& consultation = act.consultation;
  const bool is_anybody_in =
      std::ranges::any_of(consultation.participants, [](const auto& entry) { return entry.second.is_admitted; });
  const ConsultationState next = is_anybody_in ? ConsultationState::kOpen : ConsultationState::kWaiting;
  if (next > consultation.state) {
    consultation.state = next;
    ++consultation.version;
    act.notes.emplace_back(EventKind::kRoomChanged, ParticipantKey{});
  }
}

// Counts who has been let in, not connections: who comes back after a break is not one more.
void Consultations::lock_if_full(Act& act, const Participant& newcomer) {
  Consultation& consultation = act.consultation;
  const uint32_t limit = consultation.kind->lock_at_admitted;
  if (limit == 0 || consultation.is_locked || is_host(consultation, newcomer)) return;
  const auto admitted = std::ranges::count_if(consultation.participants, [&](const auto& entry) {
    return entry.second.was_admitted && !is_host(consultation, entry.second);
  });
  if (static_cast<size_t>(admitted) < limit) return;
  consultation.is_locked = true;
  ++consultation.version;
  act.notes.emplace_back(EventKind::kRoomChanged, ParticipantKey{});
}

// After everything that brings a host in or out.
void Consultations::check_host(Now now, Consultation& consultation) {
  const AbsentHost policy = consultation.kind->absent_host;
  const bool is_watched = consultation.state == ConsultationState::kOpen && policy != AbsentHost::kKeep;
  // What rests already needs no time to come to rest; a host who put it to rest is the one who releases it.
  const bool has_come = policy == AbsentHost::kHold && consultation.hold != Hold::kNone;
  if (!is_watched || has_come || has_host(consultation)) {
    consultation.host_absent_until = kNever;
  } else if (consultation.host_absent_until == kNever) {
    consultation.host_absent_until = now.steady + consultation.kind->absent_host_grace;
  }
  arm(now, consultation);
  if (consultation.hold != Hold::kHostAbsent || !has_host(consultation)) return;
  consultation.hold = Hold::kNone;
  ++consultation.version;
  const Actor actor = Actor::system();
  Act act{now, actor, consultation};
  act.notes.emplace_back(EventKind::kRoomChanged, ParticipantKey{});
  record(act, "consultation.released", nullptr, "host_present");
}

Result<void, Refusal> Consultations::end(Now now, const Actor& actor, ConsultationKey key) {
  Consultation* consultation = find_mutable(key);
  if (consultation == nullptr) return Refusal::kNotFound;
  if (consultation->state == ConsultationState::kEnded) return {};
  if (is_final(consultation->state)) return Refusal::kConsultationOver;
  Act act{now, actor, *consultation};
  finish(act, ConsultationState::kEnded, "consultation.ended");
  return {};
}

Result<void, Refusal> Consultations::cancel(Now now, const Actor& actor, ConsultationKey key) {
  Consultation* consultation = find_mutable(key);
  if (consultation == nullptr) return Refusal::kNotFound;
  if (consultation->state == ConsultationState::kCancelled) return {};
  if (is_final(consultation->state)) return Refusal::kConsultationOver;
  if (consultation->state == ConsultationState::kOpen) return Refusal::kWrongState;
  Act act{now, actor, *consultation};
  finish(act, ConsultationState::kCancelled, "consultation.cancelled");
  return {};
}

Result<void, Refusal> Consultations::mark_no_show(Now now, const Actor& actor, ConsultationKey key) {
  Consultation* consultation = find_mutable(key);
  if (consultation == nullptr) return Refusal::kNotFound;
  if (consultation->state == ConsultationState::kNoShow) return {};
  if (is_final(consultation->state)) return Refusal::kConsultationOver;
  // Whether somebody missed it is not known before it should have begun; and an open one has begun.
  const bool has_begun = !consultation->starts || now.wall >= *consultation->starts;
  if (consultation->state == ConsultationState::kOpen || !has_begun) return Refusal::kWrongState;
  Act act{now, actor, *consultation};
  finish(act, ConsultationState::kNoShow, "consultation.no_show");
  return {};
}

Result<void, Refusal> Consultations::set_end_time(Now now, const Actor& actor, ConsultationKey key, WallTime ends) {
  Consultation* consultation = find_mutable(key);
  if (consultation == nullptr) return Refusal::kNotFound;
  if (is_final(consultation->state)) return Refusal::kConsultationOver;
  const bool is_sane = ends > now.wall && ends > consultation->starts.value_or(ends - std::chrono::seconds(1)) &&
                       ends <= now.wall + kPlannedAheadMax;
  if (!is_sane) return Refusal::kInvalidValue;
  consultation->ends = ends;
  ++consultation->version;
  arm(now, *consultation);
  Act act{now, actor, *consultation};
  act.notes.emplace_back(EventKind::kRoomChanged, ParticipantKey{});
  record(act, "consultation.end_time_set", nullptr, to_text(ends));
  return {};
}

void Consultations::finish(Act& act, ConsultationState state, std::string_view action) {
  Consultation& consultation = act.consultation;
  consultation.state = state;
  consultation.hold = Hold::kNone;
  consultation.host_absent_until = kNever;
  ++ended_;
  ++consultation.version;
  for (auto& [key, participant] : consultation.participants) {
    add_usage(act, participant, to_text(state));
    forget_tokens(participant);
    set_deadline(consultation, participant, kNever);
    participant.presence = Presence::kLeft;
    participant.display_name.clear();
    participant.persons.clear();
    act.participants.push_back(key);
  }
  set_deadline(consultation, act.now.steady + kEndedLife);
  act.notes.emplace_back(EventKind::kEnded, ParticipantKey{});
  record(act, action, nullptr);
}

std::optional<WallTime> Consultations::closing_time(const Consultation& consultation) const {
  if (is_final(consultation.state)) return std::nullopt;
  if (consultation.ends) return *consultation.ends + consultation.kind->join_late;
  return consultation.starts.value_or(consultation.created) + kUnopenedLife;
}

// Sets the timer to what comes first. The calendar is read again when it fires, so a clock that was put right does not
// matter.
void Consultations::arm(Now now, Consultation& consultation) {
  if (is_final(consultation.state)) return;
  Timestamp at = consultation.host_absent_until;
  if (const auto closing = closing_time(consultation)) {
    // An open one waits for those who are in it: it is looked at again each minute.
    constexpr Duration kLookAgain = std::chrono::minutes(1);
    const Duration left = *closing > now.wall ? Duration(*closing - now.wall) : kLookAgain;
    at = std::min(at, now.steady + left);
  }
  set_deadline(consultation, at);
}

void Consultations::handle_consultation_timeout(Now now, Consultation& consultation) {
  if (is_final(consultation.state)) {
    for (const Invitation& invitation : consultation.invitations) invitations_.erase(invitation.token);
    consultations_.erase(ConsultationKey(consultation.key));
    --ended_;
    return;
  }
  const Actor actor = Actor::system();
  Act act{now, actor, consultation};
  if (now.steady >= consultation.host_absent_until) {
    consultation.host_absent_until = kNever;
    if (consultation.kind->absent_host == AbsentHost::kEnd) {
      finish(act, ConsultationState::kEnded, "consultation.ended");
      return;
    }
    consultation.hold = Hold::kHostAbsent;
    ++consultation.version;
    act.notes.emplace_back(EventKind::kRoomChanged, ParticipantKey{});
    record(act, "consultation.held", nullptr, "host_absent");
    arm(now, consultation);
    return;
  }
  const auto closing = closing_time(consultation);
  const bool is_over = closing && now.wall >= *closing;
  if (is_over && consultation.state == ConsultationState::kPlanned) {
    finish(act, ConsultationState::kExpired, "consultation.expired");
  } else if (is_over && consultation.state == ConsultationState::kWaiting) {
    finish(act, ConsultationState::kNoShow, "consultation.no_show");
  } else if (is_over && consultation.present_count() == 0) {
    finish(act, ConsultationState::kEnded, "consultation.ended");
  } else {
    arm(now, consultation);
  }
}

void Consultations::set_deadline(Consultation& consultation, Timestamp at) {
  const ParticipantRef who{consultation.key, {}};
  if (consultation.deadline != kNever) deadlines_.erase({consultation.deadline, who});
  consultation.deadline = at;
  if (at != kNever) deadlines_.insert({at, who});
}

}  // namespace eir
