#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace eir {

struct ProcessStats {
  double cpu_seconds = 0;
  uint64_t resident_bytes = 0;
  uint64_t virtual_bytes = 0;
  uint64_t open_descriptors = 0;
  uint64_t descriptors_max = 0;
  double start_seconds = 0;  // since the epoch
};

// Of /proc/self; what cannot be read stays 0.
ProcessStats read_process_stats();

// The fields of /proc/<pid>/stat that matter (proc(5)), in clock ticks and pages. The command, field 2, stands in
// parentheses and may hold anything.
struct StatFields {
  uint64_t user_ticks = 0;
  uint64_t system_ticks = 0;
  uint64_t start_ticks = 0;
  uint64_t virtual_bytes = 0;
  uint64_t resident_pages = 0;
};
std::optional<StatFields> parse_proc_stat(std::string_view text);

}  // namespace eir
