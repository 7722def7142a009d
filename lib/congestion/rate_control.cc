#include "lib/congestion/rate_control.h"

#include <algorithm>
#include <cmath>

namespace eir {
namespace {

constexpr double kCapacityGain = 0.05;  // gcc-02 section 5.5: smoothing factor 0.95
// In kbit/s; as libwebrtc's LinkCapacityEstimator.
constexpr double kVarianceMin = 0.4;
constexpr double kVarianceMax = 2.5;
constexpr double kDeviations = 3;  // gcc-02 section 5.5

}  // namespace

void RateControl::reset(DataRate start) {
  const Limits limits = limits_;
  *this = RateControl(start, limits);
}

void RateControl::set_rate(Timestamp now, DataRate rate) {
  rate_ = std::clamp(rate, limits_.min, limits_.max);
  updated_at_ = now;
  // More than the line carried when it last was full: that capacity is history.
  if (capacity_kbps_ && double(rate_.bps()) / 1e3 > *capacity_kbps_) capacity_kbps_.reset();
}

bool RateControl::update(Timestamp now, const Input& input) {
  if (updated_at_ == Timestamp::min()) updated_at_ = now;
  bool fell = false;
  switch (input.use) {
    case LinkUse::kOver:
      fell = decrease(now, input);
      state_ = State::kHold;
      break;
    case LinkUse::kUnder:
      state_ = State::kHold;
      break;
    case LinkUse::kNormal:
      if (state_ == State::kIncrease) increase(now, input);
      state_ = State::kIncrease;
      break;
  }
  updated_at_ = now;
  return fell;
}

bool RateControl::decrease(Timestamp now, const Input& input) {
  if (decreased_at_ != Timestamp::min() && now - decreased_at_ < input.round_trip + kFallMargin) return false;
  if (!input.carried) return false;
  const DataRate before = rate_;
  learn_capacity(*input.carried);
  const bool drains = input.sent < *input.carried * kDecrease;
  rate_ = std::min(rate_, *input.carried * (drains ? kDecreaseIdle : kDecrease));
  rate_ = std::max(rate_, limits_.min);
  decreased_at_ = now;
  return rate_ < before;
}

void RateControl::increase(Timestamp now, const Input& input) {
  if (input.is_application_limited) return;
  const double seconds = to_seconds(std::min<Duration>(now - updated_at_, kStepMax));
  DataRate next = rate_ * std::pow(kIncreasePerSecond, seconds);
  if (input.acknowledged && is_near_capacity(*input.acknowledged)) {
    const double response = to_seconds(input.round_trip + kResponseExtra);
    next = rate_ + DataRate::bps(static_cast<int64_t>(kPacketBits * seconds / response));
  }
  if (input.acknowledged) next = std::min(next, *input.acknowledged * kAheadOfArrivals);
  rate_ = std::clamp(std::max(next, rate_), limits_.min, limits_.max);
}

bool RateControl::is_near_capacity(DataRate acknowledged) const {
  if (!capacity_kbps_) return false;
  return double(acknowledged.bps()) / 1e3 <= *capacity_kbps_ + kDeviations * std::sqrt(variance_ * *capacity_kbps_);
}

void RateControl::learn_capacity(DataRate carried) {
  const double kbps = double(carried.bps()) / 1e3;
  if (!capacity_kbps_ || std::abs(kbps - *capacity_kbps_) > kDeviations * std::sqrt(variance_ * *capacity_kbps_)) {
    capacity_kbps_ = kbps;
    return;
  }
  const double error = kbps - *capacity_kbps_;
  *capacity_kbps_ += kCapacityGain * error;
  variance_ = (1 - kCapacityGain) * variance_ + kCapacityGain * error * error / std::max(*capacity_kbps_, 1.0);
  variance_ = std::clamp(variance_, kVarianceMin, kVarianceMax);
}

}  // namespace eir
