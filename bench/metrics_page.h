#pragma once

#include <string>

#include "bench/host.h"

namespace eir::bench {

// eird's metrics page (Prometheus text format 0.0.4) as the counters that its workers sent, those of all workers
// summed; the histogram of added delay under the names of server/channel/delay_counters.h. Other histograms' buckets
// are left out. What is no line of such a page counts nothing.
Counters parse_metrics_page(const std::string& page);

}  // namespace eir::bench
