#pragma once

#include <cstddef>
#include <cstdint>

#include "lib/base/time.h"

namespace eir {

// How close together a worker's turns may be. Where datagrams come in more often than once per kSpacing, a worker that
// sleeps and wakes for each of them spends more on waking than on forwarding: then turns are kSpacing apart, and all
// rooms share one. Where they come seldom, each is taken at once. Works on time that is given to it.
class TurnSpacing {
 public:
  // What a datagram may wait for others, at most.
  static constexpr Duration kSpacing = 1ms;
  // It is decided anew so often.
  static constexpr Duration kWindow = 50ms;
  // As many turns, or while they are spaced as many datagrams, as a window has room for spaced turns.
  static constexpr uint64_t kDense = kWindow / kSpacing;

  // A turn that began then has read so many datagrams.
  void note_turn(Timestamp begin, size_t datagrams);
  // The next turn should not begin before; the last one's begin while nothing is to be waited for.
  Timestamp next_turn() const { return is_dense_ ? last_ + kSpacing : last_; }

 private:
  bool is_dense_ = false;
  Timestamp last_{};
  Timestamp window_begin_{};
  uint64_t turns_ = 0;
  uint64_t datagrams_ = 0;
};

}  // namespace eir
