#include "lib/congestion/fallback_control.h"

#include <algorithm>

namespace eir {
namespace {

bool is_due(Timestamp last, Timestamp now, Duration every) { return last == Timestamp::min() || now - last >= every; }

}  // namespace

void FallbackControl::handle_report(Timestamp now, double fraction_lost, Duration round_trip) {
  const double loss = std::clamp(fraction_lost, 0.0, 1.0);
  if (loss > kLossHigh) {
    if (!is_due(fell_at_, now, kFallEvery + round_trip)) return;
    fell_at_ = now;
    rate_ = rate_ * (1 - loss / 2);
  } else if (loss < kLossLow && is_due(grew_at_, now, kGrowEvery)) {
    grew_at_ = now;
    rate_ = rate_ * kGrowth;
  }
  if (has_remb(now)) rate_ = std::min(rate_, remb_);
}

void FallbackControl::handle_remb(Timestamp now, DataRate rate) {
  // A REMB above the rate is what the receiver's own estimator found: it may be used up to there.
  remb_ = rate;
  remb_at_ = now;
  const bool fell_lately = fell_at_ != Timestamp::min() && now - fell_at_ < kGrowEvery;
  rate_ = fell_lately ? std::min(rate_, rate) : rate;
}

DataRate FallbackControl::rate(Timestamp now) const { return has_remb(now) ? std::min(rate_, remb_) : rate_; }

}  // namespace eir
