#pragma once

#include <array>
#include <string_view>

#include "lib/base/time.h"
#include "lib/base/units.h"
#include "lib/client/sim_link.h"

namespace eir {

// The lines that bandwidth estimation is judged on: one table for the tests, the printed table and the plots. A
// tail-drop queue of 300 ms everywhere; each line is tried with each round trip.
struct BandwidthLine {
  std::string_view name;
  DataRate rate;
  double loss = 0;          // random, both ways
  bool has_bursts = false;  // Gilbert and Elliott: 3 % in bursts of 4 on the average
  Duration jitter{};        // uniform from 0 to this on top of the delay: ±40 ms is 80 ms here
  double reordering = 0;    // of each datagram: comes 20 ms later, and holds nothing else up
  // From dip_at to dip_end the rate is dip_rate.
  DataRate dip_rate{};
};

inline constexpr Duration kDipAt = 20s;
inline constexpr Duration kDipEnd = 40s;
inline constexpr Duration kBandwidthQueue = 300ms;
inline constexpr std::array kBandwidthRoundTrips = {20ms, 50ms, 150ms, 300ms};

inline constexpr std::array kBandwidthLines = {
    BandwidthLine{.name = "constant_300k", .rate = DataRate::kbps(300)},
    BandwidthLine{.name = "constant_1M", .rate = DataRate::kbps(1000)},
    BandwidthLine{.name = "constant_3M", .rate = DataRate::kbps(3000)},
    BandwidthLine{.name = "constant_8M", .rate = DataRate::kbps(8000)},
    BandwidthLine{.name = "dip_3M_500k_3M", .rate = DataRate::kbps(3000), .dip_rate = DataRate::kbps(500)},
    BandwidthLine{.name = "loss_1_1M", .rate = DataRate::kbps(1000), .loss = 0.01},
    BandwidthLine{.name = "loss_5_1M", .rate = DataRate::kbps(1000), .loss = 0.05},
    BandwidthLine{.name = "loss_10_1M", .rate = DataRate::kbps(1000), .loss = 0.10},
    BandwidthLine{.name = "loss_1_3M", .rate = DataRate::kbps(3000), .loss = 0.01},
    BandwidthLine{.name = "loss_5_3M", .rate = DataRate::kbps(3000), .loss = 0.05},
    BandwidthLine{.name = "loss_10_3M", .rate = DataRate::kbps(3000), .loss = 0.10},
    BandwidthLine{.name = "bursts_1M", .rate = DataRate::kbps(1000), .has_bursts = true},
    BandwidthLine{.name = "bursts_3M", .rate = DataRate::kbps(3000), .has_bursts = true},
    BandwidthLine{.name = "jitter_1M", .rate = DataRate::kbps(1000), .jitter = 80ms},
    BandwidthLine{.name = "jitter_3M", .rate = DataRate::kbps(3000), .jitter = 80ms},
    BandwidthLine{.name = "reordering_1M", .rate = DataRate::kbps(1000), .reordering = 0.02},
    BandwidthLine{.name = "reordering_3M", .rate = DataRate::kbps(3000), .reordering = 0.02},
    BandwidthLine{.name = "thin_150k_loss_5", .rate = DataRate::kbps(150), .loss = 0.05},
};

// What a line does to datagrams on their way to the receiver while its rate is `rate`.
inline LinkCondition condition_of(const BandwidthLine& line, DataRate rate, Duration round_trip,
                                  Duration queue = kBandwidthQueue) {
  LinkCondition condition{.rate = rate,
                          .delay = round_trip / 2,
                          .jitter = line.jitter,
                          .loss = line.loss,
                          .reordering = line.reordering,
                          .queue = queue};
  if (line.has_bursts) {
    // The bad state is left after 4 datagrams on the average, and holds 3 % of all.
    condition.burst_leave = 0.25;
    condition.burst_enter = 0.25 * 0.03 / 0.97;
  }
  return condition;
}

}  // namespace eir
