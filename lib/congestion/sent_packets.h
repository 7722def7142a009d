#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "lib/base/sequence.h"
#include "lib/base/time.h"

namespace eir {

// What was sent under which transport-wide sequence number, until the receiver has said what became of it
// (draft-holmer-rmcat-transport-wide-cc-extensions-01). Owned by a BandwidthEstimator. A ring that begins small and
// doubles when it would overwrite what is still on its way; beyond kPacketsMax the oldest is forgotten and counted. No
// allocation per packet once it has the size that the rate and the round trip need.
class SentPackets {
 public:
  static constexpr size_t kPacketsMin = 256;   // 0.5 s of a 6 Mbit/s stream
  static constexpr size_t kPacketsMax = 8192;  // 1.5 s at 50 Mbit/s; 128 kB
  // What is older and was never reported on lost its report: no reason for a larger ring.
  static constexpr Duration kAwaited = 2s;
  static constexpr uint16_t kClusterMax = 0x3fff;

  struct Counters {
    uint64_t sent = 0;
    uint64_t acknowledged = 0;
    uint64_t lost = 0;
    uint64_t come_late = 0;    // reported lost first, then received
    uint64_t repeated = 0;     // reported again in the same way: changes nothing
    uint64_t unknown = 0;      // never sent, or forgotten: changes nothing
    uint64_t overwritten = 0;  // forgotten before any report
    uint64_t reused = 0;       // a number that was sent already: not noted
  };

  struct Sent {
    Timestamp at;
    size_t bytes = 0;
    uint16_t cluster = 0;
    int64_t sequence = 0;  // unwrapped
    bool after_idle = false;
    bool was_lost = false;
  };
  struct Note {
    uint16_t sequence = 0;  // transport-wide
    size_t bytes = 0;
    uint16_t cluster = 0;     // of the probe; 0: none
    bool after_idle = false;  // nothing of this flow was waiting on the line before it
  };

  void add(Timestamp now, const Note& note);

  // What the receiver says of one number. The packet, if that is news: the first report of it, or that a lost one came
  // after all.
  std::optional<Sent> resolve(uint16_t transport_sequence, bool received);

  // Sent and neither acknowledged nor lost.
  size_t bytes_in_flight() const { return in_flight_; }
  // Forgets what is on its way: no report of it is expected any more (a new route).
  void clear();
  const Counters& counters() const { return counters_; }
  size_t capacity() const { return ring_.size(); }

 private:
  // 16 bytes. bytes == 0: free.
  struct Entry {
    Timestamp at;
    uint32_t sequence = 0;  // the lower half of the unwrapped number
    uint16_t bytes = 0;
    uint16_t cluster : 14 = 0;
    uint16_t after_idle : 1 = 0;
    uint16_t lost : 1 = 0;
  };
  static_assert(sizeof(Entry) == 16);

  Entry& entry(int64_t sequence) { return ring_[static_cast<size_t>(sequence) & (ring_.size() - 1)]; }
  void make_room(Timestamp now, int64_t sequence);

  std::vector<Entry> ring_;
  SequenceUnwrapper<uint16_t> numbers_;
  size_t in_flight_ = 0;
  Counters counters_;
};

}  // namespace eir
