#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "lib/base/time.h"
#include "lib/base/units.h"

namespace eir {

// Tells loss that the sender causes from loss that the line has anyway, and caps the rate for the former only. Owned by
// a BandwidthEstimator. Loss of a full queue comes with delay: the delay-based control sees it first. Loss without
// delay is either a policer or a very short queue, which drops less when less is sent, or a bad radio, which does not
// care. So a rise of loss is tried: a fifth less is sent for some round trips. If the loss falls as a policer's would,
// the rate stays capped near what came through; if it falls by less, a further fifth is tried; else that much loss
// belongs to the line and costs nothing any more. (The inherent loss is the idea of libwebrtc's loss_based_bwe_v2;
// draft-ietf-rmcat-gcc-02 section 6 stops growing at 2 % and falls at 10 % whatever the reason. The trial is this
// project's.)
class LossControl {
 public:
  static constexpr Duration kWindow = 500ms;
  static constexpr size_t kPacketsMin = 20;     // a window lasts until it has so many…
  static constexpr Duration kWindowMax = 2s;    // …or so long
  static constexpr double kSuspicious = 0.08;   // above what the line has anyway
  static constexpr double kInherentMax = 0.45;  // more is never taken for the line's nature
  static constexpr double kTrial = 0.80;        // of the rate that lost too much
  static constexpr size_t kTrialPackets = 100;  // …until so many show the effect
  // So many separate losses in two windows make a suspicion: a radio's bursts are few, a policer drops here and there.
  static constexpr size_t kEventsMin = 8;
  static constexpr DataRate kCapMin = DataRate::kbps(10);  // a cap of nothing could never grow
  static constexpr double kInherentGain = 0.15;            // per window
  static constexpr double kGrowth = 1.08;                  // of a cap, per window without suspicion

  struct Window {
    size_t sent = 0;
    size_t lost = 0;
    size_t events = 0;  // runs of lost packets
    DataRate rate;      // of what was sent
    bool had_queue = false;
  };

  void handle_received(size_t bytes, Timestamp sent_at);
  void handle_lost(size_t bytes, Timestamp sent_at);
  void handle_late() {
    if (lost_ > 0) --lost_;
  }
  // After each feedback. `has_queue`: the line's queue is in use. `rate`: the uncapped rate.
  void update(Timestamp now, bool has_queue, DataRate rate, Duration round_trip);

  // No more than this; nothing: no reason to limit.
  std::optional<DataRate> cap() const { return cap_; }
  // Of the last windows, for statistics and for who chooses redundancy.
  double loss() const { return loss_; }
  // What the line loses whatever is sent.
  double inherent() const { return inherent_; }
  bool is_trying() const { return state_ == State::kTrial; }
  // Confirmed trials that a full queue gave rise to.
  uint64_t queue_losses() const { return queue_losses_; }
  uint64_t trials() const { return trials_; }
  uint64_t confirmed() const { return confirmed_; }
  void reset() { *this = {}; }

 private:
  enum class State : uint8_t { kFree, kTrial, kCapped };

  void note(size_t bytes, Timestamp sent_at);
  void judge(const Window& window, Timestamp now, DataRate rate, Duration round_trip);
  void begin_trial(Timestamp now, Duration round_trip, double part);
  void judge_trial(const Window& window, Timestamp now, Duration round_trip);
  void cap_at(DataRate rate);

  // The open window, by send time.
  Timestamp first_sent_ = kNever;
  Timestamp last_sent_ = Timestamp::min();
  size_t packets_ = 0;
  size_t lost_ = 0;
  size_t events_ = 0;
  bool was_lost_ = false;  // the packet before
  size_t bytes_ = 0;
  bool had_queue_ = false;

  State state_ = State::kFree;
  std::optional<DataRate> cap_;
  double loss_ = 0;
  double inherent_ = 0;
  int learnt_ = 0;     // windows that inherent_ comes from, as far as it matters
  Window suspicious_;  // the window before this one; sent 0: it was not
  Window before_;      // the trial
  bool is_second_trial_ = false;
  Timestamp trial_counts_from_;
  size_t trial_sent_ = 0;
  size_t trial_lost_ = 0;
  double trial_bps_ = 0;  // sum over the windows
  int trial_windows_ = 0;
  uint64_t queue_losses_ = 0;
  uint64_t trials_ = 0;
  uint64_t confirmed_ = 0;
};

}  // namespace eir
