#include "server/telemetry/process_stats.h"

#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace eir {
namespace {

std::string read_file(const char* path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

double seconds_of(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

// Seconds since the epoch at which the machine started. Not of /proc/stat, which a unit with ProcSubset=pid does not
// see.
double boot_seconds() { return seconds_of(CLOCK_REALTIME) - seconds_of(CLOCK_BOOTTIME); }

}  // namespace

std::optional<StatFields> parse_proc_stat(std::string_view text) {
  const size_t command_end = text.rfind(')');
  if (command_end == std::string_view::npos) return std::nullopt;
  // What follows is field 3 (state) and on.
  constexpr size_t kFirst = 3;
  constexpr size_t kLast = 24;
  std::array<uint64_t, kLast + 1> fields{};
  size_t field = kFirst;
  size_t at = command_end + 1;
  while (field <= kLast && at < text.size()) {
    const size_t begin = text.find_first_not_of(" \n", at);
    if (begin == std::string_view::npos) break;
    at = std::min(text.find_first_of(" \n", begin), text.size());
    std::from_chars(text.data() + begin, text.data() + at, fields[field]);  // the state is a letter: stays 0
    ++field;
  }
  if (field <= kLast) return std::nullopt;
  return StatFields{fields[14], fields[15], fields[22], fields[23], fields[24]};
}

ProcessStats read_process_stats() {
  ProcessStats out;
  if (const auto stat = parse_proc_stat(read_file("/proc/self/stat"))) {
    const auto ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
    out.cpu_seconds = static_cast<double>(stat->user_ticks + stat->system_ticks) / ticks;
    out.start_seconds = boot_seconds() + static_cast<double>(stat->start_ticks) / ticks;
    out.virtual_bytes = stat->virtual_bytes;
    out.resident_bytes = stat->resident_pages * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
  }
  std::error_code error;
  for (std::filesystem::directory_iterator entry("/proc/self/fd", error), end; !error && entry != end;
       entry.increment(error)) {
    ++out.open_descriptors;
  }
  if (out.open_descriptors > 0) --out.open_descriptors;  // the directory itself
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) out.descriptors_max = limit.rlim_cur;
  return out;
}

}  // namespace eir
