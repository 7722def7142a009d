#pragma once

#include <cstdint>
#include <vector>

#include "lib/base/bytes.h"
#include "lib/base/sequence.h"
#include "lib/base/time.h"
#include "lib/rtp/rtcp_common.h"

namespace eir {

// The receiving half of transport-wide congestion control (draft-holmer-rmcat-transport-wide-cc-extensions-01): notes
// when each packet of a transport came and writes the feedback that lets a publisher's encoder send all its layers. One
// per transport.
class FeedbackRecorder {
 public:
  static constexpr Duration kInterval = 50ms;   // libwebrtc's send side expects 50–250 ms
  static constexpr size_t kPendingMax = 4096;   // numbers not reported yet; more at once is a jump, not a burst
  static constexpr size_t kPendingUsual = 256;  // room from the start: kInterval of 5,000 packets a second

  struct Counters {
    uint64_t packets = 0;
    uint64_t late = 0;   // came after their number had been reported lost
    uint64_t jumps = 0;  // numbers beyond kPendingMax: began anew
    uint64_t messages = 0;
  };

  void handle_packet(Timestamp now, uint16_t transport_sequence);
  Timestamp next_timeout() const { return due_; }
  // If feedback is due: writes one message about as much as fits and returns true; call until false.
  bool write_feedback(Timestamp now, FeedbackSsrcs ssrcs, ByteWriter& out);
  const Counters& counters() const { return counters_; }

 private:
  SequenceUnwrapper<uint16_t> sequence_;
  std::vector<Timestamp> pending_;  // pending_[i] is of base_ + i; kNever: not come
  int64_t base_ = 0;
  Timestamp due_ = kNever;
  uint8_t count_ = 0;
  Counters counters_;
};

}  // namespace eir
