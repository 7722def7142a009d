#include "bench/statistics.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace eir::bench {

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
