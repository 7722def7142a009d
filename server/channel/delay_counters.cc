#include "server/channel/delay_counters.h"

#include <algorithm>

namespace eir::channel {
namespace {

const Counter* find(std::span<const Counter> counters, std::string_view name) {
  const auto found = std::find_if(counters.begin(), counters.end(), [&](const Counter& c) { return c.name == name; });
  return found == counters.end() ? nullptr : &*found;
}

// A counter is a double on its way, and a worker may be in a stranger's hands: what a double cannot count exactly is 0.
uint64_t whole(double value) {
  constexpr double kExact = 9007199254740992;  // 2^53
  return value > 0 && value <= kExact ? static_cast<uint64_t>(value) : 0;
}

}  // namespace

std::string delay_counter_name(Duration bound) {
  return "added_delay_upto_" + std::to_string(to_us(bound)) + "us_total";
}

void append_delay(const DelayHistogram& delay, std::vector<Counter>& out) {
  uint64_t so_far = 0;
  for (size_t i = 0; i < DelayHistogram::kBuckets; ++i) {
    so_far += delay.count_in(i);
    out.push_back({delay_counter_name(DelayHistogram::bound(i)), static_cast<double>(so_far)});
  }
  out.push_back({std::string(kDelayCount), static_cast<double>(delay.count())});
  out.push_back({std::string(kDelaySeconds), to_seconds(delay.sum())});
}

std::optional<HistogramSnapshot> delay_among(std::span<const Counter> counters) {
  const Counter* const count = find(counters, kDelayCount);
  const Counter* const sum = find(counters, kDelaySeconds);
  if (count == nullptr || sum == nullptr) return std::nullopt;
  HistogramSnapshot out;
  out.count = whole(count->value);
  out.sum = sum->value;
  for (size_t i = 0; i < DelayHistogram::kBuckets; ++i) {
    const Duration bound = DelayHistogram::bound(i);
    const Counter* const bucket = find(counters, delay_counter_name(bound));
    if (bucket == nullptr) continue;
    out.bounds.push_back(to_seconds(bound));
    out.counts.push_back(whole(bucket->value));
  }
  return out;
}

}  // namespace eir::channel
