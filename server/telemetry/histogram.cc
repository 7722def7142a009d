#include "server/telemetry/histogram.h"

#include <algorithm>

#include "lib/base/check.h"

namespace eir {

Histogram::Histogram(std::initializer_list<double> bounds) {
  EIR_CHECK(std::is_sorted(bounds.begin(), bounds.end()));
  snapshot_.bounds = bounds;
  snapshot_.counts.resize(bounds.size());
}

void Histogram::observe(double value) {
  for (size_t i = 0; i < snapshot_.bounds.size(); ++i) {
    if (value <= snapshot_.bounds[i]) ++snapshot_.counts[i];
  }
  ++snapshot_.count;
  snapshot_.sum += value;
}

}  // namespace eir
