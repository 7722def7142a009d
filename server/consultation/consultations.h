#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "lib/base/random.h"
#include "lib/base/result.h"
#include "server/consultation/actor.h"
#include "server/consultation/consultation.h"
#include "server/consultation/refusal.h"
#include "server/store/store.h"

namespace eir {

class Templates;

struct SeatRequest {
  Role role = Role::kPatient;
  bool many = false;
  bool skips_waiting = false;
  // Patients are confirmed by a host unless the request says otherwise.
  std::optional<IdentityNeed> identity = std::nullopt;
  Rights withheld = {};
  std::string organisation = {};  // checked as a display name
};

struct ConsultationRequest {
  const ConsultationTemplate* kind = nullptr;
  std::vector<SeatRequest> seats;
  std::optional<WallTime> starts;
  std::optional<WallTime> ends;
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

struct InvitedSeat {
  const Seat* seat = nullptr;
  IssuedInvitation invitation;
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
    kChanged,      // state, rights, mutes or persons of the participant
    kGone,         // it has left for now, and may be resumed
    kDenied,       // gone for good
    kRemoved,      // gone for good
    kReplaced,     // gone for good: the newest use of the invitation took its seat
    kTakenOver,    // still there, with new tokens: an older connection is to be closed
    kRoomChanged,  // state, lock or hold of the consultation, and with them perhaps everybody's rights; no
                   // `participant`
    kEnded,        // the whole consultation is over; no `participant`
  };
  Kind kind;
  ParticipantRef who;
  // Nobody is told before the transition with this number is on disk.
  uint64_t transition = 0;
};

// How much of each there may be on this node.
struct ConsultationLimits {
  // Those that are not over; above it create() answers kUnavailable.
  size_t consultations = 10'000;
  // Above it, or above the template's own number, join() and resume() answer kFull.
  size_t participants_per_consultation = 250;
};

// Every tenant's consultations: the only place where their state changes. Pure: time and randomness come in; answers,
// events and transitions for the journal go out. Single-threaded, owned by the control process. Each change of state is
// one Transition: with it, and the audit and usage lines that it carries, the whole state can be built again.
class Consultations {
 public:
  // Longest life of things; contract: resume and session times are promised to clients.
  static constexpr std::chrono::seconds kSessionLife{600};
  static constexpr Duration kReconnectTime = 30s;
  static constexpr Duration kResumeTime = 60s;
  static constexpr Duration kEndedLife = std::chrono::hours(1);
  static constexpr std::chrono::hours kInvitationLife{24};
  static constexpr std::chrono::hours kInvitationLifeMax{24 * 90};
  // A consultation without a planned end is over after this: at once if it never opened, else when nobody is in it.
  static constexpr std::chrono::hours kUnopenedLife{24 * 90};
  static constexpr std::chrono::hours kPlannedAheadMax{24 * 400};
  // Caps on what clients can grow; each answers kFull or kInvalidValue.
  static constexpr size_t kConsultationsMax = 100'000;  // ended ones too, which are kept for an hour
  static constexpr size_t kSeatsMax = 64;
  static constexpr size_t kInvitationsMax = 512;
  static constexpr uint32_t kUsesMax = 1000;
  static constexpr size_t kSessionsMax = 4;
  static constexpr size_t kPersonsMax = 8;

  explicit Consultations(Random& random, ConsultationLimits limits = {}) : random_(random), limits_(limits) {}
  // What is above a lower limit stays.
  void set_limits(ConsultationLimits limits) { limits_ = limits; }

  // --- a new process ---
  // Everything as it was on disk; whoever was connected is reconnecting from `now` on, and waits where it waited. What
  // cannot be read is left out and named in the answer (ids only); it stays on disk. Once, before anything else.
  std::vector<std::string> restore(Now now, const StoredState& stored, const Templates& templates);

  // --- the service ---
  Result<const Consultation*, Refusal> create(Now now, const Actor& actor, const TenantKey& tenant,
                                              const ConsultationRequest& request);
  // nullptr for another tenant's as for none.
  const Consultation* find(const TenantKey& tenant, ConsultationKey key) const;
  // For who holds a token of the consultation.
  const Consultation* find(ConsultationKey key) const;
  // How many may be in it at once: the template's number or the node's, whichever is less.
  size_t participants_max(const Consultation& consultation) const;
  Result<const Seat*, Refusal> add_seat(Now now, const Actor& actor, ConsultationKey key, const SeatRequest& request);
  // The seat with its first invitation, as one act: neither is there without the other.
  Result<InvitedSeat, Refusal> add_invited_seat(Now now, const Actor& actor, ConsultationKey key,
                                                const SeatRequest& request, const InvitationRequest& invitation);
  // What the seat would be if this participant brought somebody in: no more than they may do themself, or why not.
  Result<SeatRequest, Refusal> limit_to_inviter(ParticipantRef inviter, const SeatRequest& request) const;
  Result<IssuedInvitation, Refusal> invite(Now now, const Actor& actor, SeatRef seat, const InvitationRequest& request);
  Result<void, Refusal> revoke(Now now, const Actor& actor, ConsultationKey key, InvitationKey invitation);
  // Before it opened.
  Result<void, Refusal> cancel(Now now, const Actor& actor, ConsultationKey key);
  Result<void, Refusal> mark_no_show(Now now, const Actor& actor, ConsultationKey key);
  Result<void, Refusal> set_end_time(Now now, const Actor& actor, ConsultationKey key, WallTime ends);

  // --- who comes ---
  Result<Joined, Refusal> join(Now now, std::string_view token, std::string_view display_name, bool wants_echo = false);
  // Where join() with this token would make one person more; nothing for a token of nobody, or where who has the seat
  // would make room.
  std::optional<ConsultationKey> find_joined_anew(std::string_view token) const;
  Result<Joined, Refusal> resume(Now now, std::string_view token);
  Result<ParticipantRef, Refusal> authenticate(Now now, std::string_view session) const;
  // A further session token; the older ones stay good until their own end.
  Token renew_session(Now now, ParticipantRef who);
  bool may(ParticipantRef actor, ConsultationKey consultation, Right right) const;

  // --- hosts; the caller has checked that the actor may ---
  Result<void, Refusal> admit(Now now, const Actor& actor, ParticipantRef who);
  Result<void, Refusal> deny(Now now, const Actor& actor, ParticipantRef who);
  Result<void, Refusal> return_to_waiting(Now now, const Actor& actor, ParticipantRef who);
  Result<void, Refusal> mute_by_host(Now now, const Actor& actor, ParticipantRef who, MuteKinds kinds);
  Result<void, Refusal> remove(Now now, const Actor& actor, ParticipantRef who);
  Result<void, Refusal> confirm_identity(Now now, const Actor& actor, ParticipantRef who);
  // Replaces what hosts granted to the seat; kForbidden beyond what the role's ceiling leaves to grant.
  Result<void, Refusal> grant(Now now, const Actor& actor, ParticipantRef who, Rights rights);
  // Bits of side rooms; kInvalidValue for none.
  Result<void, Refusal> set_groups(Now now, const Actor& actor, ParticipantRef who, uint64_t groups);
  // Who else sits before this connection.
  Result<void, Refusal> set_persons(Now now, const Actor& actor, ParticipantRef who,
                                    std::vector<PresentPerson> persons);
  Result<void, Refusal> set_locked(Now now, const Actor& actor, ConsultationKey key, bool is_locked);
  // Media of all but hosts rests.
  Result<void, Refusal> set_held(Now now, const Actor& actor, ConsultationKey key, bool is_held);
  Result<void, Refusal> end(Now now, const Actor& actor, ConsultationKey key);

  // --- a participant's own acts and its connections; unknown participants are ignored ---
  void mute_self(Now now, ParticipantRef who, MuteKind kind, bool muted);
  // After a restart of Eir nobody but the client knows the name.
  void name_self(ParticipantRef who, std::string_view display_name);
  void leave(Now now, ParticipantRef who);
  void signal_opened(Now now, ParticipantRef who);
  void signal_closed(Now now, ParticipantRef who);
  void transport_opened(Now now, ParticipantRef who);
  // `is_timed_out`: the worker freed it 30 s after its last check, so nobody is there to wait for.
  void transport_closed(Now now, ParticipantRef who, bool is_timed_out);

  void handle_timeout(Now now);
  Timestamp next_timeout() const { return deadlines_.empty() ? kNever : deadlines_.begin()->first; }
  // Those whose transition is durable up to this number; kNoJournal: all.
  static constexpr uint64_t kNoJournal = UINT64_MAX;
  std::optional<ConsultationEvent> poll_event(uint64_t durable = kNoJournal);
  // For the journal, in order; each exactly once.
  std::optional<Transition> poll_transition();
  uint64_t last_transition() const { return last_transition_; }
  // Lets the answer to a request ride in the request's act, which is the first transition after `before` that was not
  // polled yet; what an act entails comes later and is made again by restore(). A request that changed nothing gets a
  // transition that holds its answer alone.
  void attach_answer(AnswerRow answer, uint64_t before);

  // Refused acts of security weight, which change nothing but belong on record: a failed sign-in, an act without right.
  void note_refused(Now now, const Actor& actor, const TenantKey& tenant, std::string_view action,
                    std::string_view consultation);

 private:
  using EventKind = ConsultationEvent::Kind;

  // What one act touches, from its first change to its record().
  struct Act {
    Now now;
    const Actor& actor;
    Consultation& consultation;
    std::vector<ParticipantKey> participants = {};  // changed or gone
    std::vector<UsageRow> usage = {};
    std::vector<std::pair<EventKind, ParticipantKey>> notes = {};
  };

  // Part of an act that the caller records.
  Result<IssuedInvitation, Refusal> make_invitation(Now now, Consultation& consultation, SeatKey seat,
                                                    const InvitationRequest& request);
  Consultation* find_mutable(ConsultationKey key);
  Participant* find_mutable(ParticipantRef who);
  // Whom a host's act is about, while the consultation is not over.
  Result<Participant*, Refusal> find_for_act(ParticipantRef who);
  std::optional<Refusal> why_not(Now now, const Consultation& consultation, const Invitation& invitation) const;
  std::optional<Refusal> why_not_now(Now now, const Consultation& consultation, const Seat& seat) const;
  Participant& seat_somebody(Now now, Consultation& consultation, const Invitation& invitation, const Seat& seat,
                             const Joined& joined);
  void give_tokens(Now now, const Consultation& consultation, Participant& participant, const Joined& joined);
  void forget_tokens(Participant& participant);

  // record.cc: closes the act: one transition with its rows, audit line, usage and event. `action` is a stable code.
  void record(Act& act, std::string_view action, const Participant* about, std::string_view detail = "");
  // A change of participants that only their rows tell of.
  void record_quietly(Act& act);
  void add_usage(Act& act, Participant& participant, std::string_view reason);
  void put_participants(const Act& act, Transition& transition) const;
  // Moves the act's notes to events_, to be told when the act is on disk.
  void tell(Act& act);

  // lifecycle.cc
  // Both belong to the act of who came in; the second only if it is somebody new, so that a host may open the lock for
  // one more.
  void open_or_wait(Act& act);
  void lock_if_full(Act& act, const Participant& newcomer);
  void check_host(Now now, Consultation& consultation);
  void finish(Act& act, ConsultationState state, std::string_view action);
  void handle_consultation_timeout(Now now, Consultation& consultation);
  std::optional<WallTime> closing_time(const Consultation& consultation) const;
  void arm(Now now, Consultation& consultation);

  void restore_participant(Now now, Consultation& consultation, Participant read);

  // presence.cc
  void set_connected(Now now, Consultation& consultation, Participant& participant);
  void set_left(Act& act, Participant& participant, std::string_view reason);
  void step_down(Now now, Consultation& consultation, Participant& participant);
  // Takes the participant out for good and says so.
  void expel(Act& act, ParticipantKey participant, EventKind why, std::string_view reason);
  void set_deadline(const Consultation& consultation, Participant& participant, Timestamp at);
  void set_deadline(Consultation& consultation, Timestamp at);

  Random& random_;
  ConsultationLimits limits_;
  // Of these, how many are over.
  size_t ended_ = 0;
  std::unordered_map<ConsultationKey, std::unique_ptr<Consultation>> consultations_;
  std::unordered_map<TokenHash, std::pair<ConsultationKey, InvitationKey>> invitations_;
  std::unordered_map<TokenHash, ParticipantRef> sessions_;
  std::unordered_map<TokenHash, ParticipantRef> resumes_;
  // An empty participant means the consultation itself.
  std::set<std::pair<Timestamp, ParticipantRef>> deadlines_;
  std::deque<ConsultationEvent> events_;
  uint64_t last_transition_ = 0;
  std::deque<Transition> transitions_;
};

}  // namespace eir
