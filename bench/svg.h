#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

// Plots as SVG text, to stand within an HTML page. Colours come from the page's classes, so that one style sheet serves
// light and dark.
namespace eir::bench {

// Text within HTML or SVG, or within an attribute in double quotes.
std::string escaped(std::string_view text);

// One horizontal bar of several parts, and an optional mark across it.
struct Bar {
  std::string name;
  std::vector<double> parts;
  double mark = 0;    // 0: none
  std::string value;  // behind the bar
};
// The n-th part has the class "part<n>".
std::string bar_chart(const std::vector<Bar>& bars);

// A range with a point on it: p50 to p99 with p95, for instance. Logarithmic: latencies lie far apart.
struct Span {
  std::string name;
  double from = 0;
  double middle = 0;
  double to = 0;
  std::string value;
};
std::string span_chart(const std::vector<Span>& spans, std::string_view unit);

// A line over time, from 0; what lies before `from` is shaded.
struct Curve {
  std::vector<std::pair<double, double>> points;
  double from = 0;
  std::string x_unit;
};
std::string curve_chart(const Curve& curve);

// The next of 1, 2, 4, 6, 8, 10, 20, … that is not below `value`: numbers with readable quarters.
double round_up(double value);

}  // namespace eir::bench
