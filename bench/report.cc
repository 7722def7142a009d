#include "bench/report.h"

#include <fmt/core.h>

#include <array>
#include <boost/json.hpp>
#include <iterator>
#include <string_view>

namespace eir::bench {
namespace {

namespace json = boost::json;

constexpr std::array<std::string_view, UdpSendCounters::kRunClasses> kRunNames = {"1",    "2-3",   "4-7",
                                                                                  "8-15", "16-31", "32-64"};
constexpr std::array<std::string_view, UdpSendCounters::kRunClasses> kRunCounters = {
    "udp_runs_of_1_total",       "udp_runs_of_2_to_3_total",   "udp_runs_of_4_to_7_total",
    "udp_runs_of_8_to_15_total", "udp_runs_of_16_to_31_total", "udp_runs_of_32_to_64_total"};

using Runs = std::array<double, UdpSendCounters::kRunClasses>;

double counter(const ScenarioFigures& figures, std::string_view name) {
  const auto found = figures.counters.find(name);
  return found == figures.counters.end() ? 0 : found->second;
}

Runs runs_of(const ScenarioFigures& figures) {
  Runs out{};
  for (size_t i = 0; i < out.size(); ++i) out[i] = counter(figures, kRunCounters[i]);
  return out;
}
Runs runs_of(const FloorFigures& figures) {
  Runs out{};
  for (size_t i = 0; i < out.size(); ++i) out[i] = static_cast<double>(figures.runs[i]);
  return out;
}

// "1: 20 %, 4-7: 80 %": shares of all messages.
std::string runs_text(const Runs& runs) {
  double sum = 0;
  for (const double count : runs) sum += count;
  std::string out;
  for (size_t i = 0; i < runs.size() && sum > 0; ++i) {
    if (runs[i] == 0) continue;
    out += fmt::format("{}{}: {:.0f} %", out.empty() ? "" : ", ", kRunNames[i], 100 * runs[i] / sum);
  }
  return out;
}

std::string percentiles_text(const Percentiles& p) {
  return fmt::format("p50 {:.2f}  p95 {:.2f}  p99 {:.2f}  max {:.2f} ms", p.p50, p.p95, p.p99, p.max);
}

std::string line(std::string_view name, const std::string& value) { return fmt::format("  {:<28} {}\n", name, value); }

std::string cpu_text(const CpuTime& cpu, uint64_t packets) {
  const auto per = [packets](Duration d) {
    return packets == 0 ? 0 : static_cast<double>(d.count()) / static_cast<double>(packets);
  };
  return fmt::format("{:.0f} ns ({:.0f} user, {:.0f} kernel)", per(cpu.total()), per(cpu.user), per(cpu.system));
}

std::string floor_text(const FloorFigures& floor) {
  return "floor (receive, unprotect, protect, send; " + floor.engine + ")\n" +
         line("packets forwarded", fmt::format("{}, {} received", floor.packets_forwarded, floor.packets_received)) +
         line("CPU per forwarded packet", cpu_text(floor.cpu, floor.packets_forwarded)) +
         line("segments per message", runs_text(runs_of(floor)));
}

std::string figures_text(const ScenarioFigures& f) {
  std::string out = f.host + " (" + f.srtp_profile + ")\n";
  out += line("clients connected", fmt::format("{} of {}", f.connected, f.clients));
  out += line("packets forwarded", fmt::format("{} in {:.1f} s, {} published", f.forwarded, f.seconds, f.sent));
  out += line("lost", fmt::format("{} ({:.4f} %), {} duplicates", f.missing, 100 * f.loss(), f.duplicates));
  out += line("payloads checked", fmt::format("{} right, {} wrong", f.verified, f.corrupt));
  out += line("CPU per forwarded packet", cpu_text(f.workers, f.forwarded));
  out += line("workers' CPU", fmt::format("{:.1f} % of a core", to_seconds(f.workers.total()) / f.seconds * 100));
  out += line("eir-bench's own CPU", fmt::format("{:.1f} % of a core", to_seconds(f.own.total()) / f.seconds * 100));
  out += line("segments per message", runs_text(runs_of(f)));
  out += line("sound, capture to arrival", percentiles_text(f.audio_latency));
  for (const auto& [step, values] : f.join) out += line("join to " + step.substr(2), percentiles_text(values));
  return out;
}

json::object to_json(const Percentiles& p) {
  return {{"p50_ms", p.p50}, {"p95_ms", p.p95}, {"p99_ms", p.p99}, {"max_ms", p.max}};
}

json::array to_json(const Runs& runs) {
  json::array out;
  for (const double count : runs) out.emplace_back(count);
  return out;
}

json::object to_json(const CpuTime& cpu) { return {{"user_ns", cpu.user.count()}, {"kernel_ns", cpu.system.count()}}; }

json::object to_json(const FloorFigures& floor) {
  return {{"engine", floor.engine},
          {"packets_forwarded", floor.packets_forwarded},
          {"packets_received", floor.packets_received},
          {"cpu", to_json(floor.cpu)},
          {"ns_per_packet", floor.ns_per_packet()},
          {"runs", to_json(runs_of(floor))}};
}

json::object to_json(const ScenarioFigures& f) {
  json::object counters;
  for (const auto& [name, value] : f.counters) counters[name] = value;
  json::object join;
  for (const auto& [step, values] : f.join) join[step.substr(2)] = to_json(values);
  return {{"host", f.host},
          {"srtp_profile", f.srtp_profile},
          {"clients", f.clients},
          {"connected", f.connected},
          {"seconds", f.seconds},
          {"published", f.sent},
          {"forwarded", f.forwarded},
          {"missing", f.missing},
          {"duplicates", f.duplicates},
          {"verified", f.verified},
          {"corrupt", f.corrupt},
          {"workers_cpu", to_json(f.workers)},
          {"own_cpu", to_json(f.own)},
          {"ns_per_packet", f.ns_per_packet()},
          {"runs", to_json(runs_of(f))},
          {"audio_latency", to_json(f.audio_latency)},
          {"join", std::move(join)},
          {"counters", std::move(counters)}};
}

double ratio(const Report& report) {
  if (!report.floor || !report.figures || report.floor->ns_per_packet() == 0) return 0;
  return report.figures->ns_per_packet() / report.floor->ns_per_packet();
}

}  // namespace

std::string to_table(const Report& report) {
  std::string out = report.scenario + "\n";
  if (report.floor) out += floor_text(*report.floor);
  if (report.figures) out += figures_text(*report.figures);
  if (ratio(report) > 0) out += line("CPU against the floor", fmt::format("{:.2f}", ratio(report)));
  return out;
}

std::string to_json(const Report& report) {
  json::object out = {{"scenario", report.scenario}};
  if (report.floor) out["floor"] = to_json(*report.floor);
  if (report.figures) out["figures"] = to_json(*report.figures);
  if (ratio(report) > 0) out["ratio"] = ratio(report);
  return json::serialize(out);
}

}  // namespace eir::bench
