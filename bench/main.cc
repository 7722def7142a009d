#include <unistd.h>

#include <cstdio>
#include <exception>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>

#include "bench/arguments.h"
#include "bench/eird_host.h"
#include "bench/in_process_host.h"
#include "bench/janus_host.h"
#include "bench/publish.h"
#include "bench/report.h"
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
HostChoice choose_host(const Arguments& arguments) {
  HostChoice out;
  if (arguments.in_process) {
    out.host = std::make_unique<InProcessHost>();
  } else if (!arguments.eird.empty()) {
    out.own = std::make_unique<OwnEird>(
        OwnEird::Options{.program = arguments.eird, .port_base = arguments.port_base, .workers = arguments.workers});
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

ScenarioOptions scenario_options(const Arguments& arguments) {
  ScenarioOptions out;
  out.duration = std::chrono::seconds(arguments.seconds);
  out.check_one_in = arguments.check_one_in;
  out.srtp_profile = arguments.srtp_profile;
  if (!is_rooms(arguments)) {
    out.subscribers = arguments.subscribers;
  } else {
    out.rooms = arguments.rooms;
    out.publishers = arguments.publishers;
  }
  return out;
}

std::string scenario_name(const Arguments& arguments) {
  if (is_rooms(arguments)) {
    return std::to_string(arguments.rooms) + " rooms of " + std::to_string(arguments.publishers);
  }
  return "fan-out 1 to " + std::to_string(arguments.subscribers);
}

// The floor first, alone on the machine as the host is after it. A host's fork precedes libsrtp's start here,
// the floor's follows it.
Report measure(const Arguments& arguments) {
  Report report;
  report.scenario = scenario_name(arguments);
  HostChoice choice;
  if (arguments.command != Command::kFloor) choice = choose_host(arguments);
  const auto engine = install_srtp_engine(SrtpEngine::kAutomatic);
  if (!engine) throw std::runtime_error("the cipher engine does not start");
  // Of rooms there is none: many small fan-outs in one process are what a router is for.
  if (arguments.command == Command::kFloor || (arguments.with_floor && arguments.command == Command::kFanout)) {
    FloorOptions floor;
    floor.subscribers = arguments.subscribers;
    floor.duration = std::chrono::seconds(arguments.seconds);
    floor.engine = engine->name;
    std::fprintf(stderr, "floor: %u s\n", arguments.seconds);
    report.floor = measure_floor(floor);
  }
  if (choice.host) {
    Scenario scenario(*choice.host, scenario_options(arguments));
    scenario.join();
    report.figures = scenario.measure();
  }
  return report;
}

void compare(const Arguments& arguments) {
  if (!install_srtp_engine(SrtpEngine::kAutomatic)) throw std::runtime_error("the cipher engine does not start");
  SideBySideOptions options;
  options.eird = arguments.eird;
  options.janus = arguments.janus.empty() ? kJanusOfDebian : arguments.janus;
  options.port_base = arguments.port_base;
  options.workers = arguments.workers;
  options.repeat = arguments.repeat;
  options.scenario = scenario_options(arguments);
  options.scenario_name = scenario_name(arguments);
  const SideBySideFigures figures = measure_side_by_side(options);
  std::fputs(to_table(figures).c_str(), stdout);
  if (!arguments.json_file.empty()) std::ofstream(arguments.json_file) << to_json(figures) << '\n';
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
  const Report report = measure(arguments);
  std::fputs(to_table(report).c_str(), stdout);
  if (!arguments.json_file.empty()) std::ofstream(arguments.json_file) << to_json(report) << '\n';
  return 0;
}

}  // namespace
}  // namespace eir::bench

int main(int argc, char** argv) {
  const auto arguments = eir::bench::parse_arguments({argv + 1, argv + argc});
  if (!arguments) {
    std::fputs(eir::bench::kUsage.data(), stderr);
    return eir::bench::kExitUsage;
  }
  try {
    return eir::bench::run(*arguments);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "eir-bench: %s\n", error.what());
    return eir::bench::kExitFailed;
  }
}
