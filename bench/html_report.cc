#include <fmt/core.h>

#include "bench/report.h"
#include "bench/svg.h"

namespace eir::bench {
namespace {

constexpr std::string_view kStyle = R"(
:root { color-scheme: light dark; --ink: #1b2733; --soft: #5b6b7a; --line: #d5dde5; --paper: #fff; --panel: #f5f8fa;
  --a: #1f6f8b; --b: #8fc1d0; --bad: #b3261e; --badpaper: #fdecea; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --soft: #9fb0c0; --line: #33414e; --paper: #11181f;
  --panel: #182129; --a: #5fb6d3; --b: #2c6478; --bad: #ff8a80; --badpaper: #3a1a1a; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 62rem;
  margin: 2rem auto; padding: 0 1.2rem; }
h1 { font-size: 1.6rem; margin-bottom: .2rem; } h2 { font-size: 1.2rem; margin: 2.2rem 0 .4rem; }
h3 { font-size: 1.05rem; margin: 1.6rem 0 .4rem; } p { margin: .3rem 0 .8rem; } .soft { color: var(--soft); }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: right; padding: .3rem .6rem; border-bottom: 1px solid var(--line); }
th:first-child, td:first-child { text-align: left; } th { font-weight: 600; color: var(--soft); }
dl { display: grid; grid-template-columns: 15rem 1fr; margin: .6rem 0; } dt { color: var(--soft); }
dd { margin: 0; font-variant-numeric: tabular-nums; }
section { background: var(--panel); border: 1px solid var(--line); border-radius: 8px; padding: .2rem 1.2rem 1rem;
  margin: 1.2rem 0; }
ul.warnings { background: var(--badpaper); color: var(--bad); border-radius: 6px; padding: .6rem .8rem .6rem 1.8rem; }
svg { width: 100%; height: auto; margin: .4rem 0; } svg text { font-size: 12px; fill: var(--ink); }
.grid { stroke: var(--line); } .part0 { fill: var(--a); } .part1 { fill: var(--b); }
.mark { stroke: var(--bad); stroke-width: 2.5; } .span { stroke: var(--b); stroke-width: 6; stroke-linecap: round; }
.from { fill: var(--b); } .middle { fill: var(--paper); stroke: var(--a); stroke-width: 2; } .to { fill: var(--a); }
.curve { fill: none; stroke: var(--a); stroke-width: 2; } .before { fill: var(--line); opacity: .45; }
.key { display: inline-block; width: .9em; height: .9em; border-radius: 2px; vertical-align: -1px; margin: 0 .3em 0 1em; }
summary { cursor: pointer; color: var(--soft); margin-top: .6rem; }
@media print { body { max-width: none; } section { break-inside: avoid; } }
)";

std::string key(std::string_view colour, std::string_view text) {
  return fmt::format("<span class=\"key\" style=\"background:var(--{})\"></span>{}", colour, text);
}

std::string range_text(const Percentiles& p) { return fmt::format("{:.1f} / {:.1f} ms", p.p50, p.p99); }

std::string overview(const std::vector<Report>& reports) {
  std::string out =
      "<table><thead><tr><th>Scenario</th><th>People</th><th>Packets/s</th><th>Mbit/s</th><th>CPU a packet</th>"
      "<th>Server</th><th>Bench</th><th>Lost</th></tr></thead><tbody>";
  for (const Report& report : reports) {
    const ScenarioFigures* const f = report.figures();
    if (f == nullptr) {
      out += fmt::format("<tr><td>{}</td><td colspan=\"7\">{}</td></tr>", escaped(report.scenario),
                         report.error.empty() ? "the floor alone" : "failed: " + escaped(report.error));
      continue;
    }
    out += fmt::format(
        "<tr><td>{}{}</td><td>{} of {}</td><td>{:.0f}</td><td>{:.0f}</td><td>{:.0f}&nbsp;ns</td><td>{:.1f}&nbsp;%</td>"
        "<td>{:.1f}&nbsp;%</td><td>{:.4f}&nbsp;%</td></tr>",
        escaped(report.scenario), warnings_of(*f).empty() ? "" : " ⚠", f->connected, f->clients,
        f->packets_per_second(), f->megabits_per_second(), f->ns_per_packet(), 100 * f->worker_cores(),
        100 * f->own_cores(), 100 * f->loss());
  }
  return out + "</tbody></table>";
}

std::string cpu_plot(const std::vector<Report>& reports) {
  std::vector<Bar> bars;
  bool has_floor = false;
  for (const Report& report : reports) {
    const ScenarioFigures* const f = report.figures();
    if (f == nullptr) continue;
    Bar bar{.name = report.scenario, .parts = {}, .mark = 0, .value = fmt::format("{:.0f} ns", f->ns_per_packet())};
    bar.parts = {f->per_packet(f->workers.user), f->per_packet(f->workers.system)};
    if (const FloorFigures* const floor = report.floor()) {
      has_floor = true;
      bar.mark = floor->ns_per_packet();
      bar.value += fmt::format(" · {:.2f} × floor", report.ratio_to_floor());
    }
    bars.push_back(std::move(bar));
  }
  if (bars.empty()) return {};
  return "<h2>Processor time for one forwarded packet</h2><p class=\"soft\">Nanoseconds of the media workers. Short is "
         "good.<br>" +
         key("a", "Eir itself with encryption") + key("b", "the kernel: receiving and sending") +
         (has_floor ? key("bad", "what it cannot cost less than, measured in the same run") : "") + "</p>" +
         bar_chart(bars);
}

std::string latency_plot(const std::vector<Report>& reports) {
  std::vector<Span> spans;
  for (const Report& report : reports) {
    const ScenarioFigures* const f = report.figures();
    if (f == nullptr || f->audio_latency.max == 0) continue;
    const Percentiles& p = f->audio_latency;
    spans.push_back({report.scenario, p.p50, p.p95, p.p99, range_text(p)});
  }
  if (spans.empty()) return {};
  return "<h2>Delay of sound</h2><p class=\"soft\">From the sending client to the receiving one, through the server: "
         "half "
         "of all packets were faster than the left end (p50), 95 % than the ring, 99 % than the right end. It holds "
         "the "
         "measuring program's own lateness, and the scenario's network where it has one.</p>" +
         span_chart(spans, "ms");
}

std::string added_delay_plot(const std::vector<Report>& reports) {
  std::vector<Span> spans;
  for (const Report& report : reports) {
    const ScenarioFigures* const f = report.figures();
    const auto delay = f == nullptr ? std::nullopt : added_delay_of(f->counters);
    if (!delay) continue;
    spans.push_back({report.scenario, delay->p50_ms, delay->p99_ms, delay->p999_ms,
                     fmt::format("{:.2f} / {:.2f} ms", delay->p50_ms, delay->p999_ms)});
  }
  if (spans.empty()) return {};
  return "<h2>Delay within the server</h2><p class=\"soft\">From the moment at which the kernel had a packet until it "
         "was sent on: half of all packets were faster than the left end (p50), 99 % than the ring, 99.9 % than the "
         "right end.</p>" +
         span_chart(spans, "ms");
}

std::string join_plot(const ScenarioFigures& f) {
  std::vector<Span> spans;
  for (const auto& [step, p] : f.join) spans.push_back({step.substr(2), p.p50, p.p95, p.p99, range_text(p)});
  if (spans.empty()) return {};
  return fmt::format("<h3>Joining: from the click to each step, p50 to p99 of {} joins</h3>", f.joins_measured) +
         span_chart(spans, "ms");
}

std::string rate_plot(const ScenarioFigures& f) {
  if (f.samples.size() < 2) return {};
  Curve curve;
  curve.from = f.measured_from_s;
  curve.x_unit = "s";
  for (const Sample& one : f.samples) curve.points.emplace_back(one.at_s, one.packets_per_second);
  return "<h3>Packets received each second</h3><p class=\"soft\">Shaded: people join and the connections warm up; it "
         "is "
         "not part of the figures.</p>" +
         curve_chart(curve);
}

std::string list_of(const std::vector<Line>& lines) {
  std::string out = "<dl>";
  for (const auto& [name, value] : lines) out += "<dt>" + escaped(name) + "</dt><dd>" + escaped(value) + "</dd>";
  return out + "</dl>";
}

std::string scenario_section(const Report& report) {
  std::string out = "<section><h2>" + escaped(report.scenario) + "</h2>";
  if (!report.error.empty()) out += "<ul class=\"warnings\"><li>failed: " + escaped(report.error) + "</li></ul>";
  if (const ScenarioFigures* const f = report.figures()) {
    const std::vector<std::string> warnings = warnings_of(*f);
    if (!warnings.empty()) {
      out += "<ul class=\"warnings\">";
      for (const std::string& one : warnings) out += "<li>" + escaped(one) + "</li>";
      out += "</ul>";
    }
    out += fmt::format("<p class=\"soft\">{}, {}, measured for {:.0f} s{}</p>", escaped(f->host),
                       escaped(f->srtp_profile), f->seconds,
                       report.runs.size() > 1 ? fmt::format(", the median of {} runs", report.runs.size()) : "");
    out += rate_plot(*f) + join_plot(*f);
    out += "<details open><summary>All figures</summary>" + list_of(lines_of(*f)) + "</details>";
  }
  if (const FloorFigures* const floor = report.floor()) {
    out += "<details><summary>The floor: receive, unprotect, protect, send, and nothing else</summary>" +
           list_of(lines_of(*floor)) + "</details>";
  }
  return out + "</section>";
}

}  // namespace

std::string to_html(const Machine& machine, const std::vector<Report>& reports) {
  std::string out =
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
      "<meta name=\"viewport\" content=\"width=device-width\"><title>eir-bench</title><style>" +
      std::string(kStyle) + "</style></head><body><h1>What Eir costs on this machine</h1>";
  out += fmt::format("<p class=\"soft\">{} · {} cores · {} · load before: {} · {}</p>", escaped(machine.cpu),
                     machine.cores, escaped(machine.kernel), escaped(machine.load), escaped(machine.time));
  out +=
      "<p>Real clients over this machine's loopback: each encrypts and decrypts as a browser does, without pictures. "
      "“Server” is the media workers' processor time, “Bench” that of the program that plays the people, both in per "
      "cent of one core. ⚠ marks runs with something to know; it stands in the scenario's section.</p>";
  out += overview(reports) + cpu_plot(reports) + added_delay_plot(reports) + latency_plot(reports);
  for (const Report& report : reports) out += scenario_section(report);
  return out + "</body></html>";
}

}  // namespace eir::bench
