#pragma once

#include <cstddef>
#include <optional>

#include "lib/base/time.h"

namespace eir {

// Gathers packets that left within 5 ms of each other into groups, and tells by how much the distance of two groups
// changed on the way (draft-ietf-rmcat-gcc-02 sections 5.2 and 5.3; groups that a queue let go at once are joined as
// libwebrtc does). Owned by a BandwidthEstimator. A packet that left before the current group began came out of order
// and is left out.
class ArrivalGroups {
 public:
  static constexpr Duration kBurst = 5ms;  // gcc-02 section 5.2, burst_time
  // What arrives this close, and sooner than it left, was held up together: a radio link that wakes, not a queue.
  static constexpr Duration kReleaseGap = 5ms;
  static constexpr Duration kReleaseMax = 100ms;

  struct Delta {
    Duration sent{};     // between the last packets of two neighbouring groups
    Duration arrived{};  // the same at the receiver
    Timestamp sent_at;   // of the newer group's last packet
    Duration arrival{};  // of the newer group's last packet, in the receiver's clock
    size_t bytes = 0;    // of that packet
  };

  // The two groups before the one that this packet begins; nothing while it still belongs to the current one. `arrival`
  // is in the receiver's clock.
  std::optional<Delta> add(Timestamp sent, Duration arrival, size_t bytes);
  void reset() { *this = {}; }

 private:
  struct Group {
    Timestamp first_sent;
    Timestamp last_sent;
    Duration first_arrival{};
    Duration last_arrival{};
    size_t last_bytes = 0;
  };
  bool belongs(Timestamp sent, Duration arrival) const;

  std::optional<Group> current_;
  std::optional<Group> previous_;
};

}  // namespace eir
