#include "server/consultation/consultation.h"

#include <algorithm>
#include <array>
#include <utility>

namespace eir {
namespace {

constexpr std::array<std::string_view, kConsultationStateCount> kStateTexts = {
    "planned", "waiting", "open", "ended", "cancelled", "no_show", "expired"};
constexpr std::array<std::string_view, 3> kHoldTexts = {"none", "host_absent", "by_host"};
constexpr std::array<std::string_view, 3> kMuteTexts = {"audio", "video", "screen"};
constexpr std::array<std::string_view, 2> kIdentityTexts = {"none", "host_confirms"};

template <class Enum, size_t kCount>
std::optional<Enum> from_text(const std::array<std::string_view, kCount>& texts, std::string_view text) {
  const auto* found = std::ranges::find(texts, text);
  if (found == texts.end()) return std::nullopt;
  return static_cast<Enum>(found - texts.begin());
}

}  // namespace

std::string_view to_text(ConsultationState state) { return kStateTexts[static_cast<size_t>(state)]; }

std::optional<ConsultationState> consultation_state_from_text(std::string_view text) {
  return from_text<ConsultationState>(kStateTexts, text);
}

std::string_view to_text(Hold hold) { return kHoldTexts[static_cast<size_t>(hold)]; }

std::optional<Hold> hold_from_text(std::string_view text) { return from_text<Hold>(kHoldTexts, text); }

std::string_view to_text(MuteKind kind) { return kMuteTexts[static_cast<size_t>(kind)]; }

std::optional<MuteKind> mute_kind_from_text(std::string_view text) { return from_text<MuteKind>(kMuteTexts, text); }

std::string_view to_text(IdentityNeed need) { return kIdentityTexts[static_cast<size_t>(need)]; }

std::optional<IdentityNeed> identity_need_from_text(std::string_view text) {
  return from_text<IdentityNeed>(kIdentityTexts, text);
}

bool is_display_name(std::string_view text) {
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  const auto is_continuation = [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) == 0x80; };
  const auto continuations = static_cast<size_t>(std::ranges::count_if(text, is_continuation));
  return text.size() - continuations <= kDisplayNameMax && std::ranges::none_of(text, is_control);
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

Rights rights_of_seat(const ConsultationTemplate& kind, const Seat& seat) {
  const Ceiling ceiling = ceiling_of(seat.role);
  const Rights withheld = kind.policy_of(seat.role).withheld;
  return ceiling.given.without(withheld).without(seat.withheld) | (grantable_to(kind, seat) & seat.granted);
}

Rights grantable_to(const ConsultationTemplate& kind, const Seat& seat) {
  return ceiling_of(seat.role).grantable.without(kind.policy_of(seat.role).withheld).without(seat.withheld);
}

bool is_host(const Consultation& consultation, const Participant& participant) {
  const Seat* seat = consultation.find_seat(participant.seat);
  return seat != nullptr && rights_of_seat(*consultation.kind, *seat).has(Right::kModerate);
}

bool must_wait(const Consultation& consultation, const Seat& seat) {
  if (!consultation.kind->has_waiting_room || seat.skips_waiting) return false;
  if (consultation.kind->policy_of(seat.role).skips_waiting) return false;
  return !rights_of_seat(*consultation.kind, seat).has(Right::kModerate);
}

namespace {

bool is_in(const Consultation& consultation, const Participant& participant) {
  return participant.is_admitted && participant.presence != Presence::kLeft && !is_final(consultation.state);
}

}  // namespace

Rights rights_of(const Consultation& consultation, const Participant& participant) {
  const Seat* seat = consultation.find_seat(participant.seat);
  if (seat == nullptr || !is_in(consultation, participant)) return {};
  const Rights rights = rights_of_seat(*consultation.kind, *seat);
  return consultation.hold != Hold::kNone && !rights.has(Right::kModerate) ? rights.without(kMediaRights) : rights;
}

Rights receives_of(const Consultation& consultation, const Participant& participant) {
  if (!is_in(consultation, participant)) return {};
  if (consultation.hold != Hold::kNone && !is_host(consultation, participant)) return {};
  return consultation.kind->policy_of(participant.role).receives;
}

bool may_write(const Consultation& consultation, const Participant& participant) {
  constexpr Rights kVoices = kMediaRights | Rights{Right::kModerate};
  return consultation.kind->may_write && !(rights_of(consultation, participant) & kVoices).empty();
}

bool is_read_by(const Consultation& consultation, const Participant& from, const Participant& to) {
  return (from.groups & to.groups) != 0 && !receives_of(consultation, to).empty();
}

}  // namespace eir
