#pragma once

#include <vector>

#include "lib/base/time.h"

namespace eir::bench {

// Milliseconds.
struct Percentiles {
  double p50 = 0;
  double p95 = 0;
  double p99 = 0;
  double max = 0;
};

// By nearest rank: each is a value that was measured. All zero if there is none.
Percentiles percentiles_of(std::vector<Duration> values);
// Which of `values` is their median; of an even number the lower one of the two in the middle. 0 if there is none.
size_t index_of_median(const std::vector<double>& values);
double to_fraction_ms(Duration d);

}  // namespace eir::bench
