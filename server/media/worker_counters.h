#pragma once

#include <array>
#include <string_view>

#include "lib/base/packet.h"
#include "lib/router/router.h"
#include "server/channel/messages.h"
#include "server/media/udp_sender.h"
#include "server/media/udp_socket.h"
#include "server/telemetry/delay_histogram.h"

namespace eir {

// What the media loop counts about itself.
struct LoopCounters {
  uint64_t batches = 0;           // recvmmsg() batches handled
  uint64_t turns = 0;             // wake-ups for datagrams
  uint64_t turns_cut = 0;         // wake-ups that left datagrams for the next turn
  uint64_t rests = 0;             // turns that were put off so that more datagrams share one
  uint64_t timeouts = 0;          // wake-ups of the router's timer
  uint64_t flushes_repeated = 0;  // flushes that the transmit queue had no room for at once
};

struct CounterSources {
  const Router& router;
  const PacketPool& pool;
  const UdpReceiveCounters& receive;
  const UdpSendCounters& send;
  const LoopCounters& loop;
  uint64_t revoked_in_queue = 0;
  const DelayHistogram* added_delay = nullptr;  // null: not measured
};

// Names of what is counted by size class.
inline constexpr std::array<std::string_view, kSizeClasses> kBatchCounters = {
    "udp_batches_of_1_total",       "udp_batches_of_2_to_3_total",   "udp_batches_of_4_to_7_total",
    "udp_batches_of_8_to_15_total", "udp_batches_of_16_to_31_total", "udp_batches_of_32_to_64_total"};
inline constexpr std::array<std::string_view, kSizeClasses> kRunCounters = {
    "udp_runs_of_1_total",       "udp_runs_of_2_to_3_total",   "udp_runs_of_4_to_7_total",
    "udp_runs_of_8_to_15_total", "udp_runs_of_16_to_31_total", "udp_runs_of_32_to_64_total"};

// The snapshot of one second, by value: names end in _total if they only grow, else they are gauges.
channel::Counters snapshot(const CounterSources& sources);

}  // namespace eir
