#pragma once

#include <cstdint>

#include "lib/base/time.h"

namespace eir {

// Which simulcast layers of one track its publisher shall send. A layer that nobody could use, however good their
// lines, costs the publisher's uplink and battery for nothing: it is switched off when that has been so for
// kUnwantedFor, and on again at once. The lowest layer is never switched off: it is what a newcomer sees first.
//
// A publisher may have missed that a layer is wanted again, because signalling was lost on its way: as long as the
// layer does not come, it is told again, kTellsMax times at most (an uplink may be too thin for the layer).
//
// Layers are bits, the first of the offer's rids is bit 0.
class WantedLayers {
 public:
  static constexpr Duration kUnwantedFor = 5s;
  static constexpr Duration kTellAgain = 3s;
  static constexpr int kTellsMax = 5;

  explicit WantedLayers(uint8_t all) : active_(all), unwanted_(0) {}

  // `useful`: what somebody could use now, the lowest layer always; `sending`: what comes. True: the publisher is to be
  // told active().
  bool update(Timestamp now, uint8_t useful, uint8_t sending);
  uint8_t active() const { return active_; }

 private:
  uint8_t active_;
  uint8_t unwanted_;     // active, but not useful since unwanted_since_
  uint8_t awaited_ = 0;  // switched on, and not seen since
  Timestamp unwanted_since_{};
  Timestamp told_at_{};
  int tells_left_ = 0;
};

}  // namespace eir
