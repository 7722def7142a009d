#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

#include "lib/base/random.h"
#include "lib/base/result.h"
#include "server/consultation/consultation.h"
#include "server/consultation/refusal.h"

namespace eir {

struct SeatRequest {
  Role role = Role::kPatient;
  bool many = false;
};

struct InvitationRequest {
  uint32_t uses_max = 1;
  std::optional<WallTime> not_before;
  std::optional<WallTime> not_after;
};

struct SeatRef {
  ConsultationKey consultation;
  SeatKey seat;
};

struct IssuedInvitation {
  InvitationKey key;
  Token token;
  WallTime not_after;
};

struct ParticipantRef {
  ConsultationKey consultation;
  ParticipantKey participant;
  auto operator<=>(const ParticipantRef&) const = default;  // NOLINT(modernize-use-nullptr): a false alarm about <=>
};

struct Joined {
  ParticipantRef who;
  Token session;
  Token resume;
};

// What happened to others than the caller knows of. Drained by poll_event() after each call.
struct ConsultationEvent {
  enum class Kind : uint8_t {
    kChanged,    // state, rights or mutes of the participant
    kGone,       // it has left for now, and may be resumed
    kDenied,     // gone for good
    kRemoved,    // gone for good
    kReplaced,   // gone for good: the newest use of the invitation took its seat
    kTakenOver,  // still there, with new tokens: an older connection is to be closed
    kEnded,      // the whole consultation; `participant` is empty
  };
  Kind kind;
  ParticipantRef who;
};

// How much of each there may be on this node.
struct ConsultationLimits {
  // Planned and open ones; above it create() answers kUnavailable.
  size_t consultations = 10'000;
  // Above it, or above the template's own number, join() and resume() answer kFull.
  size_t participants_per_consultation = 250;
};

// Every tenant's consultations: the only place where their state changes. Pure: time and randomness come in, answers
// and events go out. Single-threaded, owned by the control process. A journal can be written behind this class, because
// nobody else holds any of the state.
class Consultations {
 public:
  // Longest life of things; contract: resume and session times are promised to clients.
  static constexpr Duration kSessionLife = std::chrono::minutes(10);
  static constexpr Duration kReconnectTime = 30s;
  static constexpr Duration kResumeTime = 60s;
  static constexpr Duration kEndedLife = std::chrono::hours(1);
  static constexpr std::chrono::hours kInvitationLife{24};
  static constexpr std::chrono::hours kInvitationLifeMax{24 * 90};
  // Caps on what clients can grow; each answers kFull or kInvalidValue.
  static constexpr size_t kConsultationsMax = 100'000;  // ended ones too, which are kept for an hour
  static constexpr size_t kSeatsMax = 64;
  static constexpr size_t kInvitationsMax = 512;
  static constexpr uint32_t kUsesMax = 1000;
  static constexpr size_t kSessionsMax = 4;
  static constexpr size_t kDisplayNameMax = 64;

  explicit Consultations(Random& random, ConsultationLimits limits = {}) : random_(random), limits_(limits) {}

  // --- the service ---
  Result<const Consultation*, Refusal> create(const TenantKey& tenant, const ConsultationTemplate& kind,
                                              std::span<const SeatRequest> seats);
  // nullptr for another tenant's as for none.
  const Consultation* find(const TenantKey& tenant, ConsultationKey key) const;
  // For who holds a token of the consultation.
  const Consultation* find(ConsultationKey key) const;
  // How many may be in it at once: the template's number or the node's, whichever is less.
  size_t participants_max(const Consultation& consultation) const;
  Result<const Seat*, Refusal> add_seat(const TenantKey& tenant, ConsultationKey key, SeatRequest request);
  Result<IssuedInvitation, Refusal> invite(Now now, const TenantKey& tenant, SeatRef seat,
                                           const InvitationRequest& request);
  Result<void, Refusal> revoke(const TenantKey& tenant, ConsultationKey key, InvitationKey invitation);

  // --- who comes ---
  Result<Joined, Refusal> join(Now now, std::string_view token, std::string_view display_name);
  Result<Joined, Refusal> resume(Now now, std::string_view token);
  Result<ParticipantRef, Refusal> authenticate(Now now, std::string_view session) const;
  // A further session token; the older ones stay good until their own end.
  Token renew_session(Now now, ParticipantRef who);
  bool may(ParticipantRef actor, ConsultationKey consultation, Right right) const;

  // --- hosts; the caller has checked that the actor may ---
  Result<void, Refusal> admit(ParticipantRef who);
  Result<void, Refusal> deny(ParticipantRef who);
  Result<void, Refusal> return_to_waiting(ParticipantRef who);
  Result<void, Refusal> mute_by_host(ParticipantRef who, MuteKinds kinds);
  Result<void, Refusal> remove(ParticipantRef who);
  Result<void, Refusal> end(Now now, ConsultationKey key);

  // --- a participant's own acts and its connections; unknown participants are ignored ---
  void mute_self(ParticipantRef who, MuteKind kind, bool muted);
  void leave(Now now, ParticipantRef who);
  void signal_opened(ParticipantRef who);
  void signal_closed(Now now, ParticipantRef who);
  void transport_opened(ParticipantRef who);
  // `is_timed_out`: the worker freed it 30 s after its last check, so nobody is there to wait for.
  void transport_closed(Now now, ParticipantRef who, bool is_timed_out);

  void handle_timeout(Now now);
  Timestamp next_timeout() const { return deadlines_.empty() ? kNever : deadlines_.begin()->first; }
  std::optional<ConsultationEvent> poll_event();

 private:
  using EventKind = ConsultationEvent::Kind;

  Consultation* find_mutable(ConsultationKey key);
  Participant* find_mutable(ParticipantRef who);
  std::optional<Refusal> why_not(Now now, const Consultation& consultation, const Invitation& invitation) const;
  void give_tokens(Now now, const Consultation& consultation, Participant& participant, const Joined& joined);
  void forget_tokens(Participant& participant);
  void set_deadline(const Consultation& consultation, Participant& participant, Timestamp at);
  void set_left(Now now, const Consultation& consultation, Participant& participant);
  // Takes the participant out for good and says so.
  void expel(Consultation& consultation, ParticipantKey participant, EventKind why);
  void step_down(Now now, Consultation& consultation, Participant& participant);
  void note(EventKind kind, const Consultation& consultation, ParticipantKey participant);

  Random& random_;
  ConsultationLimits limits_;
  // Of these, how many have ended.
  size_t ended_ = 0;
  std::unordered_map<ConsultationKey, std::unique_ptr<Consultation>> consultations_;
  std::unordered_map<TokenHash, std::pair<ConsultationKey, InvitationKey>> invitations_;
  std::unordered_map<TokenHash, ParticipantRef> sessions_;
  std::unordered_map<TokenHash, ParticipantRef> resumes_;
  // An empty participant means: forget the ended consultation.
  std::set<std::pair<Timestamp, ParticipantRef>> deadlines_;
  std::deque<ConsultationEvent> events_;
};

}  // namespace eir
