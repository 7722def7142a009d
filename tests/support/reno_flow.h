#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>

#include "lib/base/time.h"

namespace eir {

// A sender with always more to send, for what a bottleneck looks like beside TCP: slow start, congestion avoidance,
// fast retransmit and NewReno recovery (RFC 5681, RFC 6582), timeouts (RFC 6298). Segments are numbered from 0.
class RenoFlow {
 public:
  static constexpr int64_t kSegmentBytes = 1200;
  static constexpr double kInitialWindow = 10;  // RFC 6928
  static constexpr Duration kTimeoutMin = 200ms;

  // The next segment to send now, if the window allows one.
  std::optional<uint64_t> poll_send(Timestamp now);
  // Everything before `next` has come.
  void handle_ack(Timestamp now, uint64_t next);
  double window() const { return window_; }

 private:
  void handle_timeout(Timestamp now);
  void note_round_trip(Duration sample);

  double window_ = kInitialWindow;
  double threshold_ = 1e9;
  uint64_t next_ = 0;     // to send
  uint64_t acked_ = 0;    // all before
  uint64_t recover_ = 0;  // recovery ends when this is acknowledged
  bool in_recovery_ = false;
  int duplicates_ = 0;
  std::optional<uint64_t> resend_;
  uint64_t timed_ = 0;  // the segment whose round trip is measured
  Timestamp timed_at_ = kNever;
  Duration smoothed_{};
  Duration deviation_{};
  Duration timeout_ = 1s;
  Timestamp deadline_ = kNever;
};

// Acknowledges each segment, cumulatively.
class RenoReceiver {
 public:
  // The number to acknowledge: the first that is missing.
  uint64_t handle_segment(uint64_t number);
  uint64_t bytes() const { return next_ * RenoFlow::kSegmentBytes; }

 private:
  uint64_t next_ = 0;
  std::set<uint64_t> ahead_;
};

}  // namespace eir
