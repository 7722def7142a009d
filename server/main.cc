#include <fmt/core.h>
#include <sys/prctl.h>

#include <charconv>
#include <cstdio>
#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/api/control.h"
#include "server/api/named_files.h"
#include "server/channel/start.h"
#include "server/config/config.h"
#include "server/media/media_worker.h"
#include "server/supervisor/child_process.h"
#include "server/supervisor/supervisor.h"
#include "server/telemetry/log.h"

namespace eir {
namespace {

constexpr std::string_view kUsage =
    "usage: eird [--config FILE] [--check-config | --print-config]\n"
    "       eird --version | --help\n"
    "Without --config every key has its default; config/eird.yaml lists them.\n"
    "Signals: SIGHUP reloads the configuration (eirctl reload tells the outcome), SIGTERM drains for timeouts.drain_s "
    "and\n"
    "ends, a second SIGTERM ends at once.\n"
    "Exit codes: 0 ended as asked, 1 a port or directory is not as it must be, 2 arguments, configuration or its "
    "files.\n";

struct Arguments {
  std::string config_file;
  bool check_config = false;
  bool print_config = false;
  bool version = false;
  bool help = false;
  // Set by the supervisor for its children only.
  std::string role;
  int start_fd = -1;
};

// Nothing: not understood.
std::optional<Arguments> parse_arguments(const std::vector<std::string_view>& words) {
  Arguments out;
  for (size_t i = 0; i < words.size(); ++i) {
    const std::string_view word = words[i];
    const bool takes_value = word == "--config" || word == "--role" || word == "--start-fd";
    if (takes_value && i + 1 == words.size()) return std::nullopt;
    if (word == "--config") {
      out.config_file = words[++i];
    } else if (word == "--role") {
      out.role = words[++i];
    } else if (word == "--start-fd") {
      const std::string_view value = words[++i];
      const auto parsed = std::from_chars(value.data(), value.data() + value.size(), out.start_fd);
      if (parsed.ec != std::errc{}) return std::nullopt;
    } else if (word == "--check-config") {
      out.check_config = true;
    } else if (word == "--print-config") {
      out.print_config = true;
    } else if (word == "--version") {
      out.version = true;
    } else if (word == "--help") {
      out.help = true;
    } else {
      return std::nullopt;
    }
  }
  return out;
}

ParsedConfig read_configuration(const std::string& file) {
  return file.empty() ? parse_config("", "defaults") : load_config(file);
}

// Also the name that ps, top and the journal show: the program was executed as /proc/self/exe and would be called
// "exe".
void start_log(const channel::LogStart& start) {
  prctl(PR_SET_NAME, ("eird-" + start.process).c_str());
  log::start({start.format, start.level, start.process, start.redaction_key});
}

// What is in effect, not the file as it is now: that one is taken by a reload alone, so a control that died comes back
// whatever stands there.
Config configuration_of(const channel::ControlStart& start) {
  return parse_config(start.config_yaml, "in_effect").config;
}

int run_child(const Arguments& arguments) {
  make_undumpable();
  const std::string start_json = read_start_file(arguments.start_fd);
  if (arguments.role == "media-worker") {
    const auto start = channel::parse_worker_start(start_json);
    if (!start) return kExitUsage;
    start_log(start->log);
    return run_media_worker(*start);
  }
  const auto start = channel::parse_control_start(start_json);
  if (arguments.role != "control" || !start) return kExitUsage;
  start_log(start->log);
  return run_control(configuration_of(*start), *start);
}

int run(const Arguments& arguments) {
  if (arguments.version) {
    fmt::print("eird {}\n", EIR_VERSION);
    return kExitOk;
  }
  if (arguments.help) {
    fmt::print("{}", kUsage);
    return kExitOk;
  }
  if (!arguments.role.empty()) return run_child(arguments);
  ParsedConfig parsed = read_configuration(arguments.config_file);
  if (parsed.ok()) check_named_files(parsed, parsed.errors);
  if (!parsed.ok()) {
    fmt::print(stderr, "{}", parsed.error_text());
    return kExitUsage;
  }
  if (arguments.print_config) fmt::print("{}", to_yaml(parsed.config));
  if (arguments.print_config || arguments.check_config) return kExitOk;
  make_undumpable();
  return run_supervisor(parsed.config, arguments.config_file);
}

}  // namespace
}  // namespace eir

int main(int argc, char** argv) {
  const auto arguments = eir::parse_arguments({argv + 1, argv + argc});
  if (!arguments) {
    std::fputs(eir::kUsage.data(), stderr);
    return eir::kExitUsage;
  }
  try {
    return eir::run(*arguments);
  } catch (const std::exception& e) {
    eir::log::error("failed", {{"what", e.what()}});
    return eir::kExitEnvironment;
  }
}
