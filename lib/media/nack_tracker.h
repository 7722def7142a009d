#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "lib/base/time.h"

namespace eir {

// Knows which packets of one stream are missing and when to ask for each (generic NACK, RFC 4585 section 6.2.1).
// Owned by a ReceiveStream. A missing packet is asked for after a short time for reordering, then again about once per
// round trip, and given up after kTriesMax or kAgeMax. Holds at most kMissingMax numbers, whatever the peer sends.
class NackTracker {
 public:
  static constexpr size_t kMissingMax = 256;      // ≈ 0.5 s of a 4 Mbit/s stream lost in one piece
  static constexpr int64_t kGapMax = 1000;        // a larger jump is a new start, not loss
  static constexpr uint8_t kTriesMax = 10;        // as libwebrtc's nack_requester
  static constexpr Duration kReorderTime = 10ms;  // packets of one burst overtake each other by less
  static constexpr Duration kAgeMax = 1s;         // later than this no decoder waits for it
  static constexpr Duration kRepeatMin = 20ms;
  static constexpr Duration kRepeatMargin = 10ms;  // on the round trip, so that an answer under way is not asked again

  struct Counters {
    uint64_t asked = 0;      // sequence numbers in NACKs, repeats included
    uint64_t recovered = 0;  // missing packets that came after all
    uint64_t given_up = 0;   // after kTriesMax or kAgeMax
    uint64_t overflows = 0;  // jumps beyond kGapMax or more than kMissingMax missing: the list was cleared
  };

  // Tells of a packet (original, retransmitted, padding alike) by its unwrapped sequence number.
  void handle_packet(Timestamp now, int64_t sequence);

  // Writes the sequence numbers to ask for now, ascending, into `out` and returns how many. `rtt` is the best known
  // round trip to the sender.
  size_t collect(Timestamp now, Duration rtt, std::span<uint16_t> out);

  // When collect() will have something to say; kNever if nothing is missing.
  Timestamp next_timeout() const { return next_ask_; }

  size_t missing() const { return size_; }
  const Counters& counters() const { return counters_; }

 private:
  struct Missing {
    int64_t sequence = 0;
    Timestamp since;
    Timestamp ask_at;
    uint8_t tries = 0;
  };

  void add_gap(Timestamp now, int64_t first, int64_t end);
  void remove(int64_t sequence);
  void clear();

  std::array<Missing, kMissingMax> list_;  // ascending by sequence
  size_t size_ = 0;
  std::optional<int64_t> newest_;
  Timestamp next_ask_ = kNever;
  Counters counters_;
};

}  // namespace eir
