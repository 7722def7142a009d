#include <unistd.h>

#include <cstdio>
#include <exception>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "bench/arguments.h"
#include "bench/eird_host.h"
#include "bench/impair_options.h"
#include "bench/impair_proxy.h"
#include "bench/in_process_host.h"
#include "bench/janus_host.h"
#include "bench/pinning.h"
#include "bench/publish.h"
#include "bench/report.h"
#include "bench/resources.h"
#include "bench/scenario.h"
#include "bench/side_by_side.h"
#include "bench/whip_host.h"
#include "lib/transport/srtp_crypto.h"

namespace eir::bench {
namespace {

constexpr int kExitFailed = 1;
constexpr int kExitUsage = 2;
constexpr const char* kJanusOfDebian = "/usr/bin/janus";

std::string read_last_line(const std::string& path) {
  std::ifstream file(path);
  std::string last;
  for (std::string line; std::getline(file, line);) {
    if (!line.empty()) last = line;
  }
  if (last.empty()) throw std::runtime_error("cannot read " + path);
  return last;
}

WhipOptions whip_options(const Arguments& arguments) {
  WhipOptions out;
  out.whip = arguments.whip;
  out.whep = arguments.whep;
  out.pid = static_cast<pid_t>(arguments.pid);
  if (!arguments.bearer.empty()) out.bearers.push_back(arguments.bearer);
  if (arguments.bearers_file.empty()) return out;
  std::ifstream file(arguments.bearers_file);
  for (std::string line; std::getline(file, line);) out.bearers.push_back(line);
  if (out.bearers.empty()) throw std::runtime_error("cannot read " + arguments.bearers_file);
  return out;
}

// The host, and the daemon behind it where it is this program's own.
struct HostChoice {
  std::unique_ptr<OwnEird> own;
  std::unique_ptr<Host> host;
};
HostChoice choose_host(const Arguments& arguments, const ScenarioSpec& spec, bool has_engine) {
  HostChoice out;
  const bool measures_delay = arguments.with_added_delay || spec.added_delay;
  if (arguments.in_process || spec.host == HostKind::kRouter) {
    out.host = std::make_unique<InProcessHost>(
        InProcessHost::Options{.has_engine = has_engine, .measures_delay = measures_delay});
  } else if (!arguments.eird.empty()) {
    out.own = std::make_unique<OwnEird>(OwnEird::Options{.program = arguments.eird,
                                                         .port_base = arguments.port_base,
                                                         .workers = arguments.workers,
                                                         .measures_delay = measures_delay});
    out.host = std::make_unique<EirdHost>(out.own->address());
  } else if (!arguments.janus.empty()) {
    out.host = std::make_unique<JanusHost>(OwnJanus::Options{
        .program = arguments.janus, .port = arguments.port_base, .event_loops = arguments.event_loops});
  } else if (!arguments.whip.empty()) {
    out.host = std::make_unique<WhipHost>(whip_options(arguments));
  } else if (!arguments.quickstart.empty()) {
    out.host = std::make_unique<EirdHost>(parse_quickstart(read_last_line(arguments.quickstart)));
  } else {
    throw std::runtime_error("which host? --eird, --quickstart, --in-process, --janus or --whip");
  }
  return out;
}

bool is_rooms(const Arguments& arguments) {
  return arguments.command == Command::kRooms || (arguments.command == Command::kSideBySide && arguments.by_rooms);
}

// What fanout, rooms and side-by-side are short for.
ScenarioSpec scenario_of(const Arguments& arguments) {
  ScenarioSpec out;
  out.seconds = arguments.seconds;
  out.check_one_in = arguments.check_one_in;
  PeopleSpec publisher{.name = "publisher", .count = 1, .video = {{}}, .audio = {{}}, .slots = {}, .storm_after_s = 0};
  if (is_rooms(arguments)) {
    out.title = std::to_string(arguments.rooms) + " rooms of " + std::to_string(arguments.publishers);
    out.rooms = arguments.rooms;
    publisher.count = arguments.publishers;
    publisher.slots = {.video = arguments.publishers - 1, .audio = arguments.publishers - 1};
    out.people = {std::move(publisher)};
    return out;
  }
  out.title = "fan-out 1 to " + std::to_string(arguments.subscribers);
  out.people = {std::move(publisher)};
  PeopleSpec& audience = out.people.emplace_back();
  audience.name = "audience";
  audience.count = arguments.subscribers;
  audience.slots = {.video = 1, .audio = 1};
  return out;
}

FloorFigures run_floor(const Arguments& arguments, const RecordedShape& shape, const SrtpEngineInUse& engine,
                       uint32_t seconds) {
  Pinning pinning;
  FloorOptions floor;
  floor.plan = plan_floor(shape);
  floor.duration = std::chrono::seconds(seconds);
  floor.srtp_profile = arguments.srtp_profile;
  floor.engine = engine.name;
  if (arguments.is_pinned) floor.pinning = &pinning;
  std::fprintf(stderr, "floor: %u s\n", seconds);
  return measure_floor(floor);
}

SrtpEngineInUse install_engine() {
  const auto engine = install_srtp_engine(SrtpEngine::kAutomatic);
  if (!engine) throw std::runtime_error("the cipher engine does not start");
  return *engine;
}

// libsrtp's engine can be replaced once in a process.
using Engine = std::optional<SrtpEngineInUse>;

// What a run needs is started and ended with it.
ScenarioFigures run_once(const Arguments& arguments, const ScenarioSpec& spec, const Engine& engine) {
  Pinning pinning;
  if (arguments.is_pinned) pinning.enter_server_cpu();
  const HostChoice choice = choose_host(arguments, spec, engine.has_value());
  if (arguments.is_pinned) pinning.enter_load_cpu();
  Scenario scenario(*choice.host, spec, arguments.srtp_profile);
  scenario.join();
  return scenario.measure();
}

// After each run its floor, which has the machine as the server had it.
Report measure(const Arguments& arguments, const ScenarioSpec& spec, Engine& engine) {
  constexpr size_t kDescriptorsPerPerson = 4;
  constexpr size_t kDescriptorsBesides = 256;
  Report report;
  report.scenario = spec.title;
  try {
    allow_descriptors(spec.people_count() * kDescriptorsPerPerson + kDescriptorsBesides);
    for (uint32_t i = 0; i < arguments.repeat; ++i) {
      if (!engine) engine = install_engine();
      report.runs.push_back(run_once(arguments, spec, engine));
      if (!arguments.with_floor) continue;
      const auto shape = recorded_shape(report.runs.back());
      if (shape) {
        report.floors.push_back(run_floor(arguments, *shape, *engine, spec.seconds));
      } else {
        std::fprintf(stderr, "no floor: %s does not tell what to replay\n", report.runs.back().host.c_str());
      }
    }
  } catch (const std::exception& error) {
    report.error = error.what();
  }
  return report;
}

void write_file(const std::string& path, const std::string& text) {
  if (path.empty()) return;
  std::ofstream file(path);
  file << text << '\n';
  if (!file.flush()) throw std::runtime_error("cannot write " + path);
}

void compare(const Arguments& arguments) {
  if (!install_srtp_engine(SrtpEngine::kAutomatic)) throw std::runtime_error("the cipher engine does not start");
  SideBySideOptions options;
  options.eird = arguments.eird;
  options.janus = arguments.janus.empty() ? kJanusOfDebian : arguments.janus;
  options.port_base = arguments.port_base;
  options.workers = arguments.workers;
  options.repeat = arguments.repeat;
  options.scenario = scenario_of(arguments);
  options.srtp_profile = arguments.srtp_profile;
  const SideBySideFigures figures = measure_side_by_side(options);
  std::fputs(to_table(figures).c_str(), stdout);
  write_file(arguments.json_file, to_json(figures));
}

int run_scenarios(const Arguments& arguments) {
  std::vector<ScenarioSpec> specs;
  for (const std::string& file : arguments.scenario_files) specs.push_back(load_scenario(file));
  const Machine machine = this_machine();
  std::vector<Report> reports;
  Engine engine;
  bool is_complete = true;
  for (const ScenarioSpec& spec : specs) {
    std::fprintf(stderr, "== %s\n", spec.title.c_str());
    reports.push_back(measure(arguments, spec, engine));
    is_complete = is_complete && reports.back().error.empty();
    std::fputs((to_table(reports.back()) + "\n").c_str(), stdout);
    std::fflush(stdout);
    // After each, so that what was measured is not lost with a later one.
    write_file(arguments.json_file, to_json(machine, reports));
    write_file(arguments.html_file, to_html(machine, reports));
  }
  std::fputs(to_overview(reports).c_str(), stdout);
  return is_complete ? 0 : kExitFailed;
}

int run_one(const Arguments& arguments) {
  Report report;
  if (arguments.command == Command::kFloor) {
    report.scenario = "floor 1 to " + std::to_string(arguments.subscribers);
    report.floors = {run_floor(arguments, fan_out_shape(arguments.subscribers), install_engine(), arguments.seconds)};
  } else {
    Engine engine;
    report = measure(arguments, scenario_of(arguments), engine);
  }
  if (!report.error.empty() && report.runs.empty()) throw std::runtime_error(report.error);
  std::fputs(to_table(report).c_str(), stdout);
  write_file(arguments.json_file, to_json(report));
  write_file(arguments.html_file, to_html(this_machine(), {report}));
  return 0;
}

int run(const Arguments& arguments) {
  if (arguments.command == Command::kSideBySide) {
    compare(arguments);
    return 0;
  }
  if (arguments.command == Command::kPublish) {
    if (!install_srtp_engine(SrtpEngine::kAutomatic)) throw std::runtime_error("the cipher engine does not start");
    publish({.api = arguments.api,
             .token = arguments.token,
             .publishers = arguments.publishers,
             .duration = std::chrono::seconds(arguments.seconds),
             .ivf_file = arguments.ivf_file,
             .ogg_file = arguments.ogg_file});
    return 0;
  }
  return arguments.command == Command::kRun ? run_scenarios(arguments) : run_one(arguments);
}

}  // namespace
}  // namespace eir::bench

int main(int argc, char** argv) {
  const std::vector<std::string_view> words(argv + 1, argv + argc);
  const bool is_impair = !words.empty() && words.front() == "impair";
  const auto impair = is_impair ? eir::bench::parse_impair({words.begin() + 1, words.end()}) : std::nullopt;
  const auto arguments = is_impair ? std::nullopt : eir::bench::parse_arguments(words);
  if (!arguments && !impair) {
    std::fputs(eir::bench::kUsage.data(), stderr);
    return eir::bench::kExitUsage;
  }
  try {
    if (impair) {
      eir::bench::run_impair(*impair);
      return 0;
    }
    return eir::bench::run(*arguments);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "eir-bench: %s\n", error.what());
    return eir::bench::kExitFailed;
  }
}
