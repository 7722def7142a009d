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
  static constexpr Duration kWindowMax = 200ms;
  static constexpr size_t kBaseBuckets =
      6;  // RFC 6817 keeps 10 of a minute; a drifting clock or a new route ends sooner
  static constexpr Duration kBucket = 5s;
  // Jitter is how far apart the delays of so many packets in a row lie that found the line empty of what this side
  // sent: the others wait for each other, which is no jitter. It is learnt slowly, so that a growing queue is not taken
  // for it.
  static constexpr size_t kIdlePackets = 16;
  // Larger ones take 30 ms of a thin line for themselves, and count only if no small ones come.
  static constexpr size_t kSmallBytes = 300;
  static constexpr int kLargeMax = 64;
  static constexpr double kJitterGain = 0.125;
  static constexpr Duration kJitterStepMax = 5ms;
  static constexpr int kFirstLooks = 4;            // are believed at once
  static constexpr Duration kJitterMax = 100ms;    // ±50 ms; more is a line that no estimate holds for
  static constexpr Duration kJitterForgets = 10s;  // after this without such packets: the line is never empty
  static constexpr Duration kBusyMin = 4ms;

  // The last packet of a group, with the time it left and came, the latter in the receiver's clock, and the time that
  // the line takes for it alone: a large packet after small ones is no queue.
  void add(Timestamp sent, Duration arrival, Duration own_time);

  // One that a probe made wait: it only tells how short the delay can be.
  void add_probed(Timestamp sent, Duration arrival) { note_base(arrival, arrival - sent.time_since_epoch()); }

  // One that found the line empty of what this side sent; beside add().
  void add_idle(Timestamp sent, Duration arrival, size_t bytes);

  Duration queue() const { return queue_; }
  Duration jitter() const { return jitter_; }
  // More than this is a queue, not chance.
  Duration noise() const { return kBusyMin + jitter_ * 5 / 4; }
  Duration busy_for() const { return busy_since_ == Duration::max() ? Duration{} : newest_ - busy_since_; }
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
  Duration newest_{};
  Duration jitter_{};
  int large_ = 0;    // packets since the last small one
  int looks_ = 0;    // at the jitter
  size_t idle_ = 0;  // packets that found the line empty, since the last look at the jitter
  Duration idle_lowest_{};
  Duration idle_highest_{};
  Duration idle_first_{};
  Duration idle_seen_at_{};
  Duration busy_since_ = Duration::max();
};

}  // namespace eir
