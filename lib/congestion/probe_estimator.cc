#include "lib/congestion/probe_estimator.h"

#include <algorithm>

namespace eir {
namespace {

constexpr double kMin = 1e-9;
DataRate rate_of(double seconds_per_kilobyte) {
  return DataRate::bps(static_cast<int64_t>(8e3 / std::max(seconds_per_kilobyte, 1e-6)));
}

}  // namespace

void ProbeEstimator::Line::add(double at_x, double at_y) {
  n += 1;
  x += at_x;
  y += at_y;
  xx += at_x * at_x;
  xy += at_x * at_y;
  yy += at_y * at_y;
}

std::optional<double> ProbeEstimator::Line::slope() const {
  const double denominator = n * xx - x * x;
  if (denominator <= kMin) return std::nullopt;
  return (n * xy - x * y) / denominator;
}

double ProbeEstimator::Line::unexplained() const {
  const double total = yy - y * y / n;
  const double along = slope().value_or(0.0) * (xy - x * y / n);
  return std::max(total - along, 0.0);
}

ProbeEstimator::Cluster* ProbeEstimator::find(uint16_t cluster) {
  if (cluster == 0) return nullptr;
  for (Cluster& each : clusters_) {
    if (each.plan.cluster == cluster) return &each;
  }
  return nullptr;
}

void ProbeEstimator::begin(const Plan& plan) {
  Cluster& place = clusters_[plan.cluster % kClusters];
  place = {};
  place.plan = plan;
  filling_ = 0;  // one that was never completed ends here
}

uint16_t ProbeEstimator::note_sent(Timestamp now, uint16_t cluster, size_t bytes) {
  if (cluster == 0) cluster = filling_;
  Cluster* const found = find(cluster);
  if (found == nullptr) return 0;
  if (found->sent_packets++ == 0) found->first_sent = now;
  found->last_sent = now;
  found->sent_bytes += bytes;
  filling_ = is_whole(*found) ? uint16_t{0} : cluster;
  return cluster;
}

void ProbeEstimator::handle_received(const SentPackets::Sent& sent, Duration arrival) {
  Cluster* const found = find(sent.cluster);
  if (found == nullptr) return;
  if (!sent.was_lost) ++found->resolved;
  if (found->received++ == 0) found->first_arrival = arrival;
  // One that a later packet overtook tells of the way, not of the line's rate.
  if (found->last.bytes > 0 && arrival >= found->last.arrival) found->add_last();
  found->last = {.left = sent.at, .arrival = arrival, .bytes = sent.bytes, .before = found->resolved_bytes};
  found->resolved_bytes += sent.bytes;
  found->received_bytes += sent.bytes;
  found->last.with = found->received_bytes;
}

void ProbeEstimator::Cluster::add_last() {
  const double came = to_seconds(last.arrival - first_arrival);
  const double left = to_seconds(last.left - first_sent);
  sent.add(double(last.before) / 1e3, left);
  arrived.add(double(last.with) / 1e3, came);
  delay.add(double(last.bytes) / 1e3, came - left);
}

void ProbeEstimator::handle_lost(const SentPackets::Sent& sent) {
  Cluster* const found = find(sent.cluster);
  if (found == nullptr) return;
  ++found->resolved;
  found->resolved_bytes += sent.bytes;
}

std::optional<ProbeEstimator::Result> ProbeEstimator::poll() {
  for (Cluster& each : clusters_) {
    if (each.plan.cluster == 0 || each.resolved < each.sent_packets) continue;
    if (!is_whole(each)) continue;
    const Result nothing{.cluster = each.plan.cluster};
    each.add_last();
    const std::optional<Result> result = evaluate(each);
    each = {};
    return result ? result : nothing;
  }
  return std::nullopt;
}

std::optional<ProbeEstimator::Result> ProbeEstimator::evaluate(const Cluster& cluster) {
  if (double(cluster.received) < kReceivedMin * double(cluster.sent_packets) || cluster.received < 3)
    return std::nullopt;
  const std::optional<double> arrived = cluster.arrived.slope();
  const std::optional<double> sent = cluster.sent.slope();
  if (!arrived || !sent) return std::nullopt;
  const DataRate arrived_rate = rate_of(*arrived);
  const DataRate sent_rate = rate_of(*sent);
  Result result{.cluster = cluster.plan.cluster};
  // What was lost on the way to the queue did not fill it.
  const double came = double(cluster.received_bytes) / double(std::max<size_t>(cluster.resolved_bytes, 1));
  const bool is_slower = arrived_rate < std::min(sent_rate, cluster.plan.rate) * came * kSaturated;
  const bool is_long = cluster.last_sent - cluster.first_sent >= kLong;
  result.is_saturated = is_slower && (is_long || cluster.arrived.unexplained() <= cluster.delay.unexplained());
  if (result.is_saturated) {
    result.capacity = arrived_rate;
    result.rate = arrived_rate * kOfSaturated;
  } else {
    result.rate = std::min(sent_rate * kTimers, cluster.plan.rate) * came;
  }
  return result;
}

}  // namespace eir
