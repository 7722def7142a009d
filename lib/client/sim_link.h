#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include "lib/base/random.h"
#include "lib/base/time.h"
#include "lib/base/units.h"

namespace eir {

// What one direction of an access line does to datagrams.
struct LinkCondition {
  std::optional<DataRate> rate{};  // none: as fast as one likes
  Duration delay = 10ms;
  Duration jitter = 0ms;  // uniform on top of the delay
  bool reorders = false;  // jitter lets datagrams overtake each other; else each arrives after the one before
  double loss = 0.0;      // of each datagram by itself
  double duplication = 0.0;
  // Gilbert and Elliott: a bad state that is entered and left with these probabilities per datagram.
  double burst_enter = 0.0;
  double burst_leave = 1.0;
  double burst_loss = 1.0;  // of each datagram in the bad state
  // Of each datagram: held back by so much more, so that those behind overtake it.
  double reordering = 0.0;
  Duration reordering_delay = 20ms;
  Duration queue = 500ms;  // tail drop: what would wait longer for the rate is dropped
  size_t queue_bytes = std::numeric_limits<size_t>::max();
  size_t overhead = 0;   // bytes that the rate carries with each datagram: 28 if it is a rate of IPv4 packets
  bool is_down = false;  // blackout
};

// Each datagram that enters a link is delivered, perhaps twice, or dropped for one of these reasons.
struct LinkCounters {
  uint64_t entered = 0;
  uint64_t delivered = 0;   // copies included
  uint64_t duplicated = 0;  // copies
  uint64_t dropped_loss = 0;
  uint64_t dropped_burst = 0;
  uint64_t dropped_queue = 0;
  uint64_t dropped_down = 0;
  uint64_t dropped() const { return dropped_loss + dropped_burst + dropped_queue + dropped_down; }
};

// One direction of an access line in virtual or real time: says of each datagram when it comes out, or that it does
// not. Owned by a SimNetwork, a bench's client or the impairment proxy; the randomness is its owner's, so that a seed
// repeats a run.
class SimLink {
 public:
  explicit SimLink(const LinkCondition& condition) : condition_(condition) {}

  // From now on.
  void set(const LinkCondition& condition) { condition_ = condition; }
  // From `at` on; in ascending order of time.
  void schedule(Timestamp at, const LinkCondition& condition) { plan_.push_back({at, condition}); }
  // When each copy of a datagram of `size` bytes comes out; none if it is dropped. Never earlier than the calls before.
  struct Arrivals {
    std::array<Timestamp, 2> times{};
    size_t count = 0;
  };
  Arrivals transmit(Timestamp now, size_t size, Random& random);

  // How long a datagram that came now would wait for the rate.
  Duration queue(Timestamp now) const;
  const LinkCounters& counters() const { return counters_; }
  const LinkCondition& condition() const { return condition_; }

 private:
  struct Planned {
    Timestamp at;
    LinkCondition condition;
  };
  bool drops(Timestamp now, size_t size, Random& random);
  Timestamp arrival(Timestamp now, size_t size, Random& random);

  LinkCondition condition_;
  std::vector<Planned> plan_;
  size_t planned_ = 0;
  bool in_burst_ = false;
  Timestamp free_at_ = Timestamp::min();  // when the rate has sent what waits
  Timestamp last_arrival_ = Timestamp::min();
  LinkCounters counters_;
};

}  // namespace eir
