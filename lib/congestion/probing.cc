#include "lib/congestion/probing.h"

#include <algorithm>

namespace eir {

void ProbeControl::start(Timestamp now) {
  is_first_ = true;
  due_ = now;
  pending_.reset();
  under_way_.reset();
  deadline_ = kNever;
  interval_ = kInterval;
  results_ = 0;
}

void ProbeControl::set_limit(Timestamp now, DataRate limit) {
  // More is wanted than before: worth a look soon.
  if (limit > limit_ * kWorthwhile) due_ = std::min(due_, now);
  limit_ = limit;
}

void ProbeControl::update(Timestamp now, const Line& line) {
  target_ = line.target;
  if (under_way_ && now >= deadline_) {
    ++given_up_;
    under_way_.reset();
    deadline_ = kNever;
    due_ = now + interval_;
  }
  if (pending_ || under_way_ || now < due_ || limit_ < line.target * kWorthwhile) return;
  const bool is_calm = line.decreased_at == Timestamp::min() || now - line.decreased_at >= kQuiet;
  if (!line.is_quiet || !is_calm) return;
  pending_ = plan(line);
  answer_within_ = line.round_trip + kAnswerExtra;
}

ProbeEstimator::Plan ProbeControl::plan(const Line& line) const {
  ProbeEstimator::Plan plan;
  plan.cluster = static_cast<uint16_t>(cluster_ % SentPackets::kClusterMax + 1);
  plan.rate = std::min(line.target * (is_first_ ? kFirst : kNext), limit_);
  Duration length = kLength;
  if (line.jitter > kJitterMin) {
    const auto outlasts = Duration(static_cast<int64_t>(double(line.jitter.count()) * kJitterLengths));
    length = std::min<Duration>(length + outlasts, kLengthMax);
  }
  const auto bytes = static_cast<size_t>(plan.rate.bytes_in(length));
  plan.packets = std::max(kPackets, bytes / kPacketBytesMax + 1);
  plan.bytes = std::max(bytes, plan.packets * kPacketBytesMin);
  return plan;
}

std::optional<ProbeEstimator::Plan> ProbeControl::poll(Timestamp now) {
  if (!pending_) return std::nullopt;
  const ProbeEstimator::Plan plan = *pending_;
  pending_.reset();
  under_way_ = plan;
  cluster_ = plan.cluster;
  is_first_ = false;
  ++sent_;
  deadline_ = now + plan.rate.time_for(static_cast<int64_t>(plan.bytes)) + answer_within_;
  due_ = now + interval_;
  return plan;
}

void ProbeControl::handle_result(Timestamp now, const ProbeEstimator::Result& result) {
  if (!under_way_ || under_way_->cluster != result.cluster) return;
  const ProbeEstimator::Plan plan = *under_way_;
  under_way_.reset();
  deadline_ = kNever;
  if (result.rate == DataRate()) {
    ++given_up_;
    return;
  }
  ++succeeded_;
  ++results_;
  if (result.rate > target_) rose_at_ = now;
  const bool rose = result.rate >= target_ * kWorthwhile;
  if (rose && result.rate >= plan.rate * kSucceeded && !result.is_saturated) due_ = now;
}

void ProbeControl::handle_decrease(Timestamp now) {
  const bool was_misled = rose_at_ != Timestamp::min() && now - rose_at_ < kMisledTime;
  interval_ = was_misled ? std::min<Duration>(2 * interval_, kIntervalMax) : kInterval;
  rose_at_ = Timestamp::min();
  due_ = now + kQuiet;
}

Timestamp ProbeControl::next_timeout() const {
  if (pending_) return kNever;
  if (under_way_) return deadline_;
  return limit_ == DataRate() || limit_ < target_ * kWorthwhile ? kNever : due_;
}

}  // namespace eir
