#include "bench/svg.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace eir::bench {
namespace {

constexpr double kWidth = 860;
constexpr double kNameWidth = 250;
constexpr double kValueWidth = 150;
constexpr double kRowHeight = 26;
constexpr double kBarHeight = 16;
constexpr double kAxisHeight = 24;
constexpr size_t kNameLength = 35;

std::string open_svg(double height, std::string_view label) {
  return fmt::format(R"(<svg viewBox="0 0 {:.0f} {:.0f}" role="img" aria-label="{}">)", kWidth, height, escaped(label));
}

std::string text_at(double x, double y, std::string_view anchor, std::string_view text) {
  return fmt::format(R"(<text x="{:.1f}" y="{:.1f}" text-anchor="{}">{}</text>)", x, y, anchor, escaped(text));
}

// Cut where a character begins, so that UTF-8 stays whole.
std::string shortened(std::string_view name) {
  if (name.size() <= kNameLength) return std::string(name);
  size_t end = kNameLength - 1;
  while (end > 0 && (static_cast<unsigned char>(name[end]) & 0xc0) == 0x80) --end;
  return std::string(name.substr(0, end)) + "…";
}

std::string row_name(std::string_view name, double y) {
  return fmt::format(R"(<text x="{:.1f}" y="{:.1f}" text-anchor="end"><title>{}</title>{}</text>)", kNameWidth - 8,
                     y + kBarHeight - 3, escaped(name), escaped(shortened(name)));
}

std::string grid_line(double x, double height) {
  return fmt::format(R"(<line class="grid" x1="{0:.1f}" x2="{0:.1f}" y1="0" y2="{1:.1f}"/>)", x, height);
}

std::string number_text(double value) {
  if (value >= 1'000'000) return fmt::format("{:g} M", value / 1e6);
  if (value >= 10'000) return fmt::format("{:g} k", value / 1e3);
  return fmt::format("{:g}", value);
}

}  // namespace

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '&') {
      out += "&amp;";
    } else if (c == '<') {
      out += "&lt;";
    } else if (c == '>') {
      out += "&gt;";
    } else if (c == '"') {
      out += "&quot;";
    } else if (c == '\'') {
      out += "&#39;";
    } else {
      out += c;
    }
  }
  return out;
}

double round_up(double value) {
  if (value <= 0) return 1;
  double decade = std::pow(10, std::floor(std::log10(value)));
  for (const double step : {1.0, 2.0, 4.0, 6.0, 8.0, 10.0}) {
    if (value <= step * decade * (1 + 1e-9)) return step * decade;
  }
  return 10 * decade;
}

std::string bar_chart(const std::vector<Bar>& bars) {
  double most = 0;
  for (const Bar& bar : bars) {
    most = std::max({most, bar.mark, std::accumulate(bar.parts.begin(), bar.parts.end(), 0.0)});
  }
  const double end = round_up(most);
  const double scale = (kWidth - kNameWidth - kValueWidth) / end;
  const double height = static_cast<double>(bars.size()) * kRowHeight;
  std::string out = open_svg(height + kAxisHeight, "bars");
  for (int i = 0; i <= 4; ++i) {
    const double x = kNameWidth + end * i / 4 * scale;
    out += grid_line(x, height) + text_at(x, height + 16, "middle", number_text(end * i / 4));
  }
  double y = 4;
  for (const Bar& bar : bars) {
    out += row_name(bar.name, y);
    double x = kNameWidth;
    for (size_t part = 0; part < bar.parts.size(); ++part) {
      const double width = bar.parts[part] * scale;
      out += fmt::format(R"(<rect class="part{}" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.0f}"/>)", part, x, y,
                         width, kBarHeight);
      x += width;
    }
    if (bar.mark > 0) {
      const double at = kNameWidth + bar.mark * scale;
      out += fmt::format(R"(<line class="mark" x1="{0:.1f}" x2="{0:.1f}" y1="{1:.1f}" y2="{2:.1f}"/>)", at, y - 3,
                         y + kBarHeight + 3);
      x = std::max(x, at);
    }
    out += text_at(x + 6, y + kBarHeight - 3, "start", bar.value);
    y += kRowHeight;
  }
  return out + "</svg>";
}

std::string span_chart(const std::vector<Span>& spans, std::string_view unit) {
  constexpr double kLeast = 0.1;
  double most = 1;
  for (const Span& span : spans) most = std::max(most, span.to);
  const double decades = std::ceil(std::log10(most / kLeast) - 1e-9);
  const double scale = (kWidth - kNameWidth - kValueWidth) / decades;
  const auto place = [&](double value) { return kNameWidth + std::log10(std::max(value, kLeast) / kLeast) * scale; };
  const double height = static_cast<double>(spans.size()) * kRowHeight;
  std::string out = open_svg(height + kAxisHeight, "ranges");
  for (int i = 0; i <= static_cast<int>(decades); ++i) {
    const double value = kLeast * std::pow(10, i);
    out += grid_line(place(value), height);
    out += text_at(place(value), height + 16, "middle", fmt::format("{:g} {}", value, unit));
  }
  double y = 4;
  for (const Span& span : spans) {
    const double middle = y + kBarHeight / 2;
    out += row_name(span.name, y);
    out += fmt::format(R"(<line class="span" x1="{:.1f}" x2="{:.1f}" y1="{:.1f}" y2="{:.1f}"/>)", place(span.from),
                       place(span.to), middle, middle);
    out += fmt::format(R"(<circle class="from" cx="{:.1f}" cy="{:.1f}" r="5"/>)", place(span.from), middle);
    out += fmt::format(R"(<circle class="middle" cx="{:.1f}" cy="{:.1f}" r="3.5"/>)", place(span.middle), middle);
    out += fmt::format(R"(<circle class="to" cx="{:.1f}" cy="{:.1f}" r="5"/>)", place(span.to), middle);
    out += text_at(place(span.to) + 10, y + kBarHeight - 3, "start", span.value);
    y += kRowHeight;
  }
  return out + "</svg>";
}

std::string curve_chart(const Curve& curve) {
  constexpr double kLeft = 70;
  constexpr double kHeight = 150;
  double x_most = 1;
  double y_most = 0;
  for (const auto& [x, y] : curve.points) {
    x_most = std::max(x_most, x);
    y_most = std::max(y_most, y);
  }
  const double y_end = round_up(y_most);
  const double x_scale = (kWidth - kLeft - 20) / x_most;
  const double y_scale = (kHeight - 10) / y_end;
  std::string out = open_svg(kHeight + kAxisHeight, "over time");
  if (curve.from > 0) {
    out += fmt::format(R"(<rect class="before" x="{:.1f}" y="0" width="{:.1f}" height="{:.0f}"/>)", kLeft,
                       std::min(curve.from, x_most) * x_scale, kHeight);
  }
  for (int i = 0; i <= 2; ++i) {
    const double y = kHeight - y_end * i / 2 * y_scale;
    out += fmt::format(R"(<line class="grid" x1="{0:.1f}" x2="{1:.1f}" y1="{2:.1f}" y2="{2:.1f}"/>)", kLeft,
                       kWidth - 20, y);
    out += text_at(kLeft - 8, y + 4, "end", number_text(y_end * i / 2));
  }
  for (int i = 0; i <= 4; ++i) {
    out += text_at(kLeft + x_most * i / 4 * x_scale, kHeight + 17, i == 4 ? "end" : "middle",
                   fmt::format("{:.0f} {}", x_most * i / 4, curve.x_unit));
  }
  out += R"(<polyline class="curve" points=")";
  for (const auto& [x, y] : curve.points)
    out += fmt::format("{:.1f},{:.1f} ", kLeft + x * x_scale, kHeight - y * y_scale);
  return out + R"("/></svg>)";
}

}  // namespace eir::bench
