// The part of Consultations that a new process begins with.
#include "server/consultation/consultations.h"
#include "server/consultation/documents.h"

namespace eir {

std::vector<std::string> Consultations::restore(Now now, const StoredState& stored, const Templates& templates) {
  std::vector<std::string> unreadable;
  last_transition_ = stored.last_number;
  for (const ConsultationRow& row : stored.consultations) {
    auto read = consultation_from_document(row.document, templates);
    if (!read || read->key.to_string() != row.id || is_final(read->state)) {
      unreadable.push_back(row.id);
      continue;
    }
    read->tenant = TenantKey{row.tenant};
    for (const Invitation& invitation : read->invitations) {
      invitations_.emplace(invitation.token, std::pair(read->key, invitation.key));
    }
    const ConsultationKey key = read->key;
    consultations_.emplace(key, std::make_unique<Consultation>(*std::move(read)));
  }
  for (const ParticipantRow& row : stored.participants) {
    auto read = participant_from_document(row.document);
    const auto key = ConsultationKey::parse(row.consultation);
    Consultation* consultation = key ? find_mutable(*key) : nullptr;
    const Seat* seat = read && consultation != nullptr ? consultation->find_seat(read->seat) : nullptr;
    if (seat == nullptr || seat->role != read->role || read->key.to_string() != row.id) {
      unreadable.push_back(row.id);
      continue;
    }
    restore_participant(now, *consultation, *std::move(read));
  }
  for (const auto& [key, consultation] : consultations_) check_host(now, *consultation);
  return unreadable;
}

// Whoever was connected has as long to come back as after any break: to them it is one.
void Consultations::restore_participant(Now now, Consultation& consultation, Participant read) {
  const ParticipantRef who{consultation.key, read.key};
  Participant& participant = consultation.participants[who.participant] = std::move(read);
  for (const Session& session : participant.sessions) sessions_.emplace(session.token, who);
  if (participant.resume != TokenHash{}) resumes_.emplace(participant.resume, who);
  Timestamp deadline = now.steady + kSessionLife;
  if (participant.presence == Presence::kLeft) {
    deadline = now.steady + kResumeTime;
  } else if (participant.connected_since) {
    participant.presence = Presence::kReconnecting;
    deadline = now.steady + kReconnectTime;
  }
  set_deadline(consultation, participant, deadline);
}

}  // namespace eir
