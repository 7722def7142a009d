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
  static constexpr double kDecrease = 0.85;           // gcc-02 section 5.5, beta
  static constexpr double kDecreaseIdle = 0.95;       // what is sent leaves room already: the queue empties by itself
  static constexpr double kIncreasePerSecond = 1.08;  // gcc-02 section 5.5, eta
  static constexpr double kAheadOfArrivals = 1.25;   // × what arrives; gcc-02 section 5.5 says 1.5, probes do the rest
  static constexpr Duration kStepMax = 1s;           // of time that one increase may stand for
  static constexpr Duration kResponseExtra = 100ms;  // gcc-02 section 5.5: response_time = 100 ms + RTT
  static constexpr double kPacketBits = 1200 * 8;    // gcc-02 section 5.5: half a packet per response time at least
  static constexpr Duration kFallMargin = 100ms;     // feedback interval and one frame, on the round trip

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
  };

  RateControl(DataRate start, Limits limits) : limits_(limits), rate_(start) {}

  // True if the rate fell.
  bool update(Timestamp now, const Input& input);
  // A probe has shown it, or somebody else knows better.
  void set_rate(Timestamp now, DataRate rate);
  DataRate rate() const { return rate_; }
  Timestamp decreased_at() const { return decreased_at_; }
  // Nothing known of the line any more.
  void reset(DataRate start);

 private:
  enum class State : uint8_t { kHold, kIncrease };

  bool decrease(Timestamp now, const Input& input);
  void increase(Timestamp now, const Input& input);
  void learn_capacity(DataRate carried);
  bool is_near_capacity(DataRate acknowledged) const;

  Limits limits_;
  DataRate rate_;
  State state_ = State::kIncrease;
  Timestamp updated_at_ = Timestamp::min();
  Timestamp decreased_at_ = Timestamp::min();
  // Mean and relative variance of what the line carried at the decreases (gcc-02 section 5.5), in kbit/s.
  std::optional<double> capacity_kbps_;
  double variance_ = 0.4;
};

}  // namespace eir
