#include "tests/sim/line_plots.h"

#include <algorithm>
#include <cstdio>
#include <functional>

#include "bench/svg.h"

namespace eir {
namespace {

using bench::escaped;

constexpr double kWidth = 640;
constexpr double kLeft = 62;
constexpr double kRight = 8;
constexpr double kHeader = 64;
constexpr double kGap = 20;
constexpr double kAxis = 20;
constexpr double kQueueShown = 400;  // ms, at least
constexpr double kHeightShown = 720;

constexpr const char* kStyle =
    "text{font:11px sans-serif;fill:#333}.title{font-size:13px;font-weight:bold}.bad{fill:#b00020}.good{fill:#0a6b2d}"
    ".frame{fill:none;stroke:#bbb}.grid{stroke:#e5e5e5}polyline{fill:none;stroke-width:1.2}"
    ".link{stroke:#888;stroke-width:2}.sent{stroke:#5a9bd4;opacity:.8}.estimate{stroke:#c45c00;stroke-width:1.6}"
    ".queue{stroke:#6a3d9a}.guess{stroke:#999;stroke-dasharray:2 2}.height{stroke:#0a6b2d;stroke-width:1.8}"
    ".asked{stroke:#d00000;stroke-dasharray:6 3}";

std::string format(const char* pattern, double a, double b = 0, double c = 0, double d = 0) {
  char buffer[256];
  std::snprintf(buffer, sizeof buffer, pattern, a, b, c, d);
  return buffer;
}

std::string text_at(double x, double y, const char* anchor, std::string_view text, const char* kind = "") {
  return "<text class=\"" + std::string(kind) + "\" text-anchor=\"" + anchor + "\"" +
         format(" x=\"%.1f\" y=\"%.1f\">", x, y) + escaped(text) + "</text>";
}

using Value = std::function<double(const BandwidthSample&)>;
struct Curve {
  const char* kind;
  const char* name;
  Value value;
};

// A frame with curves over the time of all samples.
struct Panel {
  double top = 0;
  double height = 0;
  double end = 1;  // of the scale
  std::string unit{};
  std::vector<double> marks{};
};

std::string draw_panel(const Panel& panel, const LineTrace& trace, const std::vector<Curve>& curves) {
  const double seconds = trace.samples.empty() ? 1 : to_seconds(trace.samples.back().at);
  const double width = kWidth - kLeft - kRight;
  const auto x_of = [&](Duration at) { return kLeft + to_seconds(at) / seconds * width; };
  const auto y_of = [&](double value) {
    return panel.top + panel.height - std::clamp(value / panel.end, 0.0, 1.0) * panel.height;
  };
  std::string out;
  for (const double mark : panel.marks) {
    out += format("<line class=\"grid\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\"/>", kLeft, kWidth - kRight,
                  y_of(mark), y_of(mark));
    out += text_at(kLeft - 5, y_of(mark) + 4, "end", format("%g", mark));
  }
  out += format("<rect class=\"frame\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>", kLeft, panel.top, width,
                panel.height);
  double x = kLeft + 6;
  for (const Curve& curve : curves) {
    out += std::string("<polyline class=\"") + curve.kind + "\" points=\"";
    for (const BandwidthSample& sample : trace.samples) {
      out += format("%.1f,%.1f ", x_of(sample.at), y_of(curve.value(sample)));
    }
    out += "\"/>";
    out += format("<line x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\" class=\"", x, x + 14, panel.top - 5,
                  panel.top - 5) +
           curve.kind + "\"/>";
    const std::string name = curve.name;
    out += text_at(x + 18, panel.top - 1, "start", name);
    x += 30 + 6.2 * double(name.size());
  }
  return out + text_at(kWidth - kRight, panel.top - 1, "end", panel.unit);
}

std::vector<double> quarters(double end) { return {0, end / 4, end / 2, end * 3 / 4, end}; }

std::string draw_rates(const LineTrace& trace, double top) {
  double most = 0;
  for (const BandwidthSample& sample : trace.samples) most = std::max({most, sample.useful_kbps, sample.target_kbps});
  // What a line carries beyond all that is wanted need not be seen.
  const double end = bench::round_up(most * 1.1);
  std::vector<Curve> curves = {
      {"link", "link", [](const auto& s) { return s.link_kbps; }},
      {"sent", "sent", [](const auto& s) { return s.sent_kbps; }},
      {"estimate", "estimate", [](const auto& s) { return s.target_kbps; }},
  };
  if (trace.estimate_floor > 0) {
    const double part = trace.estimate_floor;
    curves.push_back({"asked", "asked of the estimate", [part](const auto& s) { return s.useful_kbps * part; }});
  }
  return draw_panel({.top = top, .height = 150, .end = end, .unit = "kbit/s", .marks = quarters(end)}, trace, curves);
}

std::string draw_queue(const LineTrace& trace, double top) {
  double most = kQueueShown;
  for (const BandwidthSample& sample : trace.samples) most = std::max(most, sample.queue_ms);
  const double end = bench::round_up(most);
  std::vector<Curve> curves = {{"queue", "queue", [](const auto& s) { return s.queue_ms; }},
                               {"guess", "as estimated", [](const auto& s) { return s.estimated_queue_ms; }}};
  if (trace.queue_limit_ms > 0) {
    const double limit = trace.queue_limit_ms;
    curves.push_back({"asked", "asked of a standing queue", [limit](const auto&) { return limit; }});
  }
  return draw_panel({.top = top, .height = 80, .end = end, .unit = "ms", .marks = {0, end / 2, end}}, trace, curves);
}

std::string draw_picture(const LineTrace& trace, double top) {
  std::vector<Curve> curves = {{"height", "picture shown", [](const auto& s) { return double(s.height); }}};
  if (trace.height_floor > 0) {
    const double least = trace.height_floor;
    curves.push_back({"asked", "asked", [least](const auto&) { return least; }});
  }
  const Panel panel{
      .top = top, .height = 60, .end = kHeightShown * 1.08, .unit = "lines", .marks = {0, 180, 360, kHeightShown}};
  return draw_panel(panel, trace, curves);
}

constexpr double kTraceHeight = 150 + 80 + 60 + 4 * kGap + kAxis;

std::string draw_trace(const LineTrace& trace, double top) {
  std::string out = text_at(kWidth - kRight, top, "end", trace.name, "title");
  top += kGap;
  out += draw_rates(trace, top);
  top += 150 + kGap;
  out += draw_queue(trace, top);
  top += 80 + kGap;
  out += draw_picture(trace, top);
  const double seconds = trace.samples.empty() ? 1 : to_seconds(trace.samples.back().at);
  for (int i = 0; i <= 6; ++i) {
    const double x = kLeft + (kWidth - kLeft - kRight) * i / 6;
    out += text_at(x, top + 60 + 14, i == 6 ? "end" : "middle", format("%.0f s", seconds * i / 6));
  }
  return out;
}

}  // namespace

std::string line_plot(const LinePlot& plot) {
  const double height = kHeader + kTraceHeight * double(plot.traces.size());
  std::string out = format("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %.0f %.0f\" width=\"%.0f\" ",
                           kWidth, height, kWidth);
  out += format("height=\"%.0f\"><style>", height) + kStyle + "</style>";
  out += "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>";
  out += text_at(8, 16, "start", plot.title, "title");
  out += text_at(8, 32, "start", "asked: " + plot.asked);
  const bool is_good = plot.shortfalls.empty();
  out += text_at(8, 48, "start", is_good ? "PASS" : "short: " + plot.shortfalls, is_good ? "good" : "bad");
  double top = kHeader;
  for (const LineTrace& trace : plot.traces) {
    out += draw_trace(trace, top);
    top += kTraceHeight;
  }
  return out + "</svg>\n";
}

std::string contact_sheet(const std::vector<LinePlot>& plots) {
  const auto behind =
      std::count_if(plots.begin(), plots.end(), [](const auto& plot) { return !plot.shortfalls.empty(); });
  std::string out =
      "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>The table of lines</title>"
      "<style>body{font:14px sans-serif;margin:16px}main{display:grid;gap:12px;"
      "grid-template-columns:repeat(4,minmax(0,1fr));align-items:start}figure{margin:0;border:1px solid #ccc}"
      "figure.short{border:2px solid #b00020}img{width:100%;display:block}</style>"
      "<h1>The table of lines</h1><p>" +
      std::to_string(plots.size()) + " runs of seed 1, " + std::to_string(behind) +
      " short of what is asked (framed red).</p><main>";
  for (const LinePlot& plot : plots) {
    const std::string file = escaped(plot.name + ".svg");
    out += std::string("<figure") + (plot.shortfalls.empty() ? "" : " class=\"short\"") + "><a href=\"" + file +
           "\"><img src=\"" + file + "\" alt=\"" + escaped(plot.title) + "\"></a></figure>\n";
  }
  return out + "</main></html>\n";
}

}  // namespace eir
