#pragma once

#include <initializer_list>

#include "server/telemetry/metrics.h"

namespace eir {

// Counts observations into fixed buckets for MetricsPage::histogram. One value, whoever observes owns it.
class Histogram {
 public:
  // The upper bounds of the buckets, ascending; what is above the last counts in `count` alone.
  Histogram(std::initializer_list<double> bounds);

  void observe(double value);
  const HistogramSnapshot& snapshot() const { return snapshot_; }

 private:
  HistogramSnapshot snapshot_;
};

}  // namespace eir
