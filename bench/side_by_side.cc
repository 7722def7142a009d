#include "bench/side_by_side.h"

#include <fmt/core.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cstdio>
#include <functional>
#include <memory>

#include "bench/eird_host.h"
#include "bench/janus_host.h"
#include "bench/pinning.h"

namespace eir::bench {
namespace {

namespace json = boost::json;

struct RunningHost {
  std::unique_ptr<OwnEird> own;
  std::unique_ptr<Host> host;
};
using Start = std::function<RunningHost()>;

RunningHost start_eird(const SideBySideOptions& options) {
  RunningHost out;
  out.own = std::make_unique<OwnEird>(
      OwnEird::Options{.program = options.eird, .port_base = options.port_base, .workers = options.workers});
  out.host = std::make_unique<EirdHost>(out.own->address());
  return out;
}

RunningHost start_janus(const SideBySideOptions& options, uint32_t event_loops) {
  RunningHost out;
  out.host = std::make_unique<JanusHost>(
      OwnJanus::Options{.program = options.janus, .port = options.port_base, .event_loops = event_loops});
  return out;
}

ScenarioFigures run_once(const Start& start, const SideBySideOptions& options, Pinning& pinning) {
  pinning.enter_server_cpu();
  const RunningHost running = start();
  pinning.enter_load_cpu();
  Scenario clients(*running.host, options.scenario, options.srtp_profile);
  clients.join();
  return clients.measure();
}

// What is told of one run.
struct Quantity {
  const char* key;  // in JSON
  const char* name;
  int digits;
  double (*of)(const ScenarioFigures&);
};

double cpu_us(const ScenarioFigures& f) { return f.per_packet(f.server.total()) / 1000; }
double kernel_us(const ScenarioFigures& f) { return f.per_packet(f.server.system) / 1000; }
double packets_per_second(const ScenarioFigures& f) { return static_cast<double>(f.forwarded) / f.seconds; }
double lost_percent(const ScenarioFigures& f) { return 100 * f.loss(); }
double server_percent(const ScenarioFigures& f) { return 100 * to_seconds(f.server.total()) / f.seconds; }
double load_percent(const ScenarioFigures& f) { return 100 * to_seconds(f.own.total()) / f.seconds; }
double sound_p95_ms(const ScenarioFigures& f) { return f.audio_latency.p95; }
double kilobytes_per_watcher(const ScenarioFigures& f) {
  if (f.watchers == 0 || f.resident_after < f.resident_before) return 0;
  return static_cast<double>(f.resident_after - f.resident_before) / 1000 / static_cast<double>(f.watchers);
}

constexpr Quantity kCost = {"cpu_us_per_packet", "CPU per forwarded packet, µs", 2, cpu_us};
constexpr Quantity kLost = {"lost_percent", "lost, %", 4, lost_percent};
constexpr Quantity kQuantities[] = {
    kCost,
    {"kernel_us_per_packet", "  of it in the kernel, µs", 2, kernel_us},
    {"server_cpu_percent", "server's CPU, % of a core", 1, server_percent},
    {"packets_per_second", "packets/s forwarded", 0, packets_per_second},
    kLost,
    {"kilobytes_per_watcher", "memory per watcher, kB", 0, kilobytes_per_watcher},
    {"sound_p95_ms", "sound p95, ms", 2, sound_p95_ms},
    {"load_cpu_percent", "eir-bench's CPU, % of a core", 1, load_percent},
};

std::vector<double> values_of(const Quantity& quantity, const ContenderFigures& contender) {
  std::vector<double> values;
  for (const ScenarioFigures& run : contender.runs) values.push_back(quantity.of(run));
  return values;
}
double median_of(const Quantity& quantity, const ContenderFigures& contender) {
  return median(values_of(quantity, contender));
}

constexpr int kNameWidth = 32;
constexpr int kColumnWidth = 22;

std::string row(const std::string& name, const std::vector<std::string>& cells) {
  std::string out = fmt::format("  {:<{}}", name, kNameWidth);
  for (const std::string& cell : cells) out += fmt::format("{:>{}}", cell, kColumnWidth);
  return out + "\n";
}

std::string range_text(std::vector<double> values, int digits) {
  std::ranges::sort(values);
  return values.empty() ? "" : fmt::format("{:.{}f} to {:.{}f}", values.front(), digits, values.back(), digits);
}

// How many times the first contender's cost each has.
double ratio_to_first(const SideBySideFigures& figures, const ContenderFigures& contender) {
  const double first = median_of(kCost, figures.contenders.front());
  return first == 0 ? 0 : median_of(kCost, contender) / first;
}

}  // namespace

SideBySideFigures measure_side_by_side(const SideBySideOptions& options) {
  Pinning pinning;
  SideBySideFigures out;
  out.scenario = options.scenario.title;
  out.cpus = pinning.text();
  const std::vector<Start> starts = {[&] { return start_eird(options); }, [&] { return start_janus(options, 0); },
                                     [&] { return start_janus(options, 1); }};
  out.contenders.resize(starts.size());
  for (uint32_t turn = 0; turn < options.repeat; ++turn) {
    std::fprintf(stderr, "turn %u of %u\n", turn + 1, options.repeat);
    for (size_t i = 0; i < starts.size(); ++i) {
      const ScenarioFigures run = run_once(starts[i], options, pinning);
      out.contenders[i].name = run.host;
      out.contenders[i].runs.push_back(run);
      std::fprintf(stderr, "%s: %.2f µs per packet\n", run.host.c_str(), cpu_us(run));
    }
  }
  return out;
}

double median(std::vector<double> values) {
  if (values.empty()) return 0;
  std::ranges::sort(values);
  const size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

std::string to_table(const SideBySideFigures& figures) {
  if (figures.contenders.empty() || figures.contenders.front().runs.empty()) return {};
  const size_t runs = figures.contenders.front().runs.size();
  std::string out = fmt::format("{} · {} · {} · medians of {}\n", figures.scenario,
                                figures.contenders.front().runs.front().srtp_profile, figures.cpus, runs);
  const auto add = [&](const std::string& name, const std::function<std::string(const ContenderFigures&)>& cell) {
    std::vector<std::string> cells;
    for (const ContenderFigures& contender : figures.contenders) cells.push_back(cell(contender));
    out += row(name, cells);
  };
  add("", [](const ContenderFigures& contender) { return contender.name; });
  for (const Quantity& quantity : kQuantities) {
    add(quantity.name, [&](const ContenderFigures& contender) {
      return fmt::format("{:.{}f}", median_of(quantity, contender), quantity.digits);
    });
    // A median hides the one run in which packets were lost.
    if (quantity.of == kLost.of) {
      add("  in the worst run", [&](const ContenderFigures& contender) {
        double worst = 0;
        for (const double value : values_of(quantity, contender)) worst = std::max(worst, value);
        return fmt::format("{:.{}f}", worst, quantity.digits);
      });
    }
    if (quantity.of != kCost.of) continue;
    add("  smallest to largest",
        [&](const ContenderFigures& contender) { return range_text(values_of(quantity, contender), quantity.digits); });
    add("  times Eir's",
        [&](const ContenderFigures& contender) { return fmt::format("{:.1f}", ratio_to_first(figures, contender)); });
  }
  add("connected", [](const ContenderFigures& contender) {
    return fmt::format("{} of {}", contender.runs.back().connected, contender.runs.back().clients);
  });
  return out;
}

std::string to_json(const SideBySideFigures& figures) {
  json::array contenders;
  for (const ContenderFigures& contender : figures.contenders) {
    json::object medians;
    json::array runs(contender.runs.size(), json::object{});
    for (const Quantity& quantity : kQuantities) {
      medians[quantity.key] = median_of(quantity, contender);
      const std::vector<double> values = values_of(quantity, contender);
      for (size_t i = 0; i < values.size(); ++i) runs[i].as_object()[quantity.key] = values[i];
    }
    contenders.push_back(json::object{{"name", contender.name},
                                      {"times_eir", ratio_to_first(figures, contender)},
                                      {"srtp_profile", contender.runs.empty() ? "" : contender.runs[0].srtp_profile},
                                      {"medians", std::move(medians)},
                                      {"runs", std::move(runs)}});
  }
  return json::serialize(
      json::object{{"scenario", figures.scenario}, {"cpus", figures.cpus}, {"contenders", std::move(contenders)}});
}

}  // namespace eir::bench
