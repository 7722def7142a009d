#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "bench/floor_plan.h"
#include "lib/base/ids.h"
#include "lib/base/path.h"
#include "lib/transport/srtp_keys.h"
#include "server/channel/owned_fd.h"
#include "server/media/size_class.h"

namespace eir::bench {

inline constexpr Ssrc kFloorSsrc{0x1000};

// Fixed numbers: the floor's packets are its own and stay on this host.
SrtpKeys floor_publisher_keys(SrtpProfile profile);
SrtpKeys floor_subscriber_keys(SrtpProfile profile, size_t subscriber);
// What protection puts behind a packet.
size_t floor_tag_size(SrtpProfile profile);

// What the worker writes to its link for each byte it reads there.
struct FloorReport {
  uint64_t forwarded = 0;
  uint64_t send_calls = 0;
  uint64_t batches[kSizeClasses] = {};
  uint64_t runs[kSizeClasses] = {};
};

struct FloorWorkerSetup {
  OwnedFd udp;   // where the publisher sends to, and what subscribers hear from
  OwnedFd link;  // closed by the other side: the worker ends
  std::vector<SocketAddress> subscribers;
  FloorPlan plan;
  SrtpProfile srtp_profile = SrtpProfile::kAeadAes128Gcm;
};

// Runs until the link is closed. The whole of a child process.
[[noreturn]] void run_floor_worker(FloorWorkerSetup setup);

}  // namespace eir::bench
