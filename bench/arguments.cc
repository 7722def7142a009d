#include "bench/arguments.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace eir::bench {
namespace {

constexpr uint32_t kPeopleMax = 1000;
constexpr uint32_t kPeoplePerRoomMax = 250;
constexpr uint32_t kSecondsMax = 600;
constexpr uint32_t kWorkersMax = 64;
constexpr uint32_t kRepeatMax = 50;
constexpr uint32_t kPidMax = 1U << 22;  // the kernel's own limit
constexpr size_t kScenarioFilesMax = 64;

constexpr std::array<std::pair<std::string_view, Command>, 6> kCommands = {{
    {"run", Command::kRun},
    {"fanout", Command::kFanout},
    {"rooms", Command::kRooms},
    {"floor", Command::kFloor},
    {"publish", Command::kPublish},
    {"side-by-side", Command::kSideBySide},
}};

template <class Number>
bool read_number(std::string_view text, Number max, Number& out) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value == 0 || value > max) return false;
  out = value;
  return true;
}

bool read_flag(std::string_view word, Arguments& out) {
  if (word == "--in-process") return out.in_process = true;
  if (word == "--pin") return out.is_pinned = true;
  if (word == "--added-delay") return out.with_added_delay = true;
  if (word == "--floor") return out.with_floor = true;
  if (word == "--no-floor") return !(out.with_floor = false);
  return false;
}

bool read_count(std::string_view word, std::string_view value, Arguments& out) {
  if (word == "--subscribers") return read_number(value, kPeoplePerRoomMax, out.subscribers);
  if (word == "--rooms") return out.by_rooms = read_number(value, kPeopleMax, out.rooms);
  if (word == "--repeat") return read_number(value, kRepeatMax, out.repeat);
  if (word == "--publishers") return read_number(value, kPeoplePerRoomMax, out.publishers);
  if (word == "--seconds") return read_number(value, kSecondsMax, out.seconds);
  if (word == "--event-loops") return read_number(value, kWorkersMax, out.event_loops);
  if (word == "--pid") return read_number(value, kPidMax, out.pid);
  if (word == "--workers") return read_number(value, kWorkersMax, out.workers);
  if (word == "--check-one-in") return read_number(value, uint32_t{UINT16_MAX}, out.check_one_in);
  if (word == "--port-base") return read_number(value, uint16_t{60000}, out.port_base);
  return false;
}

// The token of an invitation link is what stands behind its '#'.
std::string token_of(std::string_view link) { return std::string(link.substr(link.find('#') + 1)); }

bool read_profile(std::string_view value, SrtpProfile& out) {
  constexpr std::array<std::pair<std::string_view, SrtpProfile>, 3> kProfiles = {
      {{"gcm128", SrtpProfile::kAeadAes128Gcm},
       {"gcm256", SrtpProfile::kAeadAes256Gcm},
       {"cm80", SrtpProfile::kAes128CmSha1_80}}};
  const auto* const found = std::ranges::find(kProfiles, value, &std::pair<std::string_view, SrtpProfile>::first);
  if (found == kProfiles.end()) return false;
  out = found->second;
  return true;
}

bool read_text(std::string_view word, std::string_view value, Arguments& out) {
  if (word == "--srtp") return read_profile(value, out.srtp_profile);
  if (word == "--link") {
    out.token = token_of(value);
    return true;
  }
  constexpr std::array<std::pair<std::string_view, std::string Arguments::*>, 13> kTexts = {{
      {"--eird", &Arguments::eird},
      {"--janus", &Arguments::janus},
      {"--whip", &Arguments::whip},
      {"--whep", &Arguments::whep},
      {"--bearer", &Arguments::bearer},
      {"--bearers", &Arguments::bearers_file},
      {"--quickstart", &Arguments::quickstart},
      {"--api", &Arguments::api},
      {"--token", &Arguments::token},
      {"--ivf", &Arguments::ivf_file},
      {"--ogg", &Arguments::ogg_file},
      {"--json", &Arguments::json_file},
      {"--html", &Arguments::html_file},
  }};
  for (const auto& [name, member] : kTexts) {
    if (name != word) continue;
    out.*member = value;
    return true;
  }
  return false;
}

bool is_possible(const Arguments& arguments) {
  switch (arguments.command) {
    case Command::kRun:
      return !arguments.scenario_files.empty() && arguments.scenario_files.size() <= kScenarioFilesMax;
    case Command::kFanout:
      return arguments.subscribers < kPeoplePerRoomMax;
    case Command::kRooms:
      return arguments.rooms * arguments.publishers <= kPeopleMax && arguments.publishers >= 2;
    case Command::kFloor:
      return true;
    case Command::kPublish:
      return !arguments.token.empty();
    case Command::kSideBySide:
      return !arguments.eird.empty() && arguments.subscribers < kPeoplePerRoomMax &&
             arguments.rooms * arguments.publishers <= kPeopleMax && arguments.publishers >= 2;
  }
  return false;
}

}  // namespace

const std::string_view kUsage =
    "usage: eir-bench run FILE.yaml [FILE.yaml…] HOST [OPTION…] [--repeat 1] [--floor]   scenarios, see "
    "bench/scenarios\n"
    "       eir-bench fanout  [--subscribers 30] HOST [OPTION…]   one publisher, many who watch\n"
    "       eir-bench rooms   [--rooms 10] [--publishers 3] HOST [OPTION…]   everyone publishes and watches the "
    "others\n"
    "       eir-bench floor   [--subscribers 30] [OPTION…]   what forwarding costs without a server\n"
    "       eir-bench side-by-side --eird PROGRAM [--janus /usr/bin/janus] [--subscribers 30 | --rooms 10] [--repeat "
    "5]\n"
    "       eir-bench publish [--api URL] --token T | --link URL [--publishers 8] [--ivf FILE] [--ogg FILE]\n"
    "       eir-bench impair [--listen 127.0.0.1:50000] [--server 127.0.0.1:40000] [--ports 1] [--up LINE] [--down "
    "LINE]\n"
    "                 [--then \"20s down rate=500k\"…] [--seed 1] [--seconds N] [--control]   a bad line between UDP "
    "clients and a server\n"
    "       LINE  rate=3M,queue=300ms,delay=20ms,jitter=10ms,overtaking=yes,loss=1%,burst=3%/4,reorder=2%,duplicate=1%,"
    "blackout=no\n"
    "HOST   --eird PROGRAM       starts its own, on loopback, and stops it again\n"
    "       --quickstart FILE    one that runs: the JSON line of deploy/quickstart --json\n"
    "       --janus PROGRAM      Debian's, of its own as well; --event-loops 1 for threads that connections share\n"
    "       --whip URL --whep URL [--bearer T | --bearers FILE] [--pid N]   a server on this host; {room} and {person} "
    "in\n"
    "                            the URLs are numbers, FILE has a token a line for the connections in turn\n"
    "       --in-process         lib/router behind sockets in a child process, without control\n"
    "OPTION --seconds 20  --workers 1  --port-base 18080  --pin  --check-one-in 16  --srtp gcm128|gcm256|cm80\n"
    "       --no-floor  --added-delay  --json FILE  --html FILE\n";

std::optional<Arguments> parse_arguments(const std::vector<std::string_view>& words) {
  if (words.empty()) return std::nullopt;
  Arguments out;
  const auto* const command = std::ranges::find(kCommands, words[0], &std::pair<std::string_view, Command>::first);
  if (command == kCommands.end()) return std::nullopt;
  out.command = command->second;
  if (out.command == Command::kPublish) out.publishers = 8;
  if (out.command == Command::kRun) out.with_floor = false;
  if (out.command == Command::kSideBySide) out.repeat = 5;
  for (size_t i = 1; i < words.size(); ++i) {
    if (read_flag(words[i], out)) continue;
    if (out.command == Command::kRun && !words[i].starts_with("--")) {
      out.scenario_files.emplace_back(words[i]);
      continue;
    }
    if (i + 1 == words.size()) return std::nullopt;
    if (!read_count(words[i], words[i + 1], out) && !read_text(words[i], words[i + 1], out)) return std::nullopt;
    ++i;
  }
  if (!is_possible(out)) return std::nullopt;
  return out;
}

}  // namespace eir::bench
