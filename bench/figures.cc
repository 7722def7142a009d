#include "bench/figures.h"

#include <fmt/core.h>

#include <span>

#include "server/media/worker_counters.h"

namespace eir::bench {
namespace {

// Above this the one thread of the bench is what limits.
constexpr double kOwnCoresMax = 0.9;
constexpr double kOwnLatenessMaxMs = 20;
constexpr double kWorkerCoresMax = 0.95;
// What a machine does besides may take this much of a core before it is told.
constexpr double kOtherCoresMax = 0.25;
// Of the whole machine.
constexpr double kBusyShareMax = 0.95;
constexpr int kReceiveBufferMin = 1 << 20;

SizeCounts counts_of(const ScenarioFigures& figures, std::span<const std::string_view, kSizeClasses> names) {
  SizeCounts out{};
  for (size_t i = 0; i < out.size(); ++i) out[i] = figures.counter(names[i]);
  return out;
}

void add_bench_limits(const ScenarioFigures& f, std::vector<std::string>& out) {
  if (f.own_cores() > kOwnCoresMax) {
    out.push_back(
        fmt::format("eir-bench itself used {:.0f} % of its core: these figures are the limit of the clients, "
                    "not of the server",
                    100 * f.own_cores()));
  }
  if (f.own_lateness.p99 > kOwnLatenessMaxMs) {
    out.push_back(
        fmt::format("eir-bench was late by {:.0f} ms (p99): publishers left out frames, and latency is its own",
                    f.own_lateness.p99));
  }
  const double server_cores = f.seconds == 0 ? 0 : to_seconds(f.server.total()) / f.seconds;
  if (f.cores > 0 && server_cores + f.own_cores() + f.other_cores() > kBusyShareMax * f.cores) {
    out.push_back(
        fmt::format("all {} processors were busy: {:.0f} % of a core the server, {:.0f} % eir-bench, {:.0f} % "
                    "the rest; with more of them these figures would be better",
                    f.cores, 100 * server_cores, 100 * f.own_cores(), 100 * f.other_cores()));
  } else if (f.other_cores() > kOtherCoresMax) {
    out.push_back(fmt::format("other programs used {:.0f} % of a core meanwhile", 100 * f.other_cores()));
  }
  if (f.receive_buffer < kReceiveBufferMin) {
    out.push_back(
        fmt::format("the kernel gave the clients' sockets {} bytes to receive into (net.core.rmem_max): bursts "
                    "are lost there",
                    f.receive_buffer));
  }
}

}  // namespace

SizeCounts batch_sizes_of(const ScenarioFigures& figures) { return counts_of(figures, kBatchCounters); }

SizeCounts run_lengths_of(const ScenarioFigures& figures) { return counts_of(figures, kRunCounters); }

double ScenarioFigures::counter(std::string_view name) const {
  const auto found = counters.find(name);
  return found == counters.end() ? 0 : found->second;
}

double ScenarioFigures::system_calls_per_packet() const {
  const double calls = counter("udp_receive_calls_total") + counter("udp_receive_calls_empty_total") +
                       counter("udp_send_calls_total") + counter("loop_turns_total") + counter("loop_timeouts_total");
  return forwarded == 0 ? 0 : calls / static_cast<double>(forwarded);
}

double ScenarioFigures::memory_per_client() const {
  if (connected == 0 || resident_after <= resident_before) return 0;
  return static_cast<double>(resident_after - resident_before) / static_cast<double>(connected);
}

double ScenarioFigures::memory_per_room() const {
  if (rooms == 0 || resident_after <= resident_before) return 0;
  return static_cast<double>(resident_after - resident_before) / static_cast<double>(rooms);
}

std::vector<std::string> warnings_of(const ScenarioFigures& f) {
  std::vector<std::string> out;
  if (f.connected < f.clients) {
    out.push_back(fmt::format("only {} of {} people are in: the figures are of those", f.connected, f.clients));
  }
  for (const auto& [reason, count] : f.refusals) out.push_back(fmt::format("{} joins failed: {}", count, reason));
  if (f.corrupt > 0) out.push_back(fmt::format("{} payloads had wrong bytes", f.corrupt));
  if (f.worker_cores() > kWorkerCoresMax) {
    out.push_back(fmt::format("the media workers used {:.0f} % of a core: with one of them the server is at its limit",
                              100 * f.worker_cores()));
  }
  if (f.missing > 0) out.push_back(fmt::format("{} packets were lost ({:.3f} %)", f.missing, 100 * f.loss()));
  if (f.own_overflows > 0) {
    out.push_back(fmt::format("{} datagrams found a client's receive buffer full: eir-bench did not read in time",
                              f.own_overflows));
  }
  if (f.host_overflows > 0) {
    out.push_back(fmt::format("{} datagrams found another receive buffer full, the server's if nothing else is running",
                              f.host_overflows));
  }
  const double queue_full =
      f.counter("router_drop_queue_full_audio_total") + f.counter("router_drop_queue_full_video_total");
  if (queue_full > 0)
    out.push_back(fmt::format("the server dropped {:.0f} packets: its send queue was full", queue_full));
  add_bench_limits(f, out);
  return out;
}

}  // namespace eir::bench
