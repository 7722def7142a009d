#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "lib/base/time.h"

namespace eir {

// What the delay says of the line.
enum class LinkUse : uint8_t { kNormal, kOver, kUnder };

// Whether the delay of the groups grows: the slope of a line through the last 20 smoothed delays, against a threshold
// that follows the slopes it sees, so that a competing flow does not starve this one (the filter that libwebrtc uses
// since 2016 in place of the Kalman filter of draft-ietf-rmcat-gcc-02 section 5.3; the threshold is section 5.4 and
// Carlucci et al., "Analysis and Design of the Google Congestion Control for WebRTC", MMSys 2016). Owned by a
// BandwidthEstimator.
class Trendline {
 public:
  static constexpr size_t kPoints = 20;
  static constexpr double kSmoothing = 0.9;     // weight of what was, per group
  static constexpr double kGain = 4.0;          // slope × kGain × groups is compared with the threshold in ms
  static constexpr int kGroupsMax = 60;         // …at most so many groups
  static constexpr double kThresholdMs = 12.5;  // gcc-02 section 5.4, del_var_th(0)
  static constexpr double kThresholdMinMs = 6;  // gcc-02 section 5.4
  static constexpr double kThresholdMaxMs = 600;
  static constexpr double kThresholdUp = 0.0087;    // per ms; libwebrtc's K_u
  static constexpr double kThresholdDown = 0.039;   // per ms; libwebrtc's K_d
  static constexpr double kOutlierMs = 15;          // a slope so far beyond the threshold does not move it
  static constexpr Duration kOveruseTime = 10ms;    // gcc-02 section 5.4, overuse_time_th
  static constexpr Duration kAdaptStepMax = 100ms;  // a pause is not a long agreement

  // A new pair of groups; see ArrivalGroups::Delta.
  LinkUse update(Duration sent, Duration arrived, Duration arrival);
  LinkUse use() const { return use_; }
  double slope() const { return slope_; }
  double threshold_ms() const { return threshold_ms_; }
  void reset() { *this = {}; }

 private:
  struct Point {
    double arrival_ms = 0;
    double delay_ms = 0;
  };
  double fit() const;
  void detect(double trend, double sent_ms);
  void adapt(double trend, double arrival_ms);

  std::array<Point, kPoints> points_{};
  size_t next_ = 0;   // the place of the next point
  size_t count_ = 0;  // of points
  int groups_ = 0;
  double first_arrival_ms_ = 0;
  double delay_ms_ = 0;     // sum of the deltas
  double smoothed_ms_ = 0;  // of delay_ms_
  double slope_ = 0;
  double threshold_ms_ = kThresholdMs;
  double adapted_at_ms_ = -1;
  double over_for_ms_ = -1;  // -1: not over the threshold
  int over_count_ = 0;
  LinkUse use_ = LinkUse::kNormal;
};

}  // namespace eir
