#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "bench/host.h"
#include "bench/process_stats.h"
#include "bench/statistics.h"
#include "server/media/size_class.h"

namespace eir::bench {

// How many batches or messages there were of 1, 2–3, 4–7, 8–15, 16–31, 32–64 datagrams.
using SizeCounts = std::array<double, kSizeClasses>;

// One second of a run.
struct Sample {
  double at_s = 0;  // since the first join
  size_t connected = 0;
  double packets_per_second = 0;  // received by clients
  uint64_t missing = 0;           // in this second
};

// What one run of a scenario measured.
struct ScenarioFigures {
  std::string host;
  std::string srtp_profile;
  size_t rooms = 0;
  size_t clients = 0;    // who should be there in the end
  size_t connected = 0;  // who are
  size_t watchers = 0;   // of them, who have slots
  size_t came = 0;       // while it was measured: storms and churn
  size_t went = 0;
  std::map<std::string, size_t> refusals;  // why joins failed, and how many
  double seconds = 0;
  uint64_t sent = 0;       // media packets of all publishers
  uint64_t forwarded = 0;  // received by clients: different sequence numbers, retransmissions that were useful included
  uint64_t bytes = 0;      // of them
  uint64_t missing = 0;    // sequence numbers that never came
  uint64_t recovered = 0;  // that came by retransmission
  uint64_t duplicates = 0;
  uint64_t verified = 0;
  uint64_t corrupt = 0;
  CpuTime workers;
  size_t worker_count = 1;
  CpuTime server;  // all processes of the host, the workers included
  CpuTime own;
  Duration others{};             // of everything else on the machine
  unsigned cores = 0;            // of the machine
  Percentiles own_lateness;      // of the bench's timers
  uint64_t own_overflows = 0;    // datagrams that found a client's receive buffer full
  uint64_t host_overflows = 0;   // of all other UDP sockets here, the workers' among them
  uint64_t line_drops = 0;       // by the access lines of the scenario
  int receive_buffer = 0;        // of a client's socket, as the kernel counts
  uint64_t resident_before = 0;  // bytes in memory of all processes of the server, before the first client came
  uint64_t resident_after = 0;
  Counters counters;  // what the host counted meanwhile
  Percentiles audio_latency;
  std::map<std::string, Percentiles> join;  // from the click to the named step
  size_t joins_measured = 0;
  std::vector<Sample> samples;
  double measured_from_s = 0;  // on the samples' axis

  double per_packet(Duration time) const {
    return forwarded == 0 ? 0 : static_cast<double>(time.count()) / static_cast<double>(forwarded);
  }
  double ns_per_packet() const { return per_packet(workers.total()); }
  double loss() const {
    return forwarded + missing == 0 ? 0 : static_cast<double>(missing) / static_cast<double>(forwarded + missing);
  }
  double packets_per_second() const { return seconds == 0 ? 0 : static_cast<double>(forwarded) / seconds; }
  double megabits_per_second() const { return seconds == 0 ? 0 : static_cast<double>(bytes) * 8e-6 / seconds; }
  double worker_cores() const { return seconds == 0 ? 0 : to_seconds(workers.total()) / seconds; }
  double own_cores() const { return seconds == 0 ? 0 : to_seconds(own.total()) / seconds; }
  double other_cores() const { return seconds == 0 ? 0 : to_seconds(others) / seconds; }
  double counter(std::string_view name) const;
  // recvmmsg, sendmmsg and one epoll_wait per wake-up, of the workers, by packets forwarded.
  double system_calls_per_packet() const;
  double memory_per_client() const;
  double memory_per_room() const;
};

// Datagrams that the workers read at a time, and segments of the messages they sent.
SizeCounts batch_sizes_of(const ScenarioFigures& figures);
SizeCounts run_lengths_of(const ScenarioFigures& figures);

// What a reader must know before believing the figures: people who are not in, a bench that could not keep up, a busy
// machine, and where packets were lost. Empty if nothing is wrong.
std::vector<std::string> warnings_of(const ScenarioFigures& figures);

}  // namespace eir::bench
