#include "lib/media/audio_levels.h"

#include <algorithm>
#include <cmath>

namespace eir {

void AudioLevelTracker::handle_packet(Timestamp now, AudioLevel level) {
  const double loudness = 127.0 - std::min<double>(level.level, 127.0);
  const Duration elapsed = any_ ? std::clamp(now - last_, Duration(1ms), Duration(1s)) : Duration(1s);
  const double keep = std::exp(-to_seconds(elapsed) / to_seconds(kTimeConstant));
  smoothed_ = keep * smoothed_ + (1.0 - keep) * loudness;
  last_ = now;
  any_ = true;
}

double AudioLevelTracker::loudness(Timestamp now) const {
  return any_ && now - last_ < kSilenceAfter ? smoothed_ : 0.0;
}

}  // namespace eir
