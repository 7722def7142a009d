#pragma once

#include <cstdint>

#include "lib/base/time.h"

namespace eir {

// Decides when a published track's sender is asked for a key frame. One per track, not per layer: a PLI to any
// simulcast layer makes browsers send key frames on all of them. The first request passes at once; those within
// kInterval of the last one sent join a single trailing request. Wishes to switch a layer up, which can wait, pass at
// most once per kLayerUpInterval. A key frame that arrives satisfies every pending request.
class KeyFrameRequester {
 public:
  static constexpr Duration kInterval = 500ms;  // hardening: ≤6 requests reach a publisher in 3 s, whatever is asked
  static constexpr Duration kLayerUpInterval = 3s;  // shared by all receivers of the track
  // A request may be lost: asked again until a key frame comes, at the pace of kInterval, this often.
  static constexpr int kRepeatsMax = 10;

  void request(Timestamp now);
  void request_layer_up(Timestamp now);
  void handle_key_frame(Timestamp now);

  // True once for every PLI or FIR that must be sent now.
  bool take_due(Timestamp now);
  Timestamp next_timeout() const { return due_; }

  uint64_t asked() const { return asked_; }
  uint64_t sent() const { return sent_; }

 private:
  Timestamp due_ = kNever;
  Timestamp last_sent_ = Timestamp::min();
  Timestamp last_layer_up_ = Timestamp::min();
  int repeats_ = 0;
  uint64_t asked_ = 0;
  uint64_t sent_ = 0;
};

}  // namespace eir
