#include "lib/congestion/trendline.h"

#include <algorithm>
#include <cmath>

namespace eir {
namespace {

double in_ms(Duration d) { return to_seconds(d) * 1e3; }

}  // namespace

LinkUse Trendline::update(Duration sent, Duration arrived, Duration arrival) {
  const double arrival_ms = in_ms(arrival);
  if (groups_ == 0) first_arrival_ms_ = arrival_ms;
  groups_ = std::min(groups_ + 1, kGroupsMax);
  delay_ms_ += in_ms(arrived - sent);
  smoothed_ms_ = kSmoothing * smoothed_ms_ + (1 - kSmoothing) * delay_ms_;
  points_[next_] = {arrival_ms - first_arrival_ms_, smoothed_ms_};
  next_ = (next_ + 1) % kPoints;
  count_ = std::min(count_ + 1, kPoints);

  const double before = slope_;
  if (count_ == kPoints) slope_ = fit();
  const double trend = slope_ * groups_ * kGain;
  // A slope that already falls is the end of a queue that empties by itself.
  detect(slope_ >= before ? trend : std::min(trend, threshold_ms_), in_ms(sent));
  adapt(trend, arrival_ms);
  return use_;
}

// Least squares over the points.
double Trendline::fit() const {
  double mean_x = 0;
  double mean_y = 0;
  for (const Point& point : points_) {
    mean_x += point.arrival_ms / kPoints;
    mean_y += point.delay_ms / kPoints;
  }
  double numerator = 0;
  double denominator = 0;
  for (const Point& point : points_) {
    numerator += (point.arrival_ms - mean_x) * (point.delay_ms - mean_y);
    denominator += (point.arrival_ms - mean_x) * (point.arrival_ms - mean_x);
  }
  return denominator > 0 ? numerator / denominator : slope_;
}

void Trendline::detect(double trend, double sent_ms) {
  if (trend > threshold_ms_) {
    // The first group over the threshold is taken to have crossed it half-way.
    over_for_ms_ = over_for_ms_ < 0 ? sent_ms / 2 : over_for_ms_ + sent_ms;
    if (++over_count_ > 1 && over_for_ms_ > in_ms(kOveruseTime)) {
      over_for_ms_ = 0;
      over_count_ = 0;
      use_ = LinkUse::kOver;
    }
    return;
  }
  if (trend == threshold_ms_) return;  // over, but falling: neither news nor an end
  over_for_ms_ = -1;
  over_count_ = 0;
  use_ = trend < -threshold_ms_ ? LinkUse::kUnder : LinkUse::kNormal;
}

void Trendline::adapt(double trend, double arrival_ms) {
  if (adapted_at_ms_ < 0) adapted_at_ms_ = arrival_ms;
  const double size = std::abs(trend);
  if (size <= threshold_ms_ + kOutlierMs) {
    const double step_ms = std::clamp(arrival_ms - adapted_at_ms_, 0.0, in_ms(kAdaptStepMax));
    const double gain = size < threshold_ms_ ? kThresholdDown : kThresholdUp;
    threshold_ms_ =
        std::clamp(threshold_ms_ + gain * step_ms * (size - threshold_ms_), kThresholdMinMs, kThresholdMaxMs);
  }
  adapted_at_ms_ = arrival_ms;
}

}  // namespace eir
