#pragma once

#include <cstddef>

#include "lib/base/time.h"
#include "lib/base/units.h"

namespace eir {

// Whether the application sends less than it may: then the silence of the line proves nothing and the estimate must not
// grow by itself (libwebrtc's AlrDetector; here over half-second windows instead of a budget). Owned by a
// BandwidthEstimator.
class ApplicationLimit {
 public:
  static constexpr Duration kWindow = 500ms;  // fifteen frames
  static constexpr double kEnter =
      0.75;  // of the target; libwebrtc's 0.65 lets the estimate run ahead of what was tried
  static constexpr double kLeave = 0.85;

  void note_sent(Timestamp now, size_t bytes, DataRate target);
  bool is_limited() const { return is_limited_; }
  // Of the last full window.
  DataRate sent() const { return sent_; }

 private:
  bool is_limited_ = true;
  bool has_begun_ = false;
  Timestamp began_;
  size_t bytes_ = 0;
  DataRate sent_;
};

}  // namespace eir
