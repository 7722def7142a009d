#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "lib/base/time.h"

namespace eir {

// Counts durations in 64 buckets, four to each doubling: what is counted from 16 µs on lies at most a quarter below its
// bucket's bound. One value, whoever adds owns it; allocates nothing.
class DelayHistogram {
 public:
  static constexpr size_t kBuckets = 64;

  // The longest duration that bucket `bucket` counts: 4, 8, 12, 16, 20, 24, 28, 32, 40 µs, … 524,288 µs.
  static constexpr Duration bound(size_t bucket) {
    if (bucket < kPerDoubling) return kUnit * static_cast<int64_t>(bucket + 1);
    const size_t doublings = bucket / kPerDoubling - 1;
    return kUnit * static_cast<int64_t>((kPerDoubling + bucket % kPerDoubling + 1) << doublings);
  }

  // So many durations of this length. A negative one counts as 0: the wall clock was set back.
  void add(Duration duration, uint64_t times);

  // What is above the last bound counts here alone.
  uint64_t count() const { return count_; }
  Duration sum() const { return sum_; }
  // Of durations up to bound(bucket) and above bound(bucket − 1).
  uint64_t count_in(size_t bucket) const { return counts_[bucket]; }

 private:
  static constexpr size_t kPerDoubling = 4;
  // Less than one system call takes: shorter delays need not be told apart.
  static constexpr Duration kUnit = 4us;

  std::array<uint64_t, kBuckets> counts_{};
  uint64_t count_ = 0;
  Duration sum_{};
};

}  // namespace eir
