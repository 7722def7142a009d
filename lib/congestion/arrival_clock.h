#pragma once

#include <cstdint>
#include <optional>

#include "lib/base/sequence.h"
#include "lib/base/time.h"
#include "lib/rtp/rtcp_transport_cc.h"

namespace eir {

// Turns the reference times of feedback messages (24 bits of 64 ms, which wrap every 12.4 days) into one receiver time
// that never wraps, and refuses messages whose time cannot be: forged ones, and those that wandered in the network for
// seconds. Owned by a BandwidthEstimator. A receiver that began anew is believed after kRefusedMax messages in a row.
class ArrivalClock {
 public:
  static constexpr Duration kDisagreementMax = 5s;  // with this side's clock, since the last message
  static constexpr int kRefusedMax = 4;

  enum class Verdict : uint8_t { kGood, kRefused, kBeganAnew };
  Verdict handle_message(Timestamp now, const TransportCc& feedback);
  // The receiver's time that the deltas of the last good message start from.
  Duration reference() const { return reference_; }
  void reset() { *this = {}; }

 private:
  SequenceUnwrapper<uint32_t, 24> numbers_;
  bool has_any_ = false;
  int refused_ = 0;
  Duration reference_{};
  Timestamp handled_at_;
};

}  // namespace eir
