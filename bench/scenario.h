#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bench/client_loop.h"
#include "bench/floor.h"
#include "bench/host.h"
#include "bench/process_stats.h"
#include "lib/transport/srtp_keys.h"

namespace eir::bench {

struct ScenarioOptions {
  size_t rooms = 1;
  size_t publishers = 1;   // of each room; they are subscribers too if `subscribers` is 0
  size_t subscribers = 0;  // of each room, who publish nothing
  Duration warm_up = 2s;
  Duration duration = 20s;
  // Of each subscriber's slot one packet in so many is decrypted and checked; the first subscriber checks all.
  uint32_t check_one_in = 16;
  // All that the clients offer, so that every server uses it.
  SrtpProfile srtp_profile = SrtpProfile::kAeadAes128Gcm;
};

// Milliseconds; of all clients.
struct Percentiles {
  double p50 = 0;
  double p95 = 0;
  double p99 = 0;
  double max = 0;
};

struct ScenarioFigures {
  std::string host;
  size_t clients = 0;
  size_t connected = 0;
  size_t watchers = 0;  // of the clients
  double seconds = 0;
  uint64_t sent = 0;       // media packets of all publishers
  uint64_t forwarded = 0;  // received by clients: different sequence numbers, retransmissions that were useful included
  uint64_t missing = 0;    // sequence numbers that never came
  uint64_t duplicates = 0;
  uint64_t verified = 0;
  uint64_t corrupt = 0;
  CpuTime workers;
  CpuTime server;  // all processes of the host, the workers included
  CpuTime own;
  uint64_t resident_before = 0;  // bytes in memory of all these processes, before the first client came
  uint64_t resident_after = 0;
  Counters counters;  // what the host counted meanwhile
  Percentiles audio_latency;
  std::map<std::string, Percentiles> join;  // from the offer to the named step
  std::string srtp_profile;

  double ns_per_packet() const { return per_packet(workers.total()); }
  double per_packet(Duration time) const {
    return forwarded == 0 ? 0 : static_cast<double>(time.count()) / static_cast<double>(forwarded);
  }
  double loss() const {
    return forwarded + missing == 0 ? 0 : static_cast<double>(missing) / static_cast<double>(forwarded + missing);
  }
};

// Clients in rooms of one host over real sockets, all in this thread. join(), then measure().
class Scenario {
 public:
  Scenario(Host& host, const ScenarioOptions& options);
  ~Scenario();

  // All clients, one after the other; then the warm-up. Throws std::runtime_error if one cannot join.
  void join();
  ScenarioFigures measure();

 private:
  struct Totals {
    uint64_t sent = 0;
    uint64_t received = 0;
    uint64_t missing = 0;
    uint64_t duplicates = 0;
    uint64_t verified = 0;
    uint64_t corrupt = 0;
  };
  void join_room(size_t room);
  void join_one(const Seat& seat);
  size_t negotiate(const Seat& seat, Session& session);
  ClientOptions client_options(const Seat& seat);
  void run_with_progress(Timestamp until);
  Totals totals();
  CpuTime workers_cpu() const;
  void fill_latency(ScenarioFigures& figures);
  void fill_join(ScenarioFigures& figures);

  Host& host_;
  ScenarioOptions options_;
  DtlsCertificate certificate_;
  DtlsContext dtls_;
  ClientLoop loop_;
  std::vector<std::unique_ptr<Session>> sessions_;
  uint64_t resident_before_ = 0;
};

}  // namespace eir::bench
