#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "bench/figures.h"
#include "bench/floor_plan.h"
#include "bench/pinning.h"
#include "bench/process_stats.h"
#include "lib/base/time.h"
#include "lib/transport/srtp_keys.h"

namespace eir::bench {

struct FloorOptions {
  FloorPlan plan;
  Duration warm_up = 1s;
  Duration duration = 10s;
  SrtpProfile srtp_profile = SrtpProfile::kAeadAes128Gcm;
  std::string engine;          // behind libsrtp, as the caller has installed it
  Pinning* pinning = nullptr;  // the worker where servers are, this process where loads are
};

struct FloorFigures {
  uint64_t packets_sent = 0;       // by the publisher
  uint64_t packets_forwarded = 0;  // by the worker
  uint64_t packets_received = 0;   // by all subscribers
  uint64_t left_out = 0;           // batches that came too late to be sent: this process had no time
  CpuTime cpu;                     // of the worker
  SizeCounts batches{};
  SizeCounts runs{};
  double send_calls = 0;
  std::string engine;
  double ns_per_packet() const {
    return packets_forwarded == 0 ? 0
                                  : static_cast<double>(cpu.total().count()) / static_cast<double>(packets_forwarded);
  }
};

// What forwarding cannot cost less than with these libraries and this kernel: a process of one thread that receives the
// plan's batches at their pace, unprotects them, and after each copies, protects and sends what the plan says, with a
// key for each destination and segmentation offload; no router, no ICE, no RTCP, no history. Fed and drained by the
// calling process.
FloorFigures measure_floor(const FloorOptions& options);

}  // namespace eir::bench
