#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "lib/base/time.h"

namespace eir {

// How long packets wait in the line's queue: the lowest one-way delay of the last groups, less the lowest of the last
// half minute. Jitter raises some packets, a queue raises all, so the lowest tells them apart (the idea of LEDBAT's
// filters, RFC 6817 section 3.2.2 and 4.2, with a window that follows the jitter). Owned by a BandwidthEstimator. The
// clocks of both ends may differ by any constant; a drift of 100 ppm costs 3 ms.
class QueueDelay {
 public:
  static constexpr size_t kRecentMax = 32;
  static constexpr size_t kRecentMin = 3;  // fewer say nothing
  static constexpr Duration kWindowMin = 25ms;
  static constexpr Duration kWindowMax = 150ms;
  static constexpr size_t kBaseBuckets =
      6;  // RFC 6817 keeps 10 of a minute; a drifting clock or a new route ends sooner
  static constexpr Duration kBucket = 5s;
  // A change of jitter is learnt over some seconds, so that a growing queue is not taken for it.
  static constexpr double kJitterGain = 1.0 / 16;
  static constexpr Duration kJitterStepMax = 100us;
  static constexpr Duration kBusyMin = 4ms;

  // One packet or group, with the time it left and came, the latter in the receiver's clock.
  void add(Timestamp sent, Duration arrival);

  Duration queue() const { return queue_; }
  // The mean change of delay from one group to the next while no queue grows quickly.
  Duration jitter() const { return jitter_; }
  // More than this is a queue, not chance.
  Duration noise() const { return kBusyMin + jitter_; }
  // The line has been sending without pause since this arrival; Duration::max() if it has not.
  Duration busy_since() const { return busy_since_; }
  void reset() { *this = {}; }

 private:
  struct Sample {
    Duration arrival{};
    Duration delay{};
  };
  void note_base(Duration arrival, Duration delay);
  Duration window() const;

  std::array<Sample, kRecentMax> recent_{};
  size_t next_ = 0;
  size_t count_ = 0;
  std::array<Duration, kBaseBuckets> base_{};
  size_t buckets_ = 0;  // in use
  size_t bucket_ = 0;   // the current one
  Duration bucket_began_{};
  Duration queue_{};
  Duration jitter_{};
  Duration busy_since_ = Duration::max();
};

}  // namespace eir
