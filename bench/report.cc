#include "bench/report.h"

#include <fmt/core.h>
#include <sys/utsname.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <fstream>
#include <numeric>
#include <thread>

namespace eir::bench {
namespace {

constexpr std::array<std::string_view, kSizeClasses> kRunNames = {"1", "2-3", "4-7", "8-15", "16-31", "32-64"};

std::string runs_text(const SizeCounts& runs) {
  double sum = 0;
  for (const double count : runs) sum += count;
  std::string out;
  for (size_t i = 0; i < runs.size() && sum > 0; ++i) {
    if (runs[i] == 0) continue;
    out += fmt::format("{}{}: {:.0f} %", out.empty() ? "" : ", ", kRunNames[i], 100 * runs[i] / sum);
  }
  return out.empty() ? "not known" : out;
}

std::string percentiles_text(const Percentiles& p) {
  return fmt::format("p50 {:.2f}  p95 {:.2f}  p99 {:.2f}  max {:.2f} ms", p.p50, p.p95, p.p99, p.max);
}

std::string cpu_text(const CpuTime& cpu, uint64_t packets) {
  const auto per = [packets](Duration d) {
    return packets == 0 ? 0 : static_cast<double>(d.count()) / static_cast<double>(packets);
  };
  return fmt::format("{:.0f} ns ({:.0f} user, {:.0f} kernel)", per(cpu.total()), per(cpu.user), per(cpu.system));
}

std::string kilobytes(double bytes) { return fmt::format("{:.0f} kB", bytes / 1000); }

std::string indented(const std::vector<Line>& lines) {
  std::string out;
  for (const auto& [name, value] : lines) out += fmt::format("  {:<32} {}\n", name, value);
  return out;
}

std::string spread_text(const Report& report) {
  std::vector<double> values;
  for (const ScenarioFigures& one : report.runs) values.push_back(one.ns_per_packet());
  const auto [least, most] = std::ranges::minmax(values);
  return fmt::format("{} runs: {:.0f} to {:.0f} ns per forwarded packet; the median run is shown", values.size(), least,
                     most);
}

// "1.52 × the floor", and how far the runs lie apart.
std::string times_text(const Report& report) {
  std::string out = fmt::format("{:.2f} × the floor", report.ratio_to_floor());
  if (report.floors.size() < 2) return out;
  std::vector<double> ratios;
  for (size_t i = 0; i < std::min(report.runs.size(), report.floors.size()); ++i) {
    ratios.push_back(report.runs[i].ns_per_packet() / std::max(report.floors[i].ns_per_packet(), 1.0));
  }
  const auto [least, most] = std::ranges::minmax(ratios);
  return out + fmt::format(" (median of {}: {:.2f} to {:.2f})", ratios.size(), least, most);
}

// Where batches were of other sizes, the floor woke up more or less often than the server: empty while they were alike.
std::string unlike_text(const ScenarioFigures& f, const FloorFigures& floor) {
  constexpr double kApartMax = 1.25;
  const SizeCounts batches = batch_sizes_of(f);
  const double of_run = f.counter("udp_datagrams_in_total") / std::accumulate(batches.begin(), batches.end(), 0.0);
  const double of_floor =
      static_cast<double>(floor.packets_sent) / std::accumulate(floor.batches.begin(), floor.batches.end(), 0.0);
  if (of_floor <= of_run * kApartMax && of_run <= of_floor * kApartMax) return {};
  return fmt::format(
      "  ! the floor read {:.1f} datagrams at a time, the server {:.1f}: on so busy a machine the ratio says little\n",
      of_floor, of_run);
}

std::string floor_text(const Report& report) {
  const FloorFigures* const floor = report.floor();
  if (floor == nullptr) return {};
  std::string out =
      "floor (receive, unprotect, copy, protect, send; " + floor->engine + ")\n" + indented(lines_of(*floor));
  if (report.ratio_to_floor() == 0) return out;
  return out + indented({{"the server against it", times_text(report)}}) + unlike_text(*report.figures(), *floor);
}

std::string first_line_after(const std::string& path, std::string_view name) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    const size_t colon = line.find(": ");
    if (line.starts_with(name) && colon != std::string::npos) return line.substr(colon + 2);
  }
  return "unknown";
}

}  // namespace

size_t Report::shown() const {
  std::vector<double> values;
  for (const ScenarioFigures& one : runs) values.push_back(one.ns_per_packet());
  return index_of_median(values);
}

const ScenarioFigures* Report::figures() const { return runs.empty() ? nullptr : &runs[shown()]; }

const FloorFigures* Report::floor() const { return shown() < floors.size() ? &floors[shown()] : nullptr; }

double Report::ratio_to_floor() const {
  std::vector<double> ratios;
  for (size_t i = 0; i < std::min(runs.size(), floors.size()); ++i) {
    if (floors[i].ns_per_packet() > 0) ratios.push_back(runs[i].ns_per_packet() / floors[i].ns_per_packet());
  }
  return ratios.empty() ? 0 : ratios[index_of_median(ratios)];
}

Machine this_machine() {
  Machine out;
  out.cpu = first_line_after("/proc/cpuinfo", "model name");
  out.cores = std::thread::hardware_concurrency();
  utsname name{};
  if (uname(&name) == 0) out.kernel = std::string(name.sysname) + ' ' + name.release;
  std::ifstream load("/proc/loadavg");
  std::array<std::string, 3> averages;
  for (std::string& one : averages) load >> one;
  out.load = averages[0] + ' ' + averages[1] + ' ' + averages[2];
  const std::time_t at = std::time(nullptr);
  std::tm utc{};
  gmtime_r(&at, &utc);
  std::array<char, 32> text{};
  out.time = std::string(text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M UTC", &utc));
  return out;
}

std::vector<Line> lines_of(const FloorFigures& floor) {
  std::vector<Line> out = {
      {"packets forwarded", fmt::format("{}, {} received", floor.packets_forwarded, floor.packets_received)},
      {"CPU per forwarded packet", cpu_text(floor.cpu, floor.packets_forwarded)},
      {"datagrams per batch", runs_text(floor.batches)},
      {"segments per message", runs_text(floor.runs)}};
  if (floor.left_out > 0) out.emplace_back("left out, for want of time", fmt::format("{} batches", floor.left_out));
  return out;
}

std::vector<Line> lines_of(const ScenarioFigures& f) {
  std::vector<Line> out = {
      {"people connected", fmt::format("{} of {} in {} rooms", f.connected, f.clients, f.rooms)},
      {"packets forwarded", fmt::format("{} in {:.1f} s, {} published", f.forwarded, f.seconds, f.sent)},
      {"rate", fmt::format("{:.0f} packets/s, {:.1f} Mbit/s", f.packets_per_second(), f.megabits_per_second())},
      {"lost", fmt::format("{} ({:.4f} %), {} brought by retransmission, {} duplicates", f.missing, 100 * f.loss(),
                           f.recovered, f.duplicates)},
      {"payloads checked", fmt::format("{} right, {} wrong", f.verified, f.corrupt)},
      {"CPU per forwarded packet", cpu_text(f.workers, f.forwarded)},
      {"workers' CPU", fmt::format("{:.1f} % of a core", 100 * f.worker_cores())},
      {"all its processes' CPU", fmt::format("{:.1f} % of a core", 100 * to_seconds(f.server.total()) / f.seconds)},
      {"eir-bench's own CPU",
       fmt::format("{:.1f} % of a core, {:.0f} ns a packet", 100 * f.own_cores(), f.per_packet(f.own.total()))},
      {"rest of the machine", fmt::format("{:.1f} % of a core", 100 * f.other_cores())},
      {"datagrams per batch", runs_text(batch_sizes_of(f))},
      {"segments per message", runs_text(run_lengths_of(f))},
      {"system calls per packet", fmt::format("{:.3f}", f.system_calls_per_packet())},
      {"the server's memory",
       fmt::format("{} a person, {} a room, {} before", kilobytes(f.memory_per_client()),
                   kilobytes(f.memory_per_room()), kilobytes(static_cast<double>(f.resident_before)))},
      {"sound, capture to arrival", percentiles_text(f.audio_latency)},
      {"eir-bench's own lateness", percentiles_text(f.own_lateness)}};
  if (const auto delay = added_delay_of(f.counters)) {
    out.emplace_back("added delay, kernel to send",
                     fmt::format("mean {:.3f}  p50 {:.3f}  p99 {:.3f}  p99.9 {:.3f} ms of {} datagrams", delay->mean_ms,
                                 delay->p50_ms, delay->p99_ms, delay->p999_ms, delay->datagrams));
  }
  if (f.line_drops > 0) out.emplace_back("dropped by access lines", fmt::format("{} datagrams", f.line_drops));
  if (f.came + f.went > 0) {
    out.emplace_back("while it was measured", fmt::format("{} came, {} went", f.came, f.went));
  }
  for (const auto& [step, values] : f.join) out.emplace_back("join to " + step.substr(2), percentiles_text(values));
  return out;
}

std::string to_table(const Report& report) {
  std::string out = report.scenario + "\n";
  if (!report.error.empty()) out += "  failed: " + report.error + "\n";
  const ScenarioFigures* const f = report.figures();
  if (f == nullptr) return out + floor_text(report);
  out += f->host + " (" + f->srtp_profile + ")\n" + indented(lines_of(*f));
  if (report.runs.size() > 1) out += "  " + spread_text(report) + "\n";
  for (const std::string& warning : warnings_of(*f)) out += "  ! " + warning + "\n";
  return out + floor_text(report);
}

std::string to_overview(const std::vector<Report>& reports) {
  constexpr std::string_view kRow = "{:<44} {:>7} {:>10} {:>8} {:>8} {:>9} {:>9} {:>8} {:>2}\n";
  std::string out =
      fmt::format(kRow, "scenario", "people", "packets/s", "Mbit/s", "ns/pkt", "worker", "bench", "lost", "");
  for (const Report& report : reports) {
    const ScenarioFigures* const f = report.figures();
    const std::string name = report.scenario.size() <= 44 ? report.scenario : report.scenario.substr(0, 43) + "~";
    if (f == nullptr) {
      out += fmt::format(kRow, name, "failed", "", "", "", "", "", "", "!");
      continue;
    }
    out += fmt::format(kRow, name, f->connected, fmt::format("{:.0f}", f->packets_per_second()),
                       fmt::format("{:.0f}", f->megabits_per_second()), fmt::format("{:.0f}", f->ns_per_packet()),
                       fmt::format("{:.1f} %", 100 * f->worker_cores()), fmt::format("{:.1f} %", 100 * f->own_cores()),
                       fmt::format("{:.3f} %", 100 * f->loss()), warnings_of(*f).empty() ? "" : "!");
  }
  return out;
}

}  // namespace eir::bench
