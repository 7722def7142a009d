#pragma once

#include <optional>

#include "lib/base/time.h"
#include "lib/base/units.h"

namespace eir {

// The rate for a receiver that sends no transport-wide feedback: its REMB (draft-alvestrand-rmcat-remb-03) if it sends
// one, and the loss of its receiver reports (draft-ietf-rmcat-gcc-02 section 6). Owned by a BandwidthEstimator.
class FallbackControl {
 public:
  static constexpr double kLossHigh = 0.10;      // gcc-02 section 6: above, the rate falls by half the loss
  static constexpr double kLossLow = 0.02;       // below, it grows
  static constexpr double kGrowth = 1.05;        // per report; gcc-02 section 6
  static constexpr Duration kGrowEvery = 800ms;  // reports come about once a second; a faster sender gains nothing
  static constexpr Duration kRembValid = 10s;    // REMB comes at least once a second while the receiver has it
  static constexpr Duration kFallEvery = 300ms;  // as libwebrtc: a fall needs time to show

  explicit FallbackControl(DataRate start) : rate_(start) {}

  void handle_report(Timestamp now, double fraction_lost, Duration round_trip);
  void handle_remb(Timestamp now, DataRate rate);
  DataRate rate(Timestamp now) const;
  // What transport-wide feedback has found, so that its end is no jump.
  void set_rate(DataRate rate) { rate_ = rate; }

 private:
  bool has_remb(Timestamp now) const { return remb_at_ != Timestamp::min() && now - remb_at_ < kRembValid; }

  DataRate rate_;
  DataRate remb_;
  Timestamp remb_at_ = Timestamp::min();
  Timestamp grew_at_ = Timestamp::min();
  Timestamp fell_at_ = Timestamp::min();
};

}  // namespace eir
