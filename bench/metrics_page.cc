#include "bench/metrics_page.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <sstream>
#include <string_view>

#include "server/channel/delay_counters.h"

namespace eir::bench {
namespace {

constexpr std::string_view kPrefix = "eir_";
constexpr std::string_view kDelay = "worker_added_delay_seconds";

std::optional<double> number(std::string_view text) {
  double out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(out)) return std::nullopt;
  return out;
}

// The counter's name for a line's name and labels; empty for a bucket of another histogram, or without a bound.
std::string counter_name(std::string_view name, std::string_view labels) {
  constexpr std::string_view kBound = "le=\"";
  const size_t bound = labels.find(kBound);
  if (bound == std::string_view::npos) {
    if (!name.starts_with(kDelay)) return std::string(name);
    return std::string(name.ends_with("_sum") ? channel::kDelaySeconds : channel::kDelayCount);
  }
  std::string_view text = labels.substr(bound + kBound.size());
  text = text.substr(0, text.find('"'));
  const auto seconds = number(text);
  if (!name.starts_with(kDelay) || !seconds) return {};
  return channel::delay_counter_name(std::chrono::microseconds(std::llround(*seconds * 1e6)));
}

}  // namespace

// A line is "name{labels} value" or "name value".
Counters parse_metrics_page(const std::string& page) {
  Counters out;
  std::istringstream lines(page);
  for (std::string text; std::getline(lines, text);) {
    std::string_view line = text;
    const size_t space = line.rfind(' ');
    if (!line.starts_with(kPrefix) || space == std::string_view::npos) continue;
    const auto value = number(line.substr(space + 1));
    line = line.substr(kPrefix.size(), space - kPrefix.size());
    const size_t brace = std::min(line.find('{'), line.size());
    const std::string name = counter_name(line.substr(0, brace), line.substr(brace));
    if (value && !name.empty()) out[name] += *value;
  }
  return out;
}

}  // namespace eir::bench
