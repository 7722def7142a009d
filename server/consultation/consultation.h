#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "lib/base/time.h"
#include "server/consultation/public_id.h"
#include "server/consultation/template.h"
#include "server/consultation/token.h"

namespace eir {

// Calendar time, for what people agree on (notBefore, notAfter). Everything that runs in a call uses Timestamp.
using WallTime = std::chrono::sys_seconds;

struct Now {
  Timestamp steady;
  WallTime wall;
};

enum class ConsultationState : uint8_t { kPlanned, kOpen, kEnded };
std::string_view to_text(ConsultationState state);

// Kinds of media as people mute them.
enum class MuteKind : uint8_t { kAudio, kVideo, kScreen };
inline constexpr std::array kAllMuteKinds = {MuteKind::kAudio, MuteKind::kVideo, MuteKind::kScreen};
std::string_view to_text(MuteKind kind);
std::optional<MuteKind> mute_kind_from_text(std::string_view text);

class MuteKinds {
 public:
  bool has(MuteKind kind) const { return (mask_ >> static_cast<unsigned>(kind) & 1U) != 0; }
  void set(MuteKind kind, bool value) {
    const auto bit = static_cast<uint8_t>(1U << static_cast<unsigned>(kind));
    mask_ = static_cast<uint8_t>(value ? mask_ | bit : mask_ & ~bit);
  }
  bool empty() const { return mask_ == 0; }
  bool operator==(const MuteKinds&) const = default;

 private:
  uint8_t mask_ = 0;
};

// A place in a consultation, with the role of who takes it.
struct Seat {
  SeatKey key;
  Role role = Role::kPatient;
  // Each use of its invitation is a participant of its own; otherwise the newest use takes the seat over.
  bool many = false;
};

struct Invitation {
  InvitationKey key;
  SeatKey seat;
  TokenHash token;
  uint32_t uses = 0;
  uint32_t uses_max = 1;
  WallTime not_before;
  WallTime not_after;
  bool is_revoked = false;
};

// A session token that is still known. Expired ones are kept for a while so that "expired" can be told from "unknown".
struct Session {
  TokenHash token;
  Timestamp expires;
};

enum class Presence : uint8_t {
  kJoined,        // has tokens, has not connected yet (or not since it resumed)
  kConnected,     // signals, or has a transport
  kReconnecting,  // its signalling closed without leave
  kLeft,          // may be resumed for a while, then it is forgotten
};

struct Participant {
  ParticipantKey key;
  SeatKey seat;
  InvitationKey invitation;
  Role role = Role::kPatient;
  // Personal data: in memory only, never in a log.
  std::string display_name;
  bool is_admitted = false;
  Presence presence = Presence::kJoined;
  bool is_signalling = false;
  uint32_t transports = 0;
  MuteKinds muted;       // by themself
  MuteKinds host_muted;  // by a host; only they themself clear it
  TokenHash resume;
  std::vector<Session> sessions;
  // When presence goes one step down; kNever while connected.
  Timestamp deadline = kNever;
};

// "waiting", "admitted", "reconnecting" or "left".
std::string_view state_text(const Participant& participant);

struct Consultation {
  ConsultationKey key;
  TenantKey tenant;
  const ConsultationTemplate* kind = nullptr;
  ConsultationState state = ConsultationState::kPlanned;
  // Counts changes of state and seats; the ETag.
  uint32_t version = 1;
  std::vector<Seat> seats;
  std::vector<Invitation> invitations;
  std::map<ParticipantKey, Participant> participants;

  const Seat* find_seat(SeatKey seat) const;
  const Participant* find_participant(ParticipantKey participant) const;
  size_t present_count() const;
};

// What the participant may do now: nothing while waiting, after leaving, or once the consultation has ended.
Rights rights_of(const Consultation& consultation, const Participant& participant);

}  // namespace eir
