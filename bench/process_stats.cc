#include "bench/process_stats.h"

#include <unistd.h>

#include <charconv>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <system_error>
#include <utility>

namespace eir::bench {
namespace {

constexpr std::string_view kWorkerRole = "media-worker";

// The next word of `text`, which loses it; empty at the end.
std::string_view take_word(std::string_view& text) {
  const size_t begin = text.find_first_not_of(" \n");
  if (begin == std::string_view::npos) return text = {};
  text.remove_prefix(begin);
  const std::string_view word = text.substr(0, text.find_first_of(" \n"));
  text.remove_prefix(word.size());
  return word;
}

template <class Number>
std::optional<Number> to_number(std::string_view word) {
  Number value{};
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (error != std::errc{} || end != word.data() + word.size()) return std::nullopt;
  return value;
}

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::string proc_file(pid_t pid, std::string_view name) {
  return "/proc/" + std::to_string(pid) + "/" + std::string(name);
}

}  // namespace

std::optional<ProcStat> parse_proc_stat(std::string_view text) {
  const size_t name_end = text.rfind(')');
  if (name_end == std::string_view::npos) return std::nullopt;
  text.remove_prefix(name_end + 1);
  // What follows begins with the third field, the state.
  constexpr int kParent = 4;
  constexpr int kUser = 14;
  constexpr int kSystem = 15;
  ProcStat stat;
  for (int field = 3; field <= kSystem; ++field) {
    const std::string_view word = take_word(text);
    if (word.empty()) return std::nullopt;
    if (field != kParent && field != kUser && field != kSystem) continue;
    const auto value = to_number<uint64_t>(word);
    if (!value) return std::nullopt;
    if (field == kParent) stat.parent = static_cast<pid_t>(*value);
    if (field == kUser) stat.user_ticks = *value;
    if (field == kSystem) stat.system_ticks = *value;
  }
  return stat;
}

std::optional<uint64_t> parse_schedstat(std::string_view text) { return to_number<uint64_t>(take_word(text)); }

std::optional<uint64_t> parse_busy_ticks(std::string_view text) {
  if (take_word(text) != "cpu") return std::nullopt;
  // user nice system idle iowait irq softirq steal
  constexpr int kFields = 8;
  constexpr int kIdle = 3;
  constexpr int kWaiting = 4;
  uint64_t sum = 0;
  for (int field = 0; field < kFields; ++field) {
    const auto ticks = to_number<uint64_t>(take_word(text));
    if (!ticks) return std::nullopt;
    if (field != kIdle && field != kWaiting) sum += *ticks;
  }
  return sum;
}

// Two lines: "Udp: InDatagrams NoPorts … RcvbufErrors …" and "Udp: 1 2 … 3 …".
std::optional<uint64_t> parse_udp_overflows(std::string_view text) {
  const auto take_line = [&text]() -> std::string_view {
    constexpr std::string_view kStart = "Udp: ";
    const size_t begin = text.starts_with(kStart) ? 0 : text.find("\nUdp: ");
    if (begin == std::string_view::npos) return {};
    text.remove_prefix(begin + (text[begin] == '\n' ? 1 : 0) + kStart.size());
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(line.size());
    return line;
  };
  std::string_view names = take_line();
  std::string_view values = take_line();
  while (!names.empty() && !values.empty()) {
    const std::string_view value = take_word(values);
    if (take_word(names) == "RcvbufErrors") return to_number<uint64_t>(value);
  }
  return std::nullopt;
}

Duration busy_time() {
  const auto ticks = static_cast<int64_t>(parse_busy_ticks(read_file("/proc/stat")).value_or(0));
  return Duration(ticks * (1'000'000'000 / sysconf(_SC_CLK_TCK)));
}

uint64_t udp_overflows() { return parse_udp_overflows(read_file("/proc/net/snmp")).value_or(0); }

CpuTime cpu_time(const ProcStat& stat, std::optional<uint64_t> exact_ns, int64_t ticks_per_second) {
  const int64_t tick = 1'000'000'000 / ticks_per_second;
  const auto user = static_cast<int64_t>(stat.user_ticks);
  const auto system = static_cast<int64_t>(stat.system_ticks);
  if (!exact_ns) return {Duration(user * tick), Duration(system * tick)};
  const auto total = static_cast<int64_t>(*exact_ns);
  // Without a tick yet nothing is known of the division; the sum must hold all the same.
  const auto user_share = user + system == 0 ? 0.5 : static_cast<double>(user) / static_cast<double>(user + system);
  const auto user_ns = static_cast<int64_t>(static_cast<double>(total) * user_share);
  return {Duration(user_ns), Duration(total - user_ns)};
}

std::optional<uint64_t> parse_statm_resident(std::string_view text) {
  take_word(text);
  return to_number<uint64_t>(take_word(text));
}

// A process's schedstat counts its main thread alone, so those of all threads are summed. What a thread used that has
// ended since is missing: media threads live as long as their clients.
std::optional<CpuTime> read_cpu_time(pid_t pid) {
  const auto stat = parse_proc_stat(read_file(proc_file(pid, "stat")));
  if (!stat) return std::nullopt;
  std::optional<uint64_t> exact;
  std::error_code error;
  for (const auto& thread : std::filesystem::directory_iterator(proc_file(pid, "task"), error)) {
    const auto ns = parse_schedstat(read_file((thread.path() / "schedstat").string()));
    if (ns) exact = exact.value_or(0) + *ns;
  }
  return cpu_time(*stat, exact, sysconf(_SC_CLK_TCK));
}

CpuTime cpu_time_of(const std::vector<pid_t>& pids) {
  CpuTime sum;
  for (const pid_t pid : pids) sum = sum + read_cpu_time(pid).value_or(CpuTime{});
  return sum;
}

uint64_t resident_bytes_of(const std::vector<pid_t>& pids) {
  uint64_t pages = 0;
  for (const pid_t pid : pids) pages += parse_statm_resident(read_file(proc_file(pid, "statm"))).value_or(0);
  return pages * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
}

CpuTime own_cpu_time() { return read_cpu_time(getpid()).value_or(CpuTime{}); }

std::vector<pid_t> process_tree_of(pid_t root) {
  std::vector<std::pair<pid_t, pid_t>> all;  // process, parent
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", error)) {
    const auto pid = to_number<pid_t>(entry.path().filename().string());
    if (!pid) continue;
    if (const auto stat = parse_proc_stat(read_file(proc_file(*pid, "stat")))) all.emplace_back(*pid, stat->parent);
  }
  std::vector<pid_t> tree = {root};
  for (size_t i = 0; i < tree.size(); ++i) {
    for (const auto& [pid, parent] : all) {
      if (parent == tree[i]) tree.push_back(pid);
    }
  }
  return tree;
}

std::vector<pid_t> media_workers_of(pid_t eird) {
  std::vector<pid_t> found;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", error)) {
    const auto pid = to_number<pid_t>(entry.path().filename().string());
    if (!pid) continue;
    const auto stat = parse_proc_stat(read_file(proc_file(*pid, "stat")));
    if (!stat || stat->parent != eird) continue;
    if (read_file(proc_file(*pid, "cmdline")).find(kWorkerRole) != std::string::npos) found.push_back(*pid);
  }
  return found;
}

}  // namespace eir::bench
