#include "lib/congestion/bandwidth_estimator.h"

#include <algorithm>

#include "lib/base/check.h"

namespace eir {

BandwidthEstimator::BandwidthEstimator(const Options& options)
    : options_(options),
      rate_(options.start, {options.min, options.max}),
      fallback_(options.start),
      target_(options.start) {
  EIR_CHECK(options.min.bps() > 0 && options.min <= options.start && options.start <= options.max);
}

void BandwidthEstimator::note_sent(Timestamp now, uint16_t transport_sequence, size_t bytes, uint16_t probe_cluster) {
  const uint16_t cluster = probes_.note_sent(now, probe_cluster, bytes);
  sent_.add(now,
            {.sequence = transport_sequence, .bytes = bytes, .cluster = cluster, .after_idle = now >= line_free_at_});
  line_free_at_ = std::max(line_free_at_, now) + target_.time_for(static_cast<int64_t>(bytes));
  limit_.note_sent(now, bytes, target_);
  if (cluster != 0) {
    Shadow& shadow = shadows_[cluster % kShadows];
    if (shadow.cluster != cluster) shadow = {.cluster = cluster, .began = now, .ends = now};
    // As long again as the cluster, so that a queue of twice the line's rate has gone.
    shadow.ends = now + (now - shadow.began) + kProbeShadow;
  }
  if (silent_since_ == kNever) silent_since_ = now;
}

bool BandwidthEstimator::is_in_shadow(Timestamp sent) const {
  return std::any_of(shadows_.begin(), shadows_.end(), [sent](const Shadow& shadow) {
    return shadow.cluster != 0 && sent >= shadow.began && sent <= shadow.ends;
  });
}

void BandwidthEstimator::handle_feedback(Timestamp now, const TransportCc& feedback) {
  ++counters_.feedback;
  switch (clock_.handle_message(now, feedback)) {
    case ArrivalClock::Verdict::kRefused:
      ++counters_.feedback_refused;
      return;
    case ArrivalClock::Verdict::kBeganAnew:
      ++counters_.feedback_began_anew;
      forget_line();
      break;
    case ArrivalClock::Verdict::kGood:
      break;
  }
  const uint64_t acknowledged_before = sent_.counters().acknowledged;
  saw_overuse_ = false;
  newest_sent_ = Timestamp::min();
  Duration arrival = clock_.reference();
  feedback.for_each([&](const PacketStatus& status) { handle_status(now, status, arrival); });
  // A message that says nothing of what was sent is no sign of life of the line.
  if (sent_.counters().acknowledged == acknowledged_before) return;
  fed_back_at_ = now;
  silent_since_ = kNever;
  finish_feedback(now);
}

void BandwidthEstimator::handle_status(Timestamp now, const PacketStatus& status, Duration& arrival) {
  if (status.received) arrival += status.delta;
  const std::optional<SentPackets::Sent> sent = sent_.resolve(status.sequence_number, status.received);
  if (!sent || sent->at > now) return;
  if (!status.received) {
    loss_.handle_lost(sent->bytes, sent->at);
    probes_.handle_lost(*sent);
    return;
  }
  newest_sent_ = std::max(newest_sent_, sent->at);
  acknowledged_.add(arrival, sent->bytes);
  probes_.handle_received(*sent, arrival);
  if (sent->was_lost) return loss_.handle_late();
  loss_.handle_received(sent->bytes, sent->at);
  if (sent->after_idle) queue_.add_idle(sent->at, arrival, sent->bytes);
  if (is_in_shadow(sent->at)) return queue_.add_probed(sent->at, arrival);
  if (const auto delta = groups_.add(sent->at, arrival, sent->bytes)) handle_group(*delta);
}

void BandwidthEstimator::handle_group(const ArrivalGroups::Delta& delta) {
  queue_.add(delta.sent_at, delta.arrival, target_.time_for(static_cast<int64_t>(delta.bytes)));
  const LinkUse before = trendline_.use();
  const LinkUse use = trendline_.update(delta.sent, delta.arrived, delta.arrival);
  if (use != LinkUse::kOver) return;
  if (before != LinkUse::kOver) ++counters_.overuses;
  saw_overuse_ = true;
}

void BandwidthEstimator::finish_feedback(Timestamp now) {
  if (!has_reported_round_trip_ && newest_sent_ != Timestamp::min()) {
    // With the receiver's interval in it, so a little long: the lowest of late counts.
    const Duration sample = std::min<Duration>(now - newest_sent_, kRoundTripMax);
    round_trip_ = has_round_trip_ ? std::min<Duration>(sample, round_trip_ + (sample - round_trip_) / 8) : sample;
    has_round_trip_ = true;
  }
  update(now);
}

// The trend and the queue must agree: jitter makes trends without a queue, and a queue that grows slowly has no trend.
LinkUse BandwidthEstimator::judge_line() {
  const bool has_queue = queue_.queue() > queue_.noise();
  if (queue_.queue() > kQueueMax + queue_.jitter() / 2) return LinkUse::kOver;
  if (saw_overuse_ || trendline_.use() == LinkUse::kOver) {
    if (has_queue) return LinkUse::kOver;
    if (saw_overuse_) ++counters_.overuses_unconfirmed;
    return LinkUse::kNormal;
  }
  return trendline_.use() == LinkUse::kUnder && has_queue ? LinkUse::kUnder : LinkUse::kNormal;
}

// After feedback, with everything that it changed.
void BandwidthEstimator::update(Timestamp now) {
  updated_at_ = now;
  const LinkUse use = judge_line();
  const bool fell = rate_.update(now, {.use = use,
                                       .acknowledged = acknowledged_.rate(),
                                       .carried = acknowledged_.since(queue_.busy_since()),
                                       .sent = limit_.sent(),
                                       .is_application_limited = limit_.is_limited(),
                                       .round_trip = round_trip_,
                                       .queue = queue_.queue(),
                                       .busy_for = queue_.busy_for()});
  if (fell) {
    ++counters_.decreases;
    probing_.handle_decrease(now);
  }
  handle_probe_results(now);
  const uint64_t queue_losses = loss_.queue_losses();
  loss_.update(now, queue_.queue() > queue_.noise(), rate_.rate(), round_trip_);
  if (loss_.queue_losses() != queue_losses) rate_.handle_queue_loss();
  uses_fallback_ = false;
  target_ = loss_.cap() ? std::min(rate_.rate(), *loss_.cap()) : rate_.rate();
  target_ = std::clamp(target_, options_.min, options_.max);
  fallback_.set_rate(target_);
  probing_.update(now, {.target = target_,
                        .is_quiet = queue_.queue() <= queue_.noise() && !loss_.cap(),
                        .decreased_at = rate_.decreased_at(),
                        .round_trip = round_trip_,
                        .jitter = queue_.jitter()});
}

void BandwidthEstimator::handle_probe_results(Timestamp now) {
  while (const std::optional<ProbeEstimator::Result> result = probes_.poll()) {
    probing_.handle_result(now, *result);
    judge_probe(now, *result);
  }
}

// Up at once. Down only if the first probe of all says so, or two in a row: one may have met somebody else's burst.
void BandwidthEstimator::judge_probe(Timestamp now, const ProbeEstimator::Result& result) {
  if (result.rate >= rate_.rate()) {
    rate_.set_rate(now, result.rate);
  } else if (result.is_saturated && result.rate > DataRate()) {
    const bool is_first = probing_.results() == 1;
    if (is_first || low_probe_ > DataRate()) rate_.set_rate(now, std::max(result.rate, low_probe_));
    low_probe_ = result.rate < rate_.rate() * kLowProbe ? result.rate : DataRate();
    if (low_probe_ > DataRate()) return;
  }
  low_probe_ = DataRate();
  if (result.is_saturated) rate_.set_capacity(result.capacity);
}

void BandwidthEstimator::handle_report(Timestamp now, double fraction_lost, Duration round_trip) {
  if (round_trip > Duration{}) {
    round_trip_ = std::min<Duration>(round_trip, kRoundTripMax);
    has_round_trip_ = has_reported_round_trip_ = true;
  }
  if (!is_fallback(now)) return;
  uses_fallback_ = true;
  fallback_.handle_report(now, fraction_lost, round_trip_);
  target_ = std::clamp(fallback_.rate(now), options_.min, options_.max);
  fallback_.set_rate(target_);
}

void BandwidthEstimator::handle_remb(Timestamp now, DataRate rate) {
  if (!is_fallback(now)) return;
  uses_fallback_ = true;
  fallback_.handle_remb(now, rate);
  target_ = std::clamp(fallback_.rate(now), options_.min, options_.max);
}

bool BandwidthEstimator::is_fallback(Timestamp now) const {
  return fed_back_at_ == Timestamp::min() || now - fed_back_at_ >= kFallbackAfter;
}

void BandwidthEstimator::handle_route_change(Timestamp now) {
  ++counters_.route_changes;
  sent_.clear();
  forget_line();
  has_round_trip_ = has_reported_round_trip_ = false;
  round_trip_ = kRoundTripStart;
  rate_.reset(std::min(rate_.rate(), options_.start));
  loss_.reset();
  target_ = rate_.rate();
  fallback_.set_rate(target_);
  silent_since_ = kNever;
  low_probe_ = {};
  probing_.start(now);
}

void BandwidthEstimator::forget_line() {
  groups_.reset();
  trendline_.reset();
  queue_.reset();
  acknowledged_.reset();
  probes_.reset();
}

void BandwidthEstimator::set_wanted(Timestamp now, DataRate wanted) {
  probing_.set_limit(now, std::min(wanted * kProbeBeyondWanted, options_.max));
  handle_timeout(now);
}

void BandwidthEstimator::handle_timeout(Timestamp now) {
  updated_at_ = now;
  const bool expects_feedback = fed_back_at_ != Timestamp::min() && !uses_fallback_;
  if (expects_feedback && silent_since_ != kNever && now - silent_since_ >= kSilence + round_trip_) {
    ++counters_.silences;
    silent_since_ = kNever;  // what is sent next begins it anew
    rate_.set_rate(now, target_ * kSilenceDecrease);
    target_ = rate_.rate();
    fallback_.set_rate(target_);
  }
  probing_.update(now, {.target = target_,
                        .is_quiet = queue_.queue() <= queue_.noise() && !loss_.cap() && !uses_fallback_,
                        .decreased_at = rate_.decreased_at(),
                        .round_trip = round_trip_,
                        .jitter = queue_.jitter()});
}

Timestamp BandwidthEstimator::next_timeout() const {
  Timestamp next = probing_.next_timeout();
  const bool expects_feedback = fed_back_at_ != Timestamp::min() && !uses_fallback_;
  if (expects_feedback && silent_since_ != kNever) next = std::min(next, silent_since_ + kSilence + round_trip_);
  // What is overdue waits for a quiet line: looked at again with the next feedback, or a little later.
  return next == kNever || updated_at_ == Timestamp::min() ? next : std::max(next, updated_at_ + kTick);
}

DataRate BandwidthEstimator::pacing() const { return std::max(target_ * kPacing, kPacingMin); }

std::optional<BandwidthEstimator::Probe> BandwidthEstimator::poll_probe(Timestamp now) {
  const std::optional<ProbeEstimator::Plan> plan = probing_.poll(now);
  if (!plan) return std::nullopt;
  probes_.begin(*plan);
  return Probe{.cluster = plan->cluster, .rate = plan->rate, .bytes = plan->bytes, .packets = plan->packets};
}

BandwidthEstimator::State BandwidthEstimator::state() const {
  return {.use = trendline_.use(),
          .round_trip = round_trip_,
          .queue = queue_.queue(),
          .jitter = queue_.jitter(),
          .loss = loss_.loss(),
          .inherent_loss = loss_.inherent(),
          .acknowledged = acknowledged_.rate().value_or(DataRate()),
          .delay_based = rate_.rate(),
          .loss_cap = loss_.cap(),
          .is_application_limited = limit_.is_limited(),
          .uses_fallback = uses_fallback_,
          .bytes_in_flight = sent_.bytes_in_flight()};
}

}  // namespace eir
