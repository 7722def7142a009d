#include "lib/congestion/loss_control.h"

#include <algorithm>
#include <cmath>

namespace eir {
namespace {

constexpr double kLossGain = 0.3;  // of the smoothed loss, per window
constexpr double kHeavy = 0.30;    // is not waited upon for a second window
constexpr double kConfirms = 0.3;  // of the way from what a policer would drop to what was dropped before
constexpr double kDoubtful = 0.8;  // of what was dropped before
constexpr double kDeviations = 4;
constexpr double kBurstiness = 2;        // of the variance, against losses one by one
constexpr double kUnderCapacity = 0.98;  // a cap leaves the policer's bucket room to fill

// Of the share of `packets` that are lost by chance, if they are lost with this probability one by one or in small
// bursts.
double deviation(double probability, size_t packets) {
  const double p = std::max(probability, 0.02);
  return std::sqrt(kBurstiness * p * (1 - p) / double(packets));
}

}  // namespace

void LossControl::note(size_t bytes, Timestamp sent_at) {
  first_sent_ = std::min(first_sent_, sent_at);
  last_sent_ = std::max(last_sent_, sent_at);
  ++packets_;
  bytes_ += bytes;
}

void LossControl::handle_received(size_t bytes, Timestamp sent_at) {
  note(bytes, sent_at);
  was_lost_ = false;
}

void LossControl::handle_lost(size_t bytes, Timestamp sent_at) {
  note(bytes, sent_at);
  ++lost_;
  if (!was_lost_) ++events_;
  was_lost_ = true;
}

void LossControl::update(Timestamp now, bool has_queue, DataRate rate, Duration round_trip) {
  had_queue_ = had_queue_ || has_queue;
  if (packets_ == 0) return;
  const Duration span = last_sent_ - first_sent_;
  if (span < kWindow || (packets_ < kPacketsMin && span < kWindowMax)) return;
  const Window window{.sent = packets_,
                      .lost = std::min(lost_, packets_),
                      .events = events_,
                      .rate = DataRate::bps(static_cast<int64_t>(double(bytes_) * 8 / to_seconds(span))),
                      .had_queue = had_queue_};
  const Timestamp began = first_sent_;
  first_sent_ = kNever;
  last_sent_ = Timestamp::min();
  packets_ = lost_ = events_ = bytes_ = 0;
  had_queue_ = false;

  const double loss = double(window.lost) / double(window.sent);
  loss_ += kLossGain * (loss - loss_);
  if (state_ == State::kTrial && began < trial_counts_from_) return;  // sent before the trial
  judge(window, now, rate, round_trip);
}

void LossControl::judge(const Window& window, Timestamp now, DataRate rate, Duration round_trip) {
  if (state_ == State::kTrial) return judge_trial(window, now, round_trip);
  const double loss = double(window.lost) / double(window.sent);
  Window both = window;
  both.sent += suspicious_.sent;
  both.lost += suspicious_.lost;
  both.events += suspicious_.events;
  const bool is_second = suspicious_.sent > 0;
  suspicious_ = {};
  // Runs are few where nearly everything is lost.
  const bool is_scattered = both.events >= kEventsMin || 2 * both.lost >= both.sent;
  const double limit = inherent_ + std::max(kSuspicious, kDeviations * deviation(inherent_, both.sent));
  const double pooled = double(both.lost) / double(both.sent);
  if (is_scattered && (loss >= inherent_ + kHeavy || (is_second && pooled > limit))) {
    before_ = both;
    is_second_trial_ = false;
    return begin_trial(now, round_trip, std::min(kTrial, 1 - loss));
  }
  if (loss > inherent_ + kSuspicious) {
    suspicious_ = window;
    return;
  }
  // What a full queue drops says nothing of the line's nature.
  if (window.had_queue) return;
  // The first windows are averaged, later ones smoothed.
  const double gain = std::max(1.0 / ++learnt_, kInherentGain);
  inherent_ = std::min(inherent_ + gain * (loss - inherent_), kInherentMax);
  if (!cap_) return;
  cap_ = *cap_ * kGrowth;
  if (*cap_ < rate) return;
  cap_.reset();
  state_ = State::kFree;
}

void LossControl::cap_at(DataRate rate) {
  state_ = State::kCapped;
  cap_ = std::max(rate, kCapMin);
}

void LossControl::begin_trial(Timestamp now, Duration round_trip, double part) {
  ++trials_;
  cap_at(before_.rate * part);
  state_ = State::kTrial;
  trial_counts_from_ = now + round_trip;
  trial_sent_ = trial_lost_ = 0;
  trial_bps_ = 0;
  trial_windows_ = 0;
}

void LossControl::judge_trial(const Window& window, Timestamp now, Duration round_trip) {
  if (window.had_queue && !before_.had_queue) return;  // a key frame, perhaps: compares with nothing
  trial_sent_ += window.sent;
  trial_lost_ += window.lost;
  trial_bps_ += double(window.rate.bps());  // windows are of about the same length
  ++trial_windows_;
  if (trial_sent_ < kTrialPackets) return;

  const double high = double(before_.lost) / double(before_.sent);
  const double low = double(trial_lost_) / double(trial_sent_);
  const double rate = trial_bps_ / trial_windows_;
  // A policer lets the same through as before; of the lower rate that is a larger part.
  const double through = double(before_.rate.bps()) * (1 - std::max(0.0, high - inherent_));
  const double expected = std::max(inherent_, 1 - through / std::max(rate, 1.0));
  const bool rate_fell = rate < 0.95 * double(before_.rate.bps());
  if ((rate_fell && low < expected + kConfirms * (high - expected)) || low > kInherentMax) {
    ++confirmed_;
    if (before_.had_queue) ++queue_losses_;
    const double carried = rate * (1 - std::max(0.0, low - inherent_));
    return cap_at(DataRate::bps(static_cast<int64_t>(std::min(carried, through * kUnderCapacity))));
  }
  // It fell, but by less than expected: by chance, or the policer's rate is lower still.
  if (rate_fell && low < kDoubtful * high && !is_second_trial_) {
    is_second_trial_ = true;
    return begin_trial(now, round_trip, rate * kTrial / double(before_.rate.bps()));
  }
  inherent_ = std::min(std::max(inherent_, low), kInherentMax);
  state_ = State::kFree;
  cap_.reset();
}

}  // namespace eir
