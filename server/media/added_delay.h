#pragma once

#include <cstddef>
#include <cstdint>

#include "lib/base/time.h"
#include "server/telemetry/delay_histogram.h"

namespace eir {

// How long datagrams stay in this machine: from the kernel's receive stamp until the sendmmsg() after their batch has
// returned. One stamp a batch, its oldest, so each figure is at most too long. Batches after which nothing is sent,
// receivers' reports most of them, do not count. Owned by the media loop, where it exists only with
// media.measure_delay.
class AddedDelay {
 public:
  // A batch came, whose first datagram the kernel had at `oldest`, a CLOCK_REALTIME; `sent` datagrams ever had left.
  void handle_batch(Duration oldest, size_t datagrams, uint64_t sent) {
    // Those before could not be sent: they leave together, and the first came first.
    if (waiting_ == 0) {
      oldest_ = oldest;
      sent_before_ = sent;
    }
    waiting_ += datagrams;
  }
  // Nothing is queued any more. False: nothing came of what waited, and it is forgotten.
  bool has_sent(uint64_t sent) {
    if (sent == sent_before_) waiting_ = 0;
    return waiting_ != 0;
  }
  // All that came of it has left; `now` is a CLOCK_REALTIME, too.
  void handle_sent(Duration now) {
    histogram_.add(now - oldest_, waiting_);
    waiting_ = 0;
  }

  const DelayHistogram& histogram() const { return histogram_; }

 private:
  Duration oldest_{};
  size_t waiting_ = 0;
  uint64_t sent_before_ = 0;
  DelayHistogram histogram_;
};

}  // namespace eir
