#pragma once

#include <string>
#include <vector>

#include "tests/support/line_rows.h"

namespace eir {

// One plot of the contact sheet.
struct LinePlot {
  std::string name;  // of the file, without its end
  std::string title;
  std::string asked;
  std::string shortfalls;  // empty: none
  std::vector<LineTrace> traces;
};

// A whole SVG file: for each trace the rates, the queue and the picture's height against time, with what is asked drawn
// in.
std::string line_plot(const LinePlot& plot);
// An HTML page of all of them.
std::string contact_sheet(const std::vector<LinePlot>& plots);

}  // namespace eir
