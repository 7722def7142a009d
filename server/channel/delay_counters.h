#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "server/channel/messages.h"
#include "server/telemetry/delay_histogram.h"
#include "server/telemetry/metrics.h"

// How a worker's histogram of added delay travels among its counters: cumulative, each bucket a counter that is named
// by its bound.
namespace eir::channel {

inline constexpr std::string_view kDelayCount = "added_delay_datagrams_total";
inline constexpr std::string_view kDelaySeconds = "added_delay_seconds_total";  // the sum of all
// "added_delay_upto_16us_total"
std::string delay_counter_name(Duration bound);

void append_delay(const DelayHistogram& delay, std::vector<Counter>& out);
// Nothing if the worker does not measure it.
std::optional<HistogramSnapshot> delay_among(std::span<const Counter> counters);

}  // namespace eir::channel
