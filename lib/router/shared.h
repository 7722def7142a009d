#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "lib/base/packet.h"
#include "lib/base/random.h"
#include "lib/base/timer_wheel.h"
#include "lib/media/forward_counters.h"
#include "lib/router/events.h"

namespace eir {

class ClientSession;
class Room;

// What leaves or enters the packet path uncounted elsewhere; a sentence each, for the metrics. Every packet is
// accounted for, at any moment between two calls:
//   datagrams = stun + dtls + rtp_datagrams + rtcp_datagrams + drop_unclassified + drop_unknown_path
//   rtp_datagrams = rtp_in + rtp_padding_in + drop_not_authentic + drop_rtp_malformed + drop_unknown_ssrc
//                   + drop_not_negotiated + drop_duplicate
//   what of it slots took: ForwardCounters
//   forward.forwarded + forward.padding + forward.inserted = rtp_out + drop_revoked + drop_unsendable
//                   + drop_queue_full_audio + drop_queue_full_video + drop_slot_ended + what waits in slots' queues
struct RouterCounters {
  uint64_t datagrams = 0;                // handed to handle_datagram
  uint64_t stun = 0;                     // of these, by their first byte
  uint64_t dtls = 0;                     // likewise, from a known path
  uint64_t rtp_datagrams = 0;            // likewise
  uint64_t rtcp_datagrams = 0;           // likewise
  uint64_t drop_unknown_path = 0;        // DTLS, SRTP or SRTCP from a path that no valid check has been seen on
  uint64_t drop_unclassified = 0;        // first byte of nothing that belongs on this port
  uint64_t drop_stun_malformed = 0;      // looks like STUN and is not
  uint64_t drop_stun_unknown = 0;        // a check for a ufrag of nobody here
  uint64_t drop_stun_refused = 0;        // a check without valid integrity or beyond a limit
  uint64_t drop_not_authentic = 0;       // SRTP: wrong tag, replayed, before the keys, beyond the rate
  uint64_t drop_rtcp_not_authentic = 0;  // SRTCP: likewise
  uint64_t drop_unknown_ssrc = 0;        // authentic RTP that belongs to no m-line
  uint64_t drop_not_negotiated = 0;      // authentic RTP with a payload type that the answer does not have
  uint64_t drop_rtp_malformed = 0;       // authentic, but no RTP packet or no such payload
  uint64_t drop_rtcp_malformed = 0;      // authentic compound packets that end in nonsense
  uint64_t drop_duplicate = 0;           // RTP packets that were there already, or too old
  uint64_t drop_queue_full_audio = 0;    // egress: no room in the transmit queue
  uint64_t drop_queue_full_video = 0;    // egress: no room in the transmit queue
  uint64_t drop_revoked = 0;             // egress: paced entries whose right or history was gone at release
  uint64_t drop_unsendable = 0;         // egress: no payload type for it in the slot, too large, or not to be encrypted
  uint64_t drop_slot_ended = 0;         // egress: entries that waited in a slot that went away
  uint64_t no_receiver = 0;             // packets of streams, padding too, that no slot showed when they came
  uint64_t history_dropped_early = 0;   // packets that left a history before PacketHistory::kAgeMax: no place, no bytes
  uint64_t rtp_in = 0;                  // RTP packets that became part of a stream
  uint64_t rtp_padding_in = 0;          // RTP packets of padding alone
  uint64_t rtp_out = 0;                 // packets of slots, without retransmissions
  uint64_t rtp_out_bytes = 0;           // their datagrams
  uint64_t rtx_out = 0;                 // retransmissions
  uint64_t probe_out = 0;               // packets sent once more to probe a line
  uint64_t probe_out_bytes = 0;         // their datagrams
  uint64_t rtcp_in = 0;                 // compound packets
  uint64_t rtcp_out = 0;                // compound packets
  uint64_t downstream_lost = 0;         // packets that receivers reported lost and that Eir had sent
  uint64_t nacks_in = 0;                // sequence numbers asked for by receivers
  uint64_t nacks_out = 0;               // sequence numbers asked of publishers
  uint64_t key_frame_requests_in = 0;   // PLI and FIR of receivers
  uint64_t key_frame_requests_out = 0;  // PLI and FIR to publishers
  uint64_t slot_plans = 0;              // times that the slots of one session were planned
  uint64_t pair_silences = 0;           // times that a pair's sound or picture stopped on its way (PairWatch)
  uint64_t events_dropped = 0;          // events that nobody polled in time
  ForwardCounters forward;              // between the histories and the slots' queues
};

// What all parts of one Router use together. Owned by the Router; nothing here is global.
struct RouterShared {
  // Polled after every batch; a caller that never polls loses the newest.
  static constexpr size_t kEventsMax = 65536;

  explicit RouterShared(Random& source) : random(source) {}

  void emit(RouterEvent event) {
    if (events.size() < kEventsMax) {
      events.push_back(std::move(event));
    } else {
      ++counters.events_dropped;
    }
  }

  Random& random;
  std::deque<RouterEvent> events;
  std::vector<ClientSession*> dirty;  // sessions with something to send at the next flush
  TimerWheel<ClientSession> timers;
  TimerWheel<Room> room_timers;
  RouterCounters counters;
  uint32_t next_track = 1;
};

}  // namespace eir
