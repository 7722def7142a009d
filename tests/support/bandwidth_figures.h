#pragma once

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "tests/support/bandwidth_sim.h"

namespace eir {

// What one run comes to. Times in seconds, -1: never; queues in ms; the rest are ratios.
struct BandwidthFigures {
  double reached_s = -1;      // the estimate is 85 % of what is useful
  double mean_estimate = 0;   // of what is useful, after 8 s
  double good_share = 0;      // of the time after 8 s with at least 85 %
  double highest = 0;         // estimate to link, after 1 s
  double standing_queue = 0;  // the longest that lasted a second, after 8 s
  double queue_p95 = 0;       // after 8 s
  double padding = 0;         // of the bytes after 10 s
  double audio_loss = 0;
  double audio_dropped = 0;  // by the full queue, packets
  double mean_received = 0;  // to the link, after 8 s
  double decreases = 0;
  // Around a dip.
  double below_after_s = -1;  // of the dip: sending less than the line carries, and going on so for a second
  double queue_after_s = -1;  // of the dip: the queue is ≤150 ms, and stays there
  double back_after_s = -1;   // of its end: the estimate is 85 % of what is useful again
};

// What the samples alone tell; the flow began at `starts`.
BandwidthFigures measure(const std::vector<BandwidthSample>& samples, Duration starts, bool has_dip);
BandwidthFigures measure(const BandwidthSim& sim, const BandwidthSim::Options& options, size_t flow = 0);

// Runs for so long, then measures the first flow.
BandwidthFigures run_and_measure(const BandwidthSim::Options& options, Duration length);

// A figure beside what is asked of it.
struct Judged {
  const char* what = "";
  double value = 0;  // of what is worse when larger, -1: never
  double limit = 0;  // not a number: nothing is asked
  bool larger_is_worse = true;

  static Judged at_most(const char* what, double value, double limit) { return {what, value, limit, true}; }
  static Judged at_least(const char* what, double value, double limit) { return {what, value, limit, false}; }
  // For information.
  static Judged only(const char* what, double value) {
    return {what, value, std::numeric_limits<double>::quiet_NaN(), true};
  }
  bool is_asked() const { return !std::isnan(limit); }
  bool is_met() const {
    if (!is_asked()) return true;
    return larger_is_worse ? value >= 0 && value <= limit : value >= limit;
  }
};
// What the line's kind asks of the estimate. `estimate` of what is useful: the line's rate, or 1.25 × everything wanted
// if that is less.
std::vector<Judged> judge(const BandwidthLine& line, const BandwidthFigures& figures);
std::string shortfalls(const std::vector<Judged>& judged);

// Where a run stays behind what the line's kind asks for; empty: nowhere.
std::string shortfalls(const BandwidthLine& line, const BandwidthFigures& figures);

// Shares of a line of 1 Mbit/s, over the last 40 of 60 s: 1 is an equal share.
struct BandwidthShares {
  double first = 0;   // received
  double second = 0;  // received by the other flow
  double first_estimate = 0;
  double second_estimate = 0;  // 0: a Reno flow has none
  double audio_loss = 0;       // of the first
  double standing_queue = 0;
};
// The second flow begins 5 s after the first.
BandwidthShares run_two_receivers(Duration round_trip, BandwidthSource source, uint64_t seed);
// Beside a NewReno flow, with a queue of one bandwidth-delay product.
BandwidthShares run_beside_reno(Duration round_trip, BandwidthSource source, uint64_t seed);

}  // namespace eir
