#pragma once

#include <cstdint>

#include "lib/base/time.h"

namespace eir {

// Where the media of a pair (who publishes, who receives) stopped. Ordered along their way.
enum class PairSilence : uint8_t {
  kNone,
  kSource,  // nothing comes from the publisher
  kServer,  // it comes, and Eir forwards nothing of it: a key frame is missing (and asked for), or a fault
  kLine,    // it is forwarded, and the receiver acknowledges nothing
};

// Watches one pair, from the publisher's packets to the receiver's acknowledgement (a receiver's report of the slot, or
// transport-wide feedback), so that nobody speaks for minutes to somebody who gets nothing. Owned by a ReceiveSlot;
// asked a few times a second.
class PairWatch {
 public:
  static constexpr Duration kSilentAfter = 5s;
  // Browsers report on sound every 2.5 to 7.5 s (RFC 3550 section 6.3.1), and give no other answer where sound is all
  // that they receive without transport-wide numbers.
  static constexpr Duration kReportsOfSoundWithin = 10s;

  struct Sample {
    bool is_expected = false;  // the slot shows a track that may be sent, and nobody wants it otherwise
    // Each grows with what happens; that it has changed is enough.
    uint64_t arrived = 0;
    uint64_t sent = 0;
    uint64_t acknowledged = 0;
    Duration acknowledged_within = kSilentAfter;  // how long the receiver may take to say so
  };

  // True if silence() has changed.
  bool update(Timestamp now, const Sample& sample);
  PairSilence silence() const { return silence_; }

 private:
  // When it was seen last, and since when without a silence; both begin when it is first to be expected.
  struct Stage {
    Timestamp last{};
    Timestamp since{};
    void note(Timestamp now);
  };
  PairSilence judge(Timestamp now) const;

  Sample last_;
  Stage arrived_;
  Stage sent_;
  Stage acknowledged_;
  PairSilence silence_ = PairSilence::kNone;
};

}  // namespace eir
