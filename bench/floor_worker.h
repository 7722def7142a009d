#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "lib/base/ids.h"
#include "lib/transport/srtp_keys.h"
#include "server/channel/owned_fd.h"
#include "server/media/udp_sender.h"

namespace eir::bench {

inline constexpr Ssrc kFloorVideoSsrc{0x1000};
inline constexpr Ssrc kFloorAudioSsrc{0x2000};

// Fixed numbers: the floor's packets are its own and stay on this host.
SrtpKeys floor_publisher_keys();
SrtpKeys floor_subscriber_keys(size_t subscriber);

// What the worker writes to its link for each byte it reads there.
struct FloorReport {
  uint64_t forwarded = 0;
  uint64_t runs[UdpSendCounters::kRunClasses] = {};
  char engine[32] = {};
};

struct FloorWorkerSetup {
  OwnedFd udp;   // where the publisher sends to, and what subscribers hear from
  OwnedFd link;  // closed by the other side: the worker ends
  std::vector<SocketAddress> subscribers;
  std::string engine;  // behind libsrtp, which the process has from its parent
};

// Runs until the link is closed. The whole of a child process.
[[noreturn]] void run_floor_worker(FloorWorkerSetup setup);

}  // namespace eir::bench
