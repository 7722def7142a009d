#pragma once

#include <cstddef>
#include <span>

#include "lib/transport/transmit_queue.h"

namespace eir {

// udp(7) UDP_SEGMENT: the kernel takes up to 64 segments a call (UDP_MAX_SEGMENTS before Linux 6.9) and at most one IP
// packet's worth of bytes; headers of the largest kind and some room for options taken off 65535.
inline constexpr size_t kRunSegmentsMax = 64;
inline constexpr size_t kRunBytesMax = 65000;

// How many datagrams from the front may leave as one message with generic segmentation offload: same path, same
// kind (a message has one DSCP), neighbours in memory, all of the first one's size but the last, which may be shorter.
// At least 1 of a non-empty list.
size_t run_length(std::span<const TransmitQueue::Datagram> datagrams);

}  // namespace eir
