#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "lib/base/path.h"
#include "lib/base/time.h"
#include "lib/base/units.h"
#include "lib/congestion/bandwidth_estimator.h"
#include "lib/congestion/pacer.h"
#include "lib/router/bitrate_allocator.h"

namespace eir {

class ReceiveSlot;

// How much one receiving session is sent, and when: the estimate of its line (BandwidthEstimator), its division among
// the slots (BitrateAllocator) and the pace (Pacer). Owned by a ClientSession that has slots; it decides for the
// pictures, sound is only counted.
//
// Before anything is known of the line every slot gets its lowest layer, whatever that is: a picture that is there at
// once on nearly every line is worth more than a second's care for the few that cannot carry it. While the line carries
// all that is wanted and has never been full lately, nothing is paced: what a publisher sends is paced already, and
// holding it back a second time would cost delay and GSO runs for nothing.
class SendControl {
 public:
  static constexpr Duration kDivideInterval = 250ms;  // at most so long until the layers' rates are looked at again
  static constexpr Duration kPacedAfterFall = 10s;    // a line that was full is paced for so long
  static constexpr double kFalls = 0.98;              // of what is granted: a target below it is acted upon at once
  // Of a layer that has sent too little to be measured: bits a pixel and second. 720p: 1.8 Mbit/s.
  static constexpr double kBitsPerPixel = 2.0;
  static constexpr DataRate kVoice = DataRate::kbps(40);

  SendControl() : estimator_({}), pacer_(estimator_.pacing()) {}

  // --- the packet path: no allocation, nothing slow ---
  // A datagram went out; `transport_sequence` if it carries one.
  void note_sent(Timestamp now, std::optional<uint16_t> transport_sequence, size_t bytes, bool is_audio) {
    if (is_paced_ || pacer_.is_probing()) pacer_.note_sent(now, bytes, is_audio);
    if (transport_sequence) estimator_.note_sent(now, *transport_sequence, bytes, pacer_.is_probing() ? cluster_ : 0);
  }
  // Whether a picture's packet may leave.
  bool may_send(Timestamp now) const { return !is_paced_ || pacer_.may_send(now); }
  bool is_paced() const { return is_paced_; }
  bool is_probing() const { return pacer_.is_probing(); }
  // Whether the probe that is under way wants a packet that no picture gave.
  bool wants_padding(Timestamp now) const { return pacer_.is_probing() && pacer_.may_send(now); }
  void end_probe() { pacer_.end_probe(); }
  Timestamp next_send(Timestamp now) const { return pacer_.next_send(now); }

  // --- what receivers say ---
  void handle_feedback(Timestamp now, const TransportCc& feedback);
  void handle_report(Timestamp now, double fraction_lost, std::optional<Duration> round_trip);
  void handle_remb(Timestamp now, DataRate rate);
  void handle_timeout(Timestamp now);
  Timestamp next_timeout() const { return estimator_.next_timeout(); }
  // To be called with the path of each flush: another one is another line.
  void handle_path(Timestamp now, const Path& path);

  // --- the division ---
  // Something changed that it rests upon: it is made anew with the next flush.
  void divide_soon() { is_due_ = true; }
  bool is_due(Timestamp now) const { return is_due_ || now >= divided_at_ + kDivideInterval; }
  // Gives each slot its layer; true if a slot was paused, or goes on.
  bool divide(Timestamp now, std::span<const std::unique_ptr<ReceiveSlot>> slots);
  // The next probe begins, if one is due.
  void begin_probe(Timestamp now);

  const Allocation& allocation() const { return allocation_; }
  const BandwidthEstimator& estimator() const { return estimator_; }

 private:
  DataRate unproven(DataRate least) const;
  void note_target(Timestamp now);

  BandwidthEstimator estimator_;
  Pacer pacer_;
  Allocation allocation_;
  std::vector<SlotMemory> memory_;
  std::optional<Path> path_;
  uint16_t cluster_ = 0;
  bool is_due_ = true;
  bool is_paced_ = false;
  uint64_t falls_ = 0;
  Timestamp was_full_until_ = Timestamp::min();
  Timestamp divided_at_ = Timestamp::min();
};

}  // namespace eir
