#include "lib/congestion/queue_delay.h"

#include <algorithm>

namespace eir {

Duration QueueDelay::window() const { return std::clamp<Duration>(3 * jitter_, kWindowMin, kWindowMax); }

void QueueDelay::add(Timestamp sent, Duration arrival, Duration own_time) {
  const Duration whole = arrival - sent.time_since_epoch();
  const Duration delay = whole - own_time;
  if (arrival - idle_seen_at_ > kJitterForgets) jitter_ = {};
  recent_[next_] = {arrival, delay};
  next_ = (next_ + 1) % kRecentMax;
  count_ = std::min(count_ + 1, kRecentMax);
  note_base(arrival, whole);
  newest_ = arrival;

  Duration lowest = delay;
  for (size_t i = 0; i < count_; ++i) {
    const Sample& sample = recent_[(next_ + kRecentMax - 1 - i) % kRecentMax];
    if (i >= kRecentMin && arrival - sample.arrival > window()) break;
    lowest = std::min(lowest, sample.delay);
  }
  const Duration base = *std::min_element(base_.begin(), base_.begin() + static_cast<std::ptrdiff_t>(buckets_));
  queue_ = std::max<Duration>(lowest - base, Duration{});
  if (queue_ <= noise()) {
    busy_since_ = Duration::max();
  } else if (busy_since_ == Duration::max()) {
    busy_since_ = arrival;
  }
}

void QueueDelay::add_idle(Timestamp sent, Duration arrival, size_t bytes) {
  if (bytes <= kSmallBytes) large_ = 0;
  if (bytes > kSmallBytes && large_ < kLargeMax) {
    ++large_;
    return;
  }
  const Duration delay = arrival - sent.time_since_epoch();
  if (idle_ == 0) idle_first_ = idle_lowest_ = idle_highest_ = delay;
  idle_lowest_ = std::min(idle_lowest_, delay);
  idle_highest_ = std::max(idle_highest_, delay);
  idle_seen_at_ = arrival;
  if (++idle_ < kIdlePackets) return;
  idle_ = 0;
  // Somebody else's queue that grows or shrinks all the while is no jitter.
  const Duration trend = delay > idle_first_ ? delay - idle_first_ : idle_first_ - delay;
  const Duration spread = std::min<Duration>(idle_highest_ - idle_lowest_ - trend, kJitterMax);
  if (looks_ < kFirstLooks) {
    ++looks_;
    jitter_ = std::max(jitter_, spread);
    return;
  }
  const auto step = Duration(static_cast<int64_t>(double((spread - jitter_).count()) * kJitterGain));
  jitter_ += std::clamp<Duration>(step, -kJitterStepMax, kJitterStepMax);
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
