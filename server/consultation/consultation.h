#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "lib/base/time.h"
#include "server/consultation/public_id.h"
#include "server/consultation/template.h"
#include "server/consultation/token.h"
#include "server/consultation/wall_time.h"

namespace eir {

struct Now {
  Timestamp steady;
  WallTime wall;
};

// planned → waiting → open → ended; the others are final too, reached from planned or waiting.
enum class ConsultationState : uint8_t {
  kPlanned,
  kWaiting,    // somebody is in the waiting room, nobody has been admitted yet
  kOpen,       // from the first who was admitted or came in without being asked to wait
  kEnded,      // final, like all that follow
  kCancelled,  // before it opened, by the owner
  kNoShow,     // its time passed while somebody waited in vain, or the owner said so
  kExpired,    // its time passed and nobody ever came
};
inline constexpr size_t kConsultationStateCount = 7;
std::string_view to_text(ConsultationState state);
std::optional<ConsultationState> consultation_state_from_text(std::string_view text);
constexpr bool is_final(ConsultationState state) { return state >= ConsultationState::kEnded; }

// Why a consultation's media rests.
enum class Hold : uint8_t {
  kNone,
  kHostAbsent,  // by the template's policy, until a host is there again
  kByHost,      // until a host releases it
};
std::string_view to_text(Hold hold);
std::optional<Hold> hold_from_text(std::string_view text);

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

// What must be known of who takes a seat. The stronger ones (a PIN, a level of electronic identity) come with the ways
// of joining that can show them.
enum class IdentityNeed : uint8_t {
  kNone,
  kHostConfirms,  // a host says that it is the right person: an audited act, shown in the roster
};
std::string_view to_text(IdentityNeed need);
std::optional<IdentityNeed> identity_need_from_text(std::string_view text);

// A place in a consultation, with the role of who takes it.
struct Seat {
  SeatKey key;
  Role role = Role::kPatient;
  // Each use of its invitation is a participant of its own; otherwise the newest use takes the seat over.
  bool many = false;
  // Comes in without waiting: a host who pulls a colleague in may say so.
  bool skips_waiting = false;
  IdentityNeed identity = IdentityNeed::kNone;
  // Where its holder comes from, for the roster; empty: not said. A hospital or municipality, never a person.
  std::string organisation;
  // Of the role's ceiling: what this seat never gets, and what a host gave it of what is grantable otherwise.
  Rights withheld;
  Rights granted;
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
  WallTime expires;
};

enum class Presence : uint8_t {
  kJoined,        // has tokens, has not connected yet (or not since it resumed)
  kConnected,     // signals, or has a transport
  kReconnecting,  // its signalling closed without leave
  kLeft,          // may be resumed for a while, then it is forgotten
};

// At most kDisplayNameMax characters of UTF-8, which the caller has checked, and no control characters.
inline constexpr size_t kDisplayNameMax = 64;
bool is_display_name(std::string_view text);

// Somebody at a connection: several may sit before one screen (two clinicians, a nurse with the patient).
struct PresentPerson {
  Role role = Role::kPatient;
  // Personal data: in memory only, like every display name.
  std::string name;
};

inline namespace domain {  // as Rights, see role.h
struct Participant {
  ParticipantKey key;
  SeatKey seat;
  InvitationKey invitation;
  Role role = Role::kPatient;
  std::string organisation;  // the seat's
  // Personal data: in memory only, never in a log. The client says it again after a restart.
  std::string display_name;
  std::vector<PresentPerson> persons;  // beyond the participant itself
  bool is_admitted = false;
  bool was_admitted = false;  // a lock does not keep out who was in
  bool is_identity_confirmed = false;
  bool wants_echo = false;  // is shown to itself, where the template allows it
  Presence presence = Presence::kJoined;
  bool is_signalling = false;
  uint32_t transports = 0;
  MuteKinds muted;       // by themself
  MuteKinds host_muted;  // by a host; only they themself clear it
  // Who shares a bit meets; bit 0 is the consultation itself, the others are side rooms.
  uint64_t groups = 1;
  TokenHash resume;
  std::vector<Session> sessions;
  // Since when it has been connected without a break, for the usage record.
  std::optional<WallTime> connected_since;
  // When presence goes one step down; kNever while connected.
  Timestamp deadline = kNever;

  bool is_here() const { return presence == Presence::kConnected || presence == Presence::kReconnecting; }
};
}  // namespace domain

// "waiting", "admitted", "reconnecting" or "left".
std::string_view state_text(const Participant& participant);

struct Consultation {
  ConsultationKey key;
  TenantKey tenant;
  const ConsultationTemplate* kind = nullptr;
  ConsultationState state = ConsultationState::kPlanned;
  // Counts changes of state, lock, hold, times and seats; the ETag.
  uint32_t version = 1;
  WallTime created;
  std::optional<WallTime> starts;
  std::optional<WallTime> ends;
  bool is_locked = false;
  Hold hold = Hold::kNone;  // while it rests, who is not host-capable sends and receives nothing
  std::vector<Seat> seats;
  std::vector<Invitation> invitations;
  std::map<ParticipantKey, Participant> participants;
  // When its own time runs out (no host, end of the join window, forgetting); kNever: nothing to come.
  Timestamp deadline = kNever;
  Timestamp host_absent_until = kNever;

  const Seat* find_seat(SeatKey seat) const;
  const Participant* find_participant(ParticipantKey participant) const;
  size_t present_count() const;
};

// What the seat's holder may do once admitted: the role's ceiling, less what template and seat withhold, and what a
// host granted of the rest.
Rights rights_of_seat(const ConsultationTemplate& kind, const Seat& seat);
// What a host may grant to the seat, or take again.
Rights grantable_to(const ConsultationTemplate& kind, const Seat& seat);
// Host-capable there: decides about others and is never held back.
bool is_host(const Consultation& consultation, const Participant& participant);
bool must_wait(const Consultation& consultation, const Seat& seat);

// What the participant may do now: nothing while waiting, after leaving, or once the consultation is over. A held
// consultation withholds media from all but hosts.
Rights rights_of(const Consultation& consultation, const Participant& participant);
// The kinds of media that it may receive now.
Rights receives_of(const Consultation& consultation, const Participant& participant);
// May it write to others now? Who may send media or decide, also while muted: text is a voice for who has none.
bool may_write(const Consultation& consultation, const Participant& participant);
// Whether what `from` writes reaches `to`: as media would, by groups, holds and what `to` may receive.
bool is_read_by(const Consultation& consultation, const Participant& from, const Participant& to);

}  // namespace eir
