#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bench/figures.h"
#include "bench/floor.h"

namespace eir::bench {

// What one scenario measured, in one run or several.
struct Report {
  std::string scenario;  // its title
  std::vector<ScenarioFigures> runs;
  // Of each run, replaying it; without runs at most one. Empty: not asked for, or the host does not tell its shape.
  std::vector<FloorFigures> floors;
  std::string error;  // why there is no run, or not all of them

  // The run with the median CPU per packet; null if there is none.
  const ScenarioFigures* figures() const;
  // That of figures(); null if there is none.
  const FloorFigures* floor() const;
  // The median of all runs, each against its own floor; 0 if there are none.
  double ratio_to_floor() const;

 private:
  // Of the run that figures() shows.
  size_t shown() const;
};

// Where it was measured.
struct Machine {
  std::string cpu;
  unsigned cores = 0;
  std::string kernel;
  std::string load;  // /proc/loadavg's first three numbers, before the first run
  std::string time;  // UTC
};
Machine this_machine();

// A name and its value, both for people; the same lines in the table and in the HTML report.
using Line = std::pair<std::string, std::string>;
std::vector<Line> lines_of(const ScenarioFigures& figures);
std::vector<Line> lines_of(const FloorFigures& floor);

std::string to_table(const Report& report);
// One line per scenario, below each other.
std::string to_overview(const std::vector<Report>& reports);
std::string to_json(const Report& report);
std::string to_json(const Machine& machine, const std::vector<Report>& reports);
// One file that needs no other.
std::string to_html(const Machine& machine, const std::vector<Report>& reports);

}  // namespace eir::bench
