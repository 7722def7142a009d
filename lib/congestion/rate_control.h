#pragma once

#include <cstdint>
#include <optional>

#include "lib/base/time.h"
#include "lib/base/units.h"
#include "lib/congestion/trendline.h"

namespace eir {

// The delay-based rate: additive increase near the last known capacity and multiplicative far from it, a decrease to
// 0.85 of what arrives when the queue grows (draft-ietf-rmcat-gcc-02 section 5.5). Owned by a BandwidthEstimator.
// Differs from the draft: the decrease takes what the line carried since its queue began to fill, not an average that
// lies behind, and waits until that is known; it is smaller if less is sent than the line carries anyway; and a next
// one waits until the line could show the effect of the last.
class RateControl {
 public:
  static constexpr double kDecrease = 0.85;      // gcc-02 section 5.5, beta
  static constexpr double kDecreaseIdle = 0.95;  // what is sent leaves room already: the queue empties by itself
  // One decrease goes no further unless the queue is this long: a few late packets measure nothing.
  static constexpr double kDecreaseMost = 0.5;
  static constexpr Duration kDeepQueue = 80ms;
  // A queue that has stood for so long hides how short the delay can be: enough less that the line runs dry once.
  static constexpr double kDecreaseStanding = 0.7;
  static constexpr Duration kStanding = 3s;
  // A TCP flow beside keeps the queue full, or fills it again and again, whatever this one does. Decreases that have
  // not emptied it for kInVain, or so many close together, were in vain: for kCompetes the delay alone lowers the rate
  // no further than kFloor of the best lately known, nor than kDecrease of the most that was carried lately in a full
  // line: a line that became thinner carries all of its rate.
  static constexpr Duration kInVain = 1500ms;
  static constexpr int kSeries = 5;
  static constexpr Duration kSeriesGap = 5s;
  static constexpr Duration kCompetes = 20s;
  static constexpr double kFloor = 0.25;
  static constexpr Duration kBestHalves = 300s;
  static constexpr Duration kCarriedHalves = 30s;
  static constexpr double kRefuses = 0.6;  // so little of what is sent arrives where the line itself became thinner
  static constexpr double kLossLowersBest = 0.8;
  // A queue that goes sooner than the decrease explains was somebody else's, or chance: the decrease is taken back, if
  // it was a small one.
  static constexpr double kTakesBack = 0.95;
  static constexpr double kSmall = 0.8;               // what was carried, of the rate
  static constexpr double kAsSent = 0.85;             // what arrives and what is sent, the smaller of the larger
  static constexpr double kIncreasePerSecond = 1.08;  // gcc-02 section 5.5, eta
  static constexpr double kAheadOfArrivals = 1.25;  // × what arrives; gcc-02 section 5.5 says 1.5, probes do the rest
  static constexpr Duration kStepMax = 1s;          // of time that one increase may stand for
  // Near the capacity, per second. The draft's half packet per response time fills the queue of a thin line between two
  // feedbacks; a line that has become wider is found by probes.
  static constexpr double kNearPerSecond = 1.02;
  static constexpr double kNearFrom = 0.90;       // of the capacity
  static constexpr double kNearMost = 1.04;       // of the capacity: enough to see whether it still holds
  static constexpr Duration kFallMargin = 100ms;  // feedback interval and one frame, on the round trip

  struct Limits {
    DataRate min;
    DataRate max;
  };
  struct Input {
    LinkUse use = LinkUse::kNormal;
    std::optional<DataRate> acknowledged;  // over the last half second
    std::optional<DataRate> carried;       // since the line became busy
    DataRate sent;                         // lately
    bool is_application_limited = false;
    Duration round_trip{};
    Duration queue{};
    Duration busy_for{};  // the queue has not been empty
  };

  RateControl(DataRate start, Limits limits) : limits_(limits), rate_(start) {}

  // True if the rate fell.
  bool update(Timestamp now, const Input& input);
  // A probe has shown it, or somebody else knows better.
  void set_rate(Timestamp now, DataRate rate);
  // A probe has filled the line: this much it carries, whatever the rate is.
  void set_capacity(DataRate capacity) { capacity_kbps_ = double(capacity.bps()) / 1e3; }
  // A full queue drops a lot: what was the best lately is so no more.
  void handle_queue_loss() {
    best_ = best_ * kLossLowersBest;
    carried_ = carried_ * kLossLowersBest;
  }
  DataRate rate() const { return rate_; }
  Timestamp decreased_at() const { return decreased_at_; }
  // Nothing known of the line any more.
  void reset(DataRate start);

 private:
  enum class State : uint8_t { kHold, kIncrease };

  bool decrease(Timestamp now, const Input& input);
  void increase(Timestamp now, const Input& input);
  void note_best(Timestamp now);
  void note_queue(Timestamp now, const Input& input);
  void note_series(Timestamp now);
  void compete(Timestamp now);
  void learn_capacity(DataRate carried);
  bool is_near_capacity() const;

  Limits limits_;
  DataRate rate_;
  DataRate best_;     // lately
  DataRate carried_;  // the most, lately
  Timestamp best_at_ = Timestamp::min();
  Timestamp busy_from_ = Timestamp::min();  // the first decrease since the queue was empty
  // Decreases that follow each other within kSeriesGap.
  int series_ = 0;
  Timestamp competes_until_ = Timestamp::min();
  DataRate floor_;
  // The last decrease, while it may be taken back.
  DataRate before_;
  Timestamp explained_until_ = Timestamp::min();
  State state_ = State::kIncrease;
  Timestamp updated_at_ = Timestamp::min();
  Timestamp decreased_at_ = Timestamp::min();
  // Mean and relative variance of what the line carried at the decreases (gcc-02 section 5.5), in kbit/s.
  std::optional<double> capacity_kbps_;
  double variance_ = 0.4;
};

}  // namespace eir
