#pragma once

#include <cstdint>
#include <cstdlib>
#include <optional>

#include "lib/rtp/rtcp_common.h"

namespace eir::fuzz {

// What a target claims; ends the run if it does not hold.
inline void require(bool holds) {
  if (!holds) std::abort();
}

// Calls f(const RtcpBlock&) with every packet that `input`, taken as a compound packet, holds, and then with the input
// as the body of one packet of the given kind: the first way finds the faults of the walk, the second goes deep at
// once. A body without a given count takes it from its first byte.
template <class F>
void for_each_rtcp_block(ByteView input, RtcpType type, std::optional<uint8_t> count, F&& f) {
  RtcpIterator packets(input);
  while (const std::optional<RtcpBlock> block = packets.next()) f(*block);
  if (!count) {
    if (input.empty()) return;
    count = static_cast<uint8_t>(input[0] & kRtcpCountMax);
    input = input.subspan(1);
  }
  f(RtcpBlock{.type = type, .count = *count, .body = input.first(input.size() / 4 * 4)});
}

// The one packet that a writer wrote.
inline RtcpBlock only_block(ByteView written) {
  RtcpIterator packets(written);
  const std::optional<RtcpBlock> block = packets.next();
  require(block.has_value() && !packets.next() && !packets.failed());
  return *block;
}

}  // namespace eir::fuzz
