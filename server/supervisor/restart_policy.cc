#include "server/supervisor/restart_policy.h"

#include <algorithm>
#include <utility>

namespace eir {

Duration RestartPolicy::died(Timestamp now) {
  if (now - started_ >= kHealthyAfter) pause_ = Duration::zero();
  const Duration next = pause_ == Duration::zero() ? kFirstPause : std::min(pause_ * 2, kLongestPause);
  return std::exchange(pause_, next);
}

}  // namespace eir
