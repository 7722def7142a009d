#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "lib/base/bytes.h"
#include "lib/base/path.h"
#include "lib/base/time.h"
#include "lib/transport/ice_credentials.h"
#include "lib/transport/stun.h"

namespace eir {

// Why a STUN message was not taken as a valid check. The first six after kNone get no reply.
enum class StunRejection : uint8_t {
  kNone,
  kNotARequest,
  kNoUsername,
  kUnknownUsername,
  kNoIntegrity,
  kBadIntegrity,
  kTooManyPaths,
  kUnknownAttribute,  // answered by 420
  kNoPriority,        // answered by 400
  kRoleConflict,      // answered by 487
};

struct StunOutcome {
  size_t reply_size = 0;     // bytes written to `reply`, to be sent back on the path; 0 = nothing
  bool path_is_new = false;  // the caller adds the path to those it knows, if it is not there yet
  StunRejection rejection = StunRejection::kNone;
};

struct IceLiteCounters {
  uint64_t checks_valid = 0;               // checks with right credentials, answered by success
  uint64_t not_a_request = 0;              // indications, and responses to checks that a lite agent never sends
  uint64_t rejected_no_username = 0;       // requests without USERNAME, dropped unanswered
  uint64_t rejected_unknown_username = 0;  // requests for no living generation of this agent, dropped unanswered
  uint64_t rejected_no_integrity = 0;      // requests without MESSAGE-INTEGRITY, dropped unanswered
  uint64_t rejected_bad_integrity = 0;     // requests with a wrong MESSAGE-INTEGRITY, dropped unanswered
  uint64_t rejected_too_many_paths = 0;    // checks on new paths while kPathsAndRemovalsMax was reached, dropped
  uint64_t rejected_unknown_attribute =
      0;                                // authentic requests that need an attribute Eir does not know, answered by 420
  uint64_t rejected_no_priority = 0;    // authentic requests without PRIORITY, answered by 400
  uint64_t rejected_role_conflict = 0;  // authentic requests of a peer that thinks itself controlled, answered by 487
  uint64_t reply_too_large = 0;         // replies that did not fit the caller's buffer
  uint64_t paths_validated = 0;         // paths that became valid
  uint64_t paths_replaced = 0;          // paths that gave way to a new one because kPathsMax were in use
  uint64_t paths_expired = 0;           // paths without a valid check for kConsentLifetime
  uint64_t selections_by_nomination = 0;  // path selections by USE-CANDIDATE
  uint64_t selections_by_media = 0;       // path selections because the selected path fell silent and media moved
  uint64_t expirations = 0;               // times the peer's consent ran out on all paths
};

struct IcePathSelected {
  Path path;
};
// Nothing may be sent there any more, and what comes from there is a stranger's.
struct IcePathRemoved {
  Path path;
};
// The ufrag of an old generation is no longer valid: the caller's lookup by ufrag forgets it.
struct IceCredentialsRetired {
  std::string ufrag;
};
// No valid check for kConsentLifetime on any path, and nothing authenticated on the selected one: nothing may be sent
// (RFC 7675 section 5.1). A later check revives.
struct IceExpired {};
using IceLiteEvent = std::variant<IcePathRemoved, IcePathSelected, IceCredentialsRetired, IceExpired>;

// The lite, controlled side of ICE (RFC 8445 appendix A), with the consent of RFC 7675 seen from the side that answers:
// a path may be sent to for 30 s after its last valid check, the selected one also for 30 s after the last
// authenticated packet from it: libnice, as GStreamer uses it, sends no more checks once it is connected, and who sends
// what only the peer can make, from where the peer is, has not gone. Owned by one Transport. Sans-IO. Promises: a
// request without valid integrity gets no reply and changes nothing but a counter; at most kPathsMax paths are
// remembered; the selected path always had a valid check; a removed path is always told by an event.
//
// Selection: the highest-priority nominated path of the newest credentials that nominated one; or a path with a fresh
// valid check that carries authenticated media while the selected path has carried none for kSilence.
class IceLite {
 public:
  static constexpr size_t kPathsMax = 16;
  // RFC 7675 section 5.1: consent expires after 30 s.
  static constexpr Duration kConsentLifetime = 30s;
  // Chromium goes on with old credentials for 3 s and more after an ICE restart.
  static constexpr Duration kOldCredentialsLifetime = 30s;
  static constexpr size_t kGenerationsMax = 2;
  // Shorter than any browser's check interval after a NAT rebinding, longer than the gaps of audio with DTX.
  static constexpr Duration kSilence = 1s;
  // Paths in use and removals that poll_event() has not told yet, together: more than one receive batch of 64 can
  // cause.
  static constexpr size_t kPathsAndRemovalsMax = 96;

  IceLite(Timestamp now, IceCredentials local);

  // From the peer's offer; until then the second half of USERNAME is not checked. Applies to the newest generation.
  void set_remote_ufrag(std::string_view ufrag);
  // ICE restart: `local` is valid from now on, the previous generation for kOldCredentialsLifetime more, any older one
  // no longer. Paths and the selected path stay until the new generation nominates.
  void restart(Timestamp now, IceCredentials local);

  // A STUN message that came in on `path`, for this agent by USERNAME or by a known path. Writes the reply.
  StunOutcome handle_binding_request(Timestamp now, const StunMessage& message, const Path& path, MutableBytes reply);
  // SRTP or SRTCP of `path` passed authentication and replay check.
  void handle_authenticated_packet(Timestamp now, const Path& path);
  // A TCP connection closed: its path is removed at once.
  void handle_path_closed(Timestamp now, const Path& path);
  void handle_timeout(Timestamp now);
  Timestamp next_timeout() const;
  // In this order: paths removed, the path selected (only the last one), credentials retired, expiry.
  std::optional<IceLiteEvent> poll_event();

  // DTLS may be taken from and sent to any such path, nominated or not.
  bool is_validated(const Path& path) const { return find(path) != nullptr; }
  // Where to send what has no path of its own: the selected path; before there is one, the path that carried
  // authenticated data last; else the first validated one; nullptr if none.
  const Path* send_path() const;
  const Path* selected_path() const;
  // Whether `ufrag` is of a generation that is still valid.
  bool is_local_ufrag(std::string_view ufrag) const;
  const IceCredentials& local_credentials() const { return generations_.back().local; }

  size_t path_count() const { return paths_.size(); }
  bool is_expired() const { return is_expired_; }
  const IceLiteCounters& counters() const { return counters_; }

 private:
  struct Generation {
    uint32_t number = 0;
    IceCredentials local;
    std::string remote_ufrag;  // empty: not known yet
    StunKey key;
    Timestamp valid_until = kNever;
  };
  // Later credentials outweigh any priority: after an ICE restart the peer nominates anew.
  struct Nomination {
    uint32_t generation = 0;
    uint32_t priority = 0;
    // NOLINTNEXTLINE(modernize-use-nullptr): clang-tidy 14 mistakes the 0 of a defaulted comparison for a pointer
    auto operator<=>(const Nomination&) const = default;
  };
  struct ValidatedPath {
    Path path;
    Timestamp last_check;
    std::optional<Timestamp> last_media;
    Nomination check;                      // what its last check would nominate with
    std::optional<Nomination> nomination;  // by USE-CANDIDATE, or by media
  };

  Generation* find_generation(Timestamp now, const StunMessage& message);
  static StunRejection authenticate(const StunMessage& message, Generation* generation);
  static StunRejection judge(const StunMessage& message);
  size_t write_reply(StunRejection rejection, const StunMessage& message, const Path& path, Generation& generation,
                     MutableBytes reply);
  void accept_check(Timestamp now, const StunMessage& message, uint32_t generation, ValidatedPath& path);
  ValidatedPath* find(const Path& path);
  const ValidatedPath* find(const Path& path) const;
  ValidatedPath* add_path(Timestamp now, const Path& path);
  void remove_path(Timestamp now, size_t index);
  Timestamp last_sign_of_life(size_t index) const;
  void select(Timestamp now, ValidatedPath& path, Nomination nomination);
  void consider_nomination(Timestamp now, ValidatedPath& path);
  void consider_media(Timestamp now, ValidatedPath& path);
  void keep_told_selection(Timestamp now);
  void retire_generation(size_t index);
  void count(StunRejection rejection);

  std::vector<Generation> generations_;  // oldest first, newest last
  std::vector<ValidatedPath> paths_;     // in order of validation
  std::optional<size_t> selected_;       // index of paths_
  Timestamp selected_at_{};
  Timestamp alive_at_;  // last valid check, authenticated packet of the selected path, restart or construction
  bool is_expired_ = false;

  std::vector<Path> removed_;
  std::vector<std::string> retired_;
  bool tell_selected_ = false;
  std::optional<Path> told_selected_;  // what the caller believes to be selected
  bool tell_expired_ = false;
  IceLiteCounters counters_;
};

}  // namespace eir
