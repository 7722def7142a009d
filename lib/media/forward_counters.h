#pragma once

#include <cstdint>

namespace eir {

// What became of the packets of a stream that a slot had before it. Nothing vanishes between the history and the slot's
// queue: of all slots of a router together,
//   offered + looked_back = not_ready + other_layer + before_start + late + left + gone + no_room + above_limit
//                           + padding_closed + padding + forwarded + what no slot has read yet.
// Owned by the RouterShared, or a test.
struct ForwardCounters {
  uint64_t offered = 0;      // packets that arrived, once for each slot that shows their track
  uint64_t looked_back = 0;  // read although they stand under a reason below already: just before a switch
  uint64_t inserted = 0;     // entries that no packet stands behind: H.264 parameter sets

  uint64_t forwarded = 0;       // entries of media
  uint64_t padding = 0;         // entries of padding: later packets had passed
  uint64_t padding_closed = 0;  // padding whose number was closed up
  uint64_t not_ready = 0;       // no transport yet, paused by the client, muted by a host, or a codec it cannot decode
  uint64_t other_layer = 0;     // of a layer that the slot neither shows nor waits for
  uint64_t before_start = 0;    // before the key frame (audio: the packet) that the slot began the stream with
  uint64_t late = 0;            // overtaken by the packet that the slot began the stream with
  uint64_t left = 0;     // unread when the slot went to another stream, or the stream, the right or the slot ended
  uint64_t gone = 0;     // overwritten or expired in the history before the slot could read them
  uint64_t no_room = 0;  // more packets of one key frame came before its first than the slot's queue takes

  uint64_t above_limit = 0;  // of a temporal layer above the slot's limit

  uint64_t overruns = 0;  // times that the history was overwritten before a slot had read it
  uint64_t switches = 0;  // epochs begun by a change of the source
  uint64_t pauses = 0;    // epochs begun because the source's RTP time had stood still
};

}  // namespace eir
