#include "lib/congestion/queue_delay.h"

#include <algorithm>

namespace eir {

Duration QueueDelay::window() const { return std::clamp<Duration>(2 * jitter_, kWindowMin, kWindowMax); }

void QueueDelay::add(Timestamp sent, Duration arrival) {
  const Duration delay = arrival - sent.time_since_epoch();
  if (count_ > 0) {
    const Duration change = delay - recent_[(next_ + kRecentMax - 1) % kRecentMax].delay;
    const Duration error = (change < Duration{} ? -change : change) - jitter_;
    jitter_ += std::clamp<Duration>(Duration(static_cast<int64_t>(double(error.count()) * kJitterGain)),
                                    -kJitterStepMax, kJitterStepMax);
  }
  recent_[next_] = {arrival, delay};
  next_ = (next_ + 1) % kRecentMax;
  count_ = std::min(count_ + 1, kRecentMax);
  note_base(arrival, delay);

  Duration lowest = delay;
  for (size_t i = 0; i < count_; ++i) {
    const Sample& sample = recent_[(next_ + kRecentMax - 1 - i) % kRecentMax];
    if (i >= kRecentMin && arrival - sample.arrival > window()) break;
    lowest = std::min(lowest, sample.delay);
  }
  queue_ = lowest - *std::min_element(base_.begin(), base_.begin() + static_cast<std::ptrdiff_t>(buckets_));
  if (queue_ <= noise()) {
    busy_since_ = Duration::max();
  } else if (busy_since_ == Duration::max()) {
    busy_since_ = arrival;
  }
}

void QueueDelay::note_base(Duration arrival, Duration delay) {
  if (buckets_ == 0 || arrival - bucket_began_ >= kBucket) {
    bucket_ = buckets_ == 0 ? 0 : (bucket_ + 1) % kBaseBuckets;
    buckets_ = std::max(buckets_, bucket_ + 1);
    bucket_began_ = arrival;
    base_[bucket_] = delay;
  }
  base_[bucket_] = std::min(base_[bucket_], delay);
}

}  // namespace eir
