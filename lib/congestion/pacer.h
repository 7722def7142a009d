#pragma once

#include <cstddef>

#include "lib/base/time.h"
#include "lib/base/units.h"

namespace eir {

// When the next packet may leave: a budget, not a queue. What waits stays as entries with its slots. Owned by a
// receiving transport. Up to kBurst of the rate, or kBurstBytes if that is more, may leave at once, so that GSO runs
// survive; what was not used longer ago is lost. Sound passes always, and counts: the pictures wait for it. A probe
// cluster leaves at its own rate.
class Pacer {
 public:
  static constexpr Duration kBurst = 5ms;  // as libwebrtc's pacer; the arrival groups of the receiver are as long
  static constexpr size_t kBurstBytes = size_t{2} * 1200;
  static constexpr size_t kPaddingMin = 100;  // smaller ones measure headers
  static constexpr size_t kPaddingMax = 1200;
  static constexpr Duration kDebtMax = 500ms;  // sound on a line thinner than it does not stop the pictures for ever

  explicit Pacer(DataRate rate) : rate_(rate) {}

  // From now on; the rate must not be zero. What was sent before keeps its price.
  void set_rate(DataRate rate) { rate_ = rate; }
  // What is sent next, at least so many bytes and packets, leaves at the probe's rate, whatever the debt of before.
  struct Probe {
    DataRate rate;
    size_t bytes = 0;
    size_t packets = 0;
  };
  void begin_probe(Timestamp now, const Probe& probe);
  bool is_probing() const { return probe_bytes_ > 0 || probe_packets_ > 0; }
  // How large the next packet of padding should be if no media waits for the probe.
  size_t probe_padding() const;
  // There is nothing to send it with.
  void end_probe() { probe_bytes_ = probe_packets_ = 0; }

  // Whether a packet of video may leave.
  bool may_send(Timestamp now) const { return free_at_ <= now; }
  void note_sent(Timestamp now, size_t bytes, bool is_audio);
  // When the next packet of video may leave; not before `now`.
  Timestamp next_send(Timestamp now) const { return free_at_ <= now ? now : free_at_; }

 private:
  DataRate rate_;
  DataRate probe_rate_;
  size_t probe_bytes_ = 0;    // still to be sent
  size_t probe_packets_ = 0;  // still to be sent
  Timestamp free_at_ = Timestamp::min();
};

}  // namespace eir
