#include "bench/statistics.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "server/channel/delay_counters.h"

namespace eir::bench {

namespace {

double value_of(const Counters& counters, std::string_view name) {
  const auto found = counters.find(name);
  return found == counters.end() ? 0 : found->second;
}

}  // namespace

std::optional<AddedDelay> added_delay_of(const Counters& counters) {
  const double count = value_of(counters, channel::kDelayCount);
  if (count < 1) return std::nullopt;
  const auto at = [&](double p) {
    const double rank = std::ceil(p * count);
    size_t bucket = 0;
    while (bucket + 1 < DelayHistogram::kBuckets &&
           value_of(counters, channel::delay_counter_name(DelayHistogram::bound(bucket))) < rank) {
      ++bucket;
    }
    return to_fraction_ms(DelayHistogram::bound(bucket));
  };
  return AddedDelay{.datagrams = static_cast<uint64_t>(count),
                    .mean_ms = 1000 * value_of(counters, channel::kDelaySeconds) / count,
                    .p50_ms = at(0.5),
                    .p99_ms = at(0.99),
                    .p999_ms = at(0.999)};
}

double to_fraction_ms(Duration d) { return static_cast<double>(d.count()) / 1e6; }

Percentiles percentiles_of(std::vector<Duration> values) {
  if (values.empty()) return {};
  std::ranges::sort(values);
  const auto at = [&values](double p) {
    const auto rank = static_cast<size_t>(std::ceil(p * static_cast<double>(values.size())));
    return to_fraction_ms(values[std::max<size_t>(rank, 1) - 1]);
  };
  return {at(0.5), at(0.95), at(0.99), at(1.0)};
}

size_t index_of_median(const std::vector<double>& values) {
  if (values.empty()) return 0;
  std::vector<size_t> order(values.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::ranges::stable_sort(order, {}, [&values](size_t i) { return values[i]; });
  return order[(order.size() - 1) / 2];
}

}  // namespace eir::bench
