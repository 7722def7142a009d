#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "lib/base/time.h"
#include "lib/base/units.h"
#include "lib/congestion/probe_estimator.h"

namespace eir {

// When to send a short burst faster than the target, to learn what the line carries without filling it (libwebrtc's
// ProbeController, in this project's words). Owned by a BandwidthEstimator. At the start and on a new route: 3 × the
// start rate and, while probes succeed, twice the last one's rate; sending 6 × only after 3 × came through spares thin
// lines a queue. Afterwards, while the target is below what is wanted: one every kInterval when the line is quiet. One
// cluster at a time. Never beyond the limit that the caller sets from what is wanted.
class ProbeControl {
 public:
  static constexpr double kFirst = 3.0;            // × the start rate
  static constexpr double kNext = 2.0;             // × the target
  static constexpr double kSucceeded = 0.7;        // of the probe's rate measured: go on at once, as libwebrtc
  static constexpr double kWorthwhile = 1.05;      // a probe below this × the target teaches nothing
  static constexpr Duration kInterval = 4s;        // libwebrtc's is 5 s; 10 s are allowed for a recovery
  static constexpr Duration kIntervalMax = 16s;    // after probes that promised too much
  static constexpr Duration kLength = 15ms;        // and
  static constexpr size_t kPackets = 5;            // at least, as libwebrtc
  static constexpr size_t kPacketBytesMin = 100;   // less measures headers
  static constexpr size_t kPacketBytesMax = 1200;  // the largest packet of media
  static constexpr double kJitterLengths = 2;      // the cluster outlasts the jitter, so that the slope is the line's
  static constexpr Duration kLengthMax = 200ms;
  static constexpr Duration kJitterMin = 8ms;   // below, kLength is enough
  static constexpr Duration kQuiet = 2s;        // since the last decrease
  static constexpr Duration kAnswerExtra = 1s;  // on the round trip: after that a cluster is given up
  static constexpr Duration kMisledTime = 3s;   // a decrease so soon after a rise says that the probe misled

  struct Line {
    DataRate target;
    bool is_quiet = true;  // no queue
    Timestamp decreased_at = Timestamp::min();
    Duration round_trip{};
    Duration jitter{};
  };

  void set_limit(Timestamp now, DataRate limit);
  // The beginning, or a new route: everything is open again.
  void start(Timestamp now);
  // Decides whether a probe is due.
  void update(Timestamp now, const Line& line);
  // The cluster to send now. Once.
  std::optional<ProbeEstimator::Plan> poll(Timestamp now);
  void handle_result(Timestamp now, const ProbeEstimator::Result& result);
  void handle_decrease(Timestamp now);
  Timestamp next_timeout() const;

  uint64_t sent() const { return sent_; }
  uint64_t succeeded() const { return succeeded_; }
  // Clusters that told a rate since start().
  uint64_t results() const { return results_; }
  uint64_t given_up() const { return given_up_; }

 private:
  ProbeEstimator::Plan plan(const Line& line) const;

  DataRate limit_;
  DataRate target_;
  bool is_first_ = true;
  Timestamp due_ = Timestamp::min();
  std::optional<ProbeEstimator::Plan> pending_;
  std::optional<ProbeEstimator::Plan> under_way_;
  Timestamp deadline_ = kNever;
  Duration answer_within_{};
  Duration interval_ = kInterval;
  Timestamp rose_at_ = Timestamp::min();
  uint16_t cluster_ = 0;
  uint64_t sent_ = 0;
  uint64_t succeeded_ = 0;
  uint64_t results_ = 0;
  uint64_t given_up_ = 0;
};

}  // namespace eir
