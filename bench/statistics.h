#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "bench/host.h"
#include "lib/base/time.h"

namespace eir::bench {

// Milliseconds.
struct Percentiles {
  double p50 = 0;
  double p95 = 0;
  double p99 = 0;
  double max = 0;
};

// How long the server kept datagrams, by its own account: from the kernel's receive stamp to the send.
struct AddedDelay {
  uint64_t datagrams = 0;
  double mean_ms = 0;
  // Bounds of buckets, so up to a quarter too much; 524 ms stands for all that is longer.
  double p50_ms = 0;
  double p99_ms = 0;
  double p999_ms = 0;
};
// From a worker's counters of some time (server/channel/delay_counters.h); nothing if it did not measure.
std::optional<AddedDelay> added_delay_of(const Counters& counters);

// By nearest rank: each is a value that was measured. All zero if there is none.
Percentiles percentiles_of(std::vector<Duration> values);
// Which of `values` is their median; of an even number the lower one of the two in the middle. 0 if there is none.
size_t index_of_median(const std::vector<double>& values);
double to_fraction_ms(Duration d);

}  // namespace eir::bench
