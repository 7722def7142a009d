#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "lib/base/time.h"

namespace eir::bench {

// Processor time of a process, all its threads. The sum is what the scheduler counted, in nanoseconds; how it divides
// between user and kernel is known to a clock tick (10 ms) only.
struct CpuTime {
  Duration user{};
  Duration system{};
  Duration total() const { return user + system; }
  CpuTime operator-(const CpuTime& other) const { return {user - other.user, system - other.system}; }
  CpuTime operator+(const CpuTime& other) const { return {user + other.user, system + other.system}; }
};

// The fields of /proc/<pid>/stat that matter here (proc(5)). The second field, the program's name in parentheses, may
// hold spaces and parentheses itself.
struct ProcStat {
  pid_t parent = 0;
  uint64_t user_ticks = 0;
  uint64_t system_ticks = 0;
};
std::optional<ProcStat> parse_proc_stat(std::string_view text);
// The first of the three numbers of /proc/<pid>/schedstat: nanoseconds on a processor.
std::optional<uint64_t> parse_schedstat(std::string_view text);
// Pages in memory, the second number of /proc/<pid>/statm.
std::optional<uint64_t> parse_statm_resident(std::string_view text);
// Ticks divided as `stat` says, scaled to the exact sum where there is one.
CpuTime cpu_time(const ProcStat& stat, std::optional<uint64_t> exact_ns, int64_t ticks_per_second);

// The first line of /proc/stat: what all processors were busy with, in ticks, waiting for a disk left out.
std::optional<uint64_t> parse_busy_ticks(std::string_view text);
// Datagrams that found a full receive buffer, of all UDP sockets: RcvbufErrors of /proc/net/snmp (RFC 4113's counters
// and Linux's own).
std::optional<uint64_t> parse_udp_overflows(std::string_view text);

// Of the whole machine.
Duration busy_time();
// Of this network namespace.
uint64_t udp_overflows();

// Nothing if the process is gone.
std::optional<CpuTime> read_cpu_time(pid_t pid);
CpuTime own_cpu_time();
// Sums; processes that are gone count nothing.
CpuTime cpu_time_of(const std::vector<pid_t>& pids);
uint64_t resident_bytes_of(const std::vector<pid_t>& pids);
// The process and all that it started, directly or not.
std::vector<pid_t> process_tree_of(pid_t root);
// The media workers of an eird: its children whose arguments name that role.
std::vector<pid_t> media_workers_of(pid_t eird);

}  // namespace eir::bench
