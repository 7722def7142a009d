#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "bench/process_stats.h"
#include "lib/base/time.h"
#include "server/media/udp_sender.h"

namespace eir::bench {

struct FloorOptions {
  size_t subscribers = 30;
  Duration warm_up = 1s;
  Duration duration = 10s;
  // Plain RTP packets; the cipher's tag comes on top.
  size_t video_bytes = 1106;  // 12 RTP + 8 extensions + 6 VP8 descriptor + 1080, as lib/client's
  size_t audio_bytes = 125;
  std::string engine;  // behind libsrtp, as the caller has installed it
};

struct FloorFigures {
  uint64_t packets_sent = 0;       // by the publisher
  uint64_t packets_forwarded = 0;  // by the worker
  uint64_t packets_received = 0;   // by all subscribers
  CpuTime cpu;                     // of the worker
  std::array<uint64_t, UdpSendCounters::kRunClasses> runs{};
  std::string engine;
  double ns_per_packet() const {
    return packets_forwarded == 0 ? 0
                                  : static_cast<double>(cpu.total().count()) / static_cast<double>(packets_forwarded);
  }
};

// What forwarding cannot cost less than with these libraries and this kernel: a process of one thread that receives a
// batch, unprotects it (AEAD_AES_128_GCM), and for each subscriber copies, protects with the subscriber's key and sends
// with segmentation offload; no router, no ICE, no RTCP, no history. Fed and drained by the calling process with the
// shape that lib/client's publisher has: 30 frames/s of 8 packets, 4 every 5 ms, and 50 audio packets/s.
FloorFigures measure_floor(const FloorOptions& options);

}  // namespace eir::bench
