#include "lib/congestion/loss_control.h"

#include <algorithm>

namespace eir {
namespace {

constexpr double kLossGain = 0.3;        // of the smoothed loss, per window
constexpr double kHeavy = 0.30;          // is not waited upon for a second window
constexpr double kUnderCapacity = 0.98;  // a cap leaves the policer's bucket room to fill

}  // namespace

void LossControl::note(size_t bytes, Timestamp sent_at) {
  first_sent_ = std::min(first_sent_, sent_at);
  last_sent_ = std::max(last_sent_, sent_at);
  ++packets_;
  bytes_ += bytes;
}

void LossControl::handle_received(size_t bytes, Timestamp sent_at) { note(bytes, sent_at); }

void LossControl::handle_lost(size_t bytes, Timestamp sent_at) {
  note(bytes, sent_at);
  ++lost_;
}

void LossControl::update(Timestamp now, bool has_queue, DataRate rate, Duration round_trip) {
  had_queue_ = had_queue_ || has_queue;
  if (packets_ == 0) return;
  const Duration span = last_sent_ - first_sent_;
  if (span < kWindow || (packets_ < kPacketsMin && span < kWindowMax)) return;
  const Window window{.sent = packets_,
                      .lost = std::min(lost_, packets_),
                      .rate = DataRate::bps(static_cast<int64_t>(double(bytes_) * 8 / to_seconds(span))),
                      .had_queue = had_queue_};
  const Timestamp began = first_sent_;
  first_sent_ = kNever;
  last_sent_ = Timestamp::min();
  packets_ = lost_ = bytes_ = 0;
  had_queue_ = false;

  const double loss = double(window.lost) / double(window.sent);
  loss_ += kLossGain * (loss - loss_);
  if (state_ == State::kTrial && began < trial_counts_from_) return;  // sent before the trial
  judge(window, now, rate, round_trip);
}

void LossControl::judge(const Window& window, Timestamp now, DataRate rate, Duration round_trip) {
  if (state_ == State::kTrial) return judge_trial(window);
  const double loss = double(window.lost) / double(window.sent);
  // What a full queue drops says nothing of the line's nature, and the delay-based control answers it.
  if (window.had_queue) {
    suspicious_ = 0;
    return;
  }
  if (loss <= inherent_ + kSuspicious) {
    suspicious_ = 0;
    inherent_ = std::min(inherent_ + kInherentGain * (loss - inherent_), kInherentMax);
    if (cap_) {
      cap_ = *cap_ * kGrowth;
      if (*cap_ >= rate) {
        cap_.reset();
        state_ = State::kFree;
      }
    }
    return;
  }
  if (++suspicious_ >= 2 || loss >= inherent_ + kHeavy) begin_trial(window, now, round_trip);
}

void LossControl::begin_trial(const Window& window, Timestamp now, Duration round_trip) {
  ++trials_;
  suspicious_ = 0;
  state_ = State::kTrial;
  before_ = window;
  cap_ = window.rate * kTrial;
  trial_counts_from_ = now + round_trip;
  trial_sent_ = trial_lost_ = 0;
  trial_bits_ = trial_seconds_ = 0;
}

void LossControl::judge_trial(const Window& window) {
  trial_sent_ += window.sent;
  trial_lost_ += window.lost;
  const double seconds = window.rate.bps() > 0 ? 1.0 : 0.0;  // windows are of about the same length
  trial_bits_ += double(window.rate.bps()) * seconds;
  trial_seconds_ += seconds;
  if (trial_sent_ < kTrialPackets) return;

  const double high = double(before_.lost) / double(before_.sent);
  const double low = double(trial_lost_) / double(trial_sent_);
  const double rate = trial_seconds_ > 0 ? trial_bits_ / trial_seconds_ : 0;
  // A policer lets the same through as before; of the lower rate that is a larger part.
  const double through = double(before_.rate.bps()) * (1 - std::max(0.0, high - inherent_));
  const double expected = std::max(inherent_, rate > 0 ? 1 - through / rate : 0.0);
  const bool rate_fell = rate < 0.95 * double(before_.rate.bps());
  const bool is_policed = window.had_queue || (rate_fell && low < (high + expected) / 2) || low > kInherentMax;
  if (is_policed) {
    ++confirmed_;
    state_ = State::kCapped;
    cap_ = DataRate::bps(static_cast<int64_t>(low > kInherentMax ? rate * (1 - low) : through * kUnderCapacity));
    return;
  }
  inherent_ = std::min(std::max(inherent_, (high + low) / 2), kInherentMax);
  state_ = State::kFree;
  cap_.reset();
}

}  // namespace eir
