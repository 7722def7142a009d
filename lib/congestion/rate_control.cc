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
  note_best(now);
  note_queue(now, input);
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

void RateControl::note_best(Timestamp now) {
  if (best_at_ == Timestamp::min()) best_at_ = now;
  const double passed = to_seconds(now - best_at_);
  best_ = std::max(best_ * std::exp2(-passed / to_seconds(kBestHalves)), rate_);
  carried_ = carried_ * std::exp2(-passed / to_seconds(kCarriedHalves));
  best_at_ = now;
}

// Learns from how the queue answers to decreases.
void RateControl::note_queue(Timestamp now, const Input& input) {
  if (input.busy_for == Duration{}) {
    busy_from_ = Timestamp::min();
    if (before_ > DataRate() && now < explained_until_) rate_ = std::max(rate_, before_ * kTakesBack);
    before_ = {};
    return;
  }
  if (busy_from_ == Timestamp::min() || now - busy_from_ < kInVain + input.round_trip) return;
  compete(now);
  busy_from_ = now;
}

void RateControl::note_series(Timestamp now) {
  if (decreased_at_ == Timestamp::min() || now - decreased_at_ > kSeriesGap) series_ = 0;
  if (++series_ >= kSeries) compete(now);
}

void RateControl::compete(Timestamp now) {
  floor_ = std::min(best_ * kFloor, carried_ * kDecrease);
  competes_until_ = now + kCompetes;
  rate_ = std::max(rate_, floor_);
}

bool RateControl::decrease(Timestamp now, const Input& input) {
  if (decreased_at_ != Timestamp::min() && now - decreased_at_ < input.round_trip + kFallMargin) return false;
  if (!input.carried) return false;
  // Less is sent than allowed, and about that much arrives: the line refuses nothing, whoever filled its queue.
  const bool arrives_as_sent = *input.carried >= input.sent * kAsSent && *input.carried * kAsSent <= input.sent;
  if (input.is_application_limited && arrives_as_sent) return false;
  if (busy_from_ == Timestamp::min()) busy_from_ = now;
  const bool is_thinner = *input.carried < input.sent * kRefuses;
  carried_ = is_thinner ? *input.carried : std::max(carried_, *input.carried);
  note_series(now);
  const DataRate before = rate_;
  learn_capacity(*input.carried);
  const bool drains = input.sent < *input.carried * kDecrease;
  double factor = drains ? kDecreaseIdle : kDecrease;
  if (input.busy_for >= kStanding) factor = kDecreaseStanding;
  const bool competes = now < competes_until_;
  const DataRate lowest =
      std::max(competes ? floor_ : limits_.min, input.queue > kDeepQueue ? limits_.min : before * kDecreaseMost);
  rate_ = std::min(rate_, std::max(*input.carried * factor, lowest));
  rate_ = std::max(rate_, limits_.min);
  decreased_at_ = now;
  // At the new rate the queue empties by 1 − factor of the time; half of that cannot be this side's work.
  before_ = *input.carried >= before * kSmall ? before : DataRate();
  const auto empties = Duration(static_cast<int64_t>(double(input.queue.count()) / (1 - factor) / 2));
  explained_until_ = now + input.round_trip + empties;
  return rate_ < before;
}

void RateControl::increase(Timestamp now, const Input& input) {
  if (input.is_application_limited) return;
  const double seconds = to_seconds(std::min<Duration>(now - updated_at_, kStepMax));
  DataRate next = rate_ * std::pow(is_near_capacity() ? kNearPerSecond : kIncreasePerSecond, seconds);
  if (is_near_capacity()) next = std::min(next, DataRate::bps(static_cast<int64_t>(*capacity_kbps_ * 1e3 * kNearMost)));
  if (input.acknowledged) next = std::min(next, *input.acknowledged * kAheadOfArrivals);
  rate_ = std::clamp(std::max(next, rate_), limits_.min, limits_.max);
}

bool RateControl::is_near_capacity() const {
  return capacity_kbps_ && double(rate_.bps()) / 1e3 >= *capacity_kbps_ * kNearFrom;
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
