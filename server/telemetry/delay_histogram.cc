#include "server/telemetry/delay_histogram.h"

#include <algorithm>
#include <bit>

namespace eir {

void DelayHistogram::add(Duration duration, uint64_t times) {
  duration = std::max(duration, Duration{});
  count_ += times;
  sum_ += duration * static_cast<int64_t>(times);
  // Whole units below the duration; a bound belongs to the bucket that it ends.
  const auto units = static_cast<uint64_t>(std::max<int64_t>(duration.count() - 1, 0) / kUnit.count());
  size_t bucket = units;
  if (units >= kPerDoubling) {
    const auto doublings = static_cast<size_t>(std::bit_width(units)) - std::bit_width(kPerDoubling);
    bucket = kPerDoubling * (doublings + 1) + (units >> doublings) % kPerDoubling;
  }
  if (bucket < kBuckets) counts_[bucket] += times;
}

}  // namespace eir
