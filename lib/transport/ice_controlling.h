#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "lib/base/bytes.h"
#include "lib/base/path.h"
#include "lib/base/random.h"
#include "lib/base/ring.h"
#include "lib/base/time.h"
#include "lib/transport/ice_credentials.h"
#include "lib/transport/stun.h"

namespace eir {

enum class IceNomination : uint8_t {
  kRegular,     // one check with USE-CANDIDATE, on the best pair that works (RFC 8445 section 8.1.1)
  kAggressive,  // USE-CANDIDATE in every check (RFC 5245 section 8.1.1.2); browsers come near it towards a lite peer
};

struct IceControllingOptions {
  IceNomination nomination = IceNomination::kRegular;
  // RFC 8445 section 14.2: time between two new checks.
  Duration pacing = 50ms;
  // RFC 8445 section 14.3: first retransmission; doubles each time.
  Duration rto = 500ms;
  // The doubling ends here, and a pair fails after so many requests. RFC 8489 section 6.2.1 says 7 (Rc); browsers ask
  // each half second for as long as they try.
  Duration rto_max = 16s;
  unsigned sends_max = 7;
  // How long a pair that works waits for a better one that has not answered yet (regular nomination).
  Duration nomination_patience = 100ms;
  // Chromium's 2.5 s; RFC 7675 section 5.1 asks for 5 s; each interval is varied by ±20 %.
  Duration consent_interval = 2500ms;
};

struct IceControllingConfig {
  IceCredentials local;
  IceCredentials remote;
  // (Local socket index, remote candidate), best first; those beyond IceControlling::kPairsMax are left out.
  std::vector<Path> pairs;
  IceControllingOptions options;
};

struct IceControllingCounters {
  uint64_t checks_sent = 0;            // requests written, first copies and retransmissions and consent checks
  uint64_t responses_valid = 0;        // success responses that belonged to a request
  uint64_t responses_unmatched = 0;    // responses to nothing outstanding, or from another path
  uint64_t responses_unauthentic = 0;  // responses with a wrong or no MESSAGE-INTEGRITY
  uint64_t error_responses = 0;        // authentic error responses; their pair fails
  uint64_t requests_answered = 0;      // of a full peer; role conflicts included
  uint64_t requests_refused = 0;       // not authentic, not for this agent, or more than can be answered at once
  uint64_t indications = 0;            // keepalives of a full peer
  uint64_t pairs_failed = 0;           // pairs whose last retransmission stayed unanswered
};

// A pair answered: DTLS may start on it.
struct IcePairValidated {
  Path path;
};
// The pair to use from now on.
struct IcePairSelected {
  Path path;
};
// All pairs failed, or no answer on the selected pair for 30 s: nothing may be sent until restart().
struct IceConnectionLost {};
using IceControllingEvent = std::variant<IcePairValidated, IcePairSelected, IceConnectionLost>;

// The full, controlling side of ICE, for Eir's own client: simulation, bench, self-test. Owned by one client transport.
// Sans-IO. A lite peer never checks; the checks of a full one are answered, but make no pairs of their own. It controls
// always: towards a peer that would too its tie-breaker wins (RFC 8445 section 7.3.1.1).
class IceControlling {
 public:
  static constexpr size_t kPairsMax = 16;
  // RFC 7675 section 5.1.
  static constexpr Duration kConsentLifetime = 30s;

  // `random` is used, not owned, and must outlive this.
  IceControlling(Timestamp now, Random& random, IceControllingConfig config);

  // New credentials and pairs; the selected pair stays in use until a new one is selected.
  void restart(Timestamp now, IceControllingConfig config);

  void handle_stun(Timestamp now, const StunMessage& message, const Path& path);
  void handle_timeout(Timestamp now);
  Timestamp next_timeout() const;
  // Writes the next request and where it goes; 0 when there is none.
  size_t poll_transmit(MutableBytes out, Path& path);
  std::optional<IceControllingEvent> poll_event();

  // The selected pair, else the best one that answered; nullptr if none, or if the connection is lost.
  const Path* send_path() const;
  bool is_connected() const { return is_selected_ && !is_lost_; }
  bool is_lost() const { return is_lost_; }
  // The address by which the peer sees this agent on the pair that answered last.
  std::optional<SocketAddress> mapped_address() const { return mapped_address_; }
  const IceControllingCounters& counters() const { return counters_; }

 private:
  enum class PairState : uint8_t { kWaiting, kInProgress, kSucceeded, kFailed };
  // Answers to so many of a pair's latest requests are accepted: consent checks are not retransmitted but sent anew.
  static constexpr size_t kTransactionsMax = 4;
  struct Pair {
    Path path;
    PairState state = PairState::kWaiting;
    std::array<std::optional<StunTransactionId>, kTransactionsMax> outstanding;
    size_t requests = 0;           // made so far; the newest is outstanding[(requests - 1) % kTransactionsMax]
    unsigned sends = 0;            // of the newest request
    Timestamp next_send = kNever;  // its retransmission
    Duration rto{};
    bool is_nominating = false;  // the newest request carries USE-CANDIDATE to nominate
  };
  // To a request of the peer.
  struct Reply {
    StunTransactionId transaction_id{};
    Path path;
    bool is_conflict = false;
  };
  struct Transmission {
    size_t pair = 0;
    StunTransactionId transaction_id{};
    bool use_candidate = false;
  };

  void start(Timestamp now, IceControllingConfig config);
  void handle_request(const StunMessage& message, const Path& path);
  size_t write_reply(MutableBytes out, Path& path);
  void begin_request(size_t index, bool is_nominating);
  void begin_check(Timestamp now, size_t index, bool is_nominating);
  void retransmit(Timestamp now, size_t index);
  void send_next_waiting(Timestamp now);
  void send_consent_check(Timestamp now);
  void handle_success(Timestamp now, size_t index, bool answers_nomination);
  void consider_nomination(Timestamp now);
  Timestamp nomination_due() const;
  void select(Timestamp now, size_t index);
  void fail(Timestamp now, size_t index);
  void lose();
  void tell(IceControllingEvent event);
  std::optional<size_t> best_succeeded() const;
  Duration next_consent_interval();

  Random& random_;
  IceControllingOptions options_;
  std::string username_;
  std::string local_ufrag_;
  std::optional<StunKey> local_key_;
  std::optional<StunKey> remote_key_;
  uint64_t tie_breaker_;
  std::vector<Pair> pairs_;
  Timestamp next_check_ = kNever;  // of a waiting pair
  std::optional<Timestamp> first_success_;
  std::optional<size_t> nominating_;     // the pair that is being nominated or was
  std::optional<size_t> selected_pair_;  // of this generation
  Path selected_path_;                   // survives a restart
  bool is_selected_ = false;
  bool is_lost_ = false;
  Timestamp next_consent_ = kNever;
  Timestamp consent_until_ = kNever;
  std::optional<SocketAddress> mapped_address_;

  Ring<Transmission> transmissions_;
  Ring<Reply> replies_;
  Ring<IceControllingEvent> events_;
  IceControllingCounters counters_;
};

}  // namespace eir
