#include "server/consultation/consultation.h"

#include <algorithm>

namespace eir {

std::string_view to_text(ConsultationState state) {
  switch (state) {
    case ConsultationState::kPlanned:
      return "planned";
    case ConsultationState::kOpen:
      return "open";
    case ConsultationState::kEnded:
      return "ended";
  }
  return "";
}

std::string_view to_text(MuteKind kind) {
  switch (kind) {
    case MuteKind::kAudio:
      return "audio";
    case MuteKind::kVideo:
      return "video";
    case MuteKind::kScreen:
      return "screen";
  }
  return "";
}

std::optional<MuteKind> mute_kind_from_text(std::string_view text) {
  for (const MuteKind kind : kAllMuteKinds) {
    if (to_text(kind) == text) return kind;
  }
  return std::nullopt;
}

std::string_view state_text(const Participant& participant) {
  switch (participant.presence) {
    case Presence::kLeft:
      return "left";
    case Presence::kReconnecting:
      return "reconnecting";
    case Presence::kJoined:
    case Presence::kConnected:
      return participant.is_admitted ? "admitted" : "waiting";
  }
  return "";
}

const Seat* Consultation::find_seat(SeatKey seat) const {
  const auto found = std::ranges::find(seats, seat, &Seat::key);
  return found == seats.end() ? nullptr : &*found;
}

const Participant* Consultation::find_participant(ParticipantKey participant) const {
  const auto found = participants.find(participant);
  return found == participants.end() ? nullptr : &found->second;
}

size_t Consultation::present_count() const {
  return static_cast<size_t>(
      std::ranges::count_if(participants, [](const auto& entry) { return entry.second.presence != Presence::kLeft; }));
}

Rights rights_of(const Consultation& consultation, const Participant& participant) {
  const bool is_in = participant.is_admitted && participant.presence != Presence::kLeft;
  if (!is_in || consultation.state == ConsultationState::kEnded) return {};
  return rights_in(*consultation.kind, participant.role);
}

}  // namespace eir
