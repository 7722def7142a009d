#include "lib/client/receiver_stats.h"

#include <algorithm>
#include <cmath>

#include "lib/media/clock_mapping.h"

namespace eir {
namespace {

constexpr double kGrowth = 1.25;
constexpr double kFirstEdgeNs = 10e3;

size_t bucket_of(Duration d) {
  const double ratio = static_cast<double>(d.count()) / kFirstEdgeNs;
  if (ratio <= 1.0) return 0;
  const auto bucket = static_cast<size_t>(std::ceil(std::log(ratio) / std::log(kGrowth)));
  return std::min(bucket, DurationHistogram::kBuckets - 1);
}

Duration upper_edge(size_t bucket) {
  return Duration(static_cast<int64_t>(kFirstEdgeNs * std::pow(kGrowth, static_cast<double>(bucket))));
}

}  // namespace

void DurationHistogram::add(Duration d) {
  d = std::max(d, Duration{});
  ++buckets_[bucket_of(d)];
  ++count_;
  sum_ += d;
  max_ = std::max(max_, d);
}

Duration DurationHistogram::percentile(double p) const {
  const auto wanted = static_cast<uint64_t>(std::ceil(p * static_cast<double>(count_)));
  uint64_t below = 0;
  for (size_t i = 0; i < kBuckets; ++i) {
    below += buckets_[i];
    if (below >= wanted && below > 0) return std::min(upper_edge(i), max_);
  }
  return max_;
}

void DurationHistogram::merge(const DurationHistogram& other) {
  for (size_t i = 0; i < kBuckets; ++i) buckets_[i] += other.buckets_[i];
  count_ += other.count_;
  sum_ += other.sum_;
  max_ = std::max(max_, other.max_);
}

void ReceiverStats::note_decodable(Timestamp now, uint16_t width, uint16_t height) {
  ++decodable;
  if (last_decodable == kNever) {
    first_decodable = now;
  } else {
    frame_gap_max = std::max(frame_gap_max, now - last_decodable);
  }
  last_decodable = now;
  for (SizeCount& size : sizes) {
    if (size.frames == 0) size = {.width = width, .height = height};
    const bool is_it = size.width == width && size.height == height;
    if (!is_it && &size != &sizes.back()) continue;
    ++size.frames;
    return;
  }
}

uint64_t ReceiverStats::decodable_of(uint16_t width, uint16_t height) const {
  uint64_t sum = 0;
  for (const SizeCount& size : sizes) {
    if (size.width == width && size.height == height) sum += size.frames;
  }
  return sum;
}

Duration ReceiverStats::longest_gap(Timestamp now) const {
  return last_decodable == kNever ? frame_gap_max : std::max(frame_gap_max, now - last_decodable);
}

std::optional<NtpTime> ReceiverStats::last_presentation(uint32_t clock_rate) const {
  if (sender_reports == 0 || last_capture == kNever) return std::nullopt;
  const auto ticks = static_cast<int32_t>(last_timestamp - report_timestamp);
  return ntp_add(report_ntp, ticks_to_duration(ticks, clock_rate));
}

}  // namespace eir
