#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/bandwidth_figures.h"
#include "tests/support/line_room.h"

namespace eir {

// The table of lines through the real router: each row a room, what it comes to, and what is asked of it. One table for
// the tests, the printed figures and the plots.

// Who publishes: a browser with three layers, or a source of three layers that requests for key frames do not reach.
enum class LineSource : uint8_t { kBrowser, kDeaf };

struct LineCase {
  Duration round_trip = 50ms;
  uint64_t seed = 1;
  LineSource source = LineSource::kBrowser;
};

// What a plot shows of one receiver, with the lines that the figures are held against.
struct LineTrace {
  std::string name;
  std::vector<BandwidthSample> samples{};
  double estimate_floor = 0;  // of what is useful; 0: none
  double queue_limit_ms = 0;
  uint16_t height_floor = 0;
};

struct LineResult {
  std::vector<Judged> figures;
  std::vector<LineTrace> traces;
};

struct LineRow {
  std::string_view name;
  std::string_view asked;  // in words
  LineResult (*run)(const LineRow& row, const LineCase& which);
  BandwidthLine line{};
  bool has_deaf_source = false;  // is tried with it, too
};

std::span<const LineRow> line_rows();
// By its whole name; there is one.
const LineRow& line_row(std::string_view name);

}  // namespace eir
