#pragma once

#include <cstdint>

#include "lib/base/time.h"
#include "lib/rtp/header_extensions.h"

namespace eir {

// How loud one audio track is, from the levels its packets carry (RFC 6464). Smoothed over about 300 ms so that a cough
// does not win against a voice; a track that sends nothing for kSilenceAfter (DTX, or lost) falls to silence.
class AudioLevelTracker {
 public:
  static constexpr Duration kTimeConstant = 300ms;
  static constexpr Duration kSilenceAfter = 1s;    // DTX sends a comfort-noise packet every 400 ms
  static constexpr double kVoiceThreshold = 70.0;  // −dBov; a quiet voice in a room is about 50, its noise 75–90

  void handle_packet(Timestamp now, AudioLevel level);

  // 0 is silence, 127 the loudest.
  double loudness(Timestamp now) const;
  bool is_voice(Timestamp now) const { return loudness(now) > 127.0 - kVoiceThreshold; }
  Timestamp last_packet() const { return last_; }

 private:
  double smoothed_ = 0.0;
  Timestamp last_;
  bool any_ = false;
};

}  // namespace eir
