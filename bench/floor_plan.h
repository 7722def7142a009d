#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "bench/figures.h"
#include "lib/base/time.h"

namespace eir::bench {

// What one media worker received and sent in a run, by its own counters.
struct RecordedShape {
  double seconds = 0;
  size_t destinations = 0;  // who watches
  SizeCounts batches{};     // received, by the number of their datagrams
  double datagrams_in = 0;
  double bytes_in = 0;    // of UDP payload
  SizeCounts messages{};  // sent, by the number of their segments
  double datagrams_out = 0;
  double bytes_out = 0;
  double send_calls = 0;
};
// Of the mean worker, if the host has several. Nothing if it does not count these things.
std::optional<RecordedShape> recorded_shape(const ScenarioFigures& figures);
// One who speaks, as scenarios have it by default: 30 frames/s of 8 packets in groups of 4, and 50 packets/s of sound.
RecordedShape fan_out_shape(size_t subscribers);

// What the floor does over and over: the batches of a run in small, each with what is sent when it has come.
struct FloorPlan {
  struct Batch {
    size_t datagrams = 0;
    std::vector<uint16_t> runs;  // messages, each to another destination than the one before, by their segments
  };
  std::vector<Batch> batches;
  Duration interval{};  // between two batches
  size_t destinations = 0;
  size_t bytes_in = 0;  // of each datagram's UDP payload
  size_t bytes_out = 0;
};

// A plan in the recorded proportions: so many batches, datagrams, messages, segments and calls of sendmmsg(). Which
// messages belonged to which batch is not recorded: more is sent after a larger batch, and no run is longer than the
// batch that it follows while there is a longer batch. What they cost is a sum, in which the order hardly matters.
FloorPlan plan_floor(const RecordedShape& shape);

// `count` sizes in the proportions of `counts`, ascending, whose mean is that of `total` things in all of them as far
// as the classes allow.
std::vector<size_t> sizes_like(const SizeCounts& counts, double total, size_t count);

}  // namespace eir::bench
