#include "lib/router/pair_watch.h"

#include <algorithm>
#include <utility>

namespace eir {

bool PairWatch::update(Timestamp now, const Sample& sample) {
  if (sample.is_expected && !last_.is_expected) arrived_ = sent_ = acknowledged_ = {.last = now, .since = now};
  if (sample.arrived != last_.arrived) arrived_.note(now);
  if (sample.sent != last_.sent) sent_.note(now);
  if (sample.acknowledged != last_.acknowledged) acknowledged_.note(now);
  last_ = sample;
  return std::exchange(silence_, judge(now)) != silence_;
}

// What does not come cannot be sent, and what is not sent cannot be acknowledged: each wait begins with the stage
// before.
PairSilence PairWatch::judge(Timestamp now) const {
  if (!last_.is_expected) return PairSilence::kNone;
  if (now - arrived_.last >= kSilentAfter) return PairSilence::kSource;
  if (now - std::max(sent_.last, arrived_.since) >= kSilentAfter) return PairSilence::kServer;
  if (now - sent_.last >= kSilentAfter) return PairSilence::kNone;
  const bool is_answered = now - std::max(acknowledged_.last, sent_.since) < last_.acknowledged_within;
  return is_answered ? PairSilence::kNone : PairSilence::kLine;
}

void PairWatch::Stage::note(Timestamp now) {
  if (now - last >= kSilentAfter) since = now;
  last = now;
}

}  // namespace eir
