#pragma once

#include "lib/base/time.h"

namespace eir {

// When a child that died is started again: at once the first time, then after a pause that doubles while it keeps dying
// young. One per child. Time is an argument.
class RestartPolicy {
 public:
  // A child that ran for this long had a reason of its own to die, so the count starts afresh.
  static constexpr Duration kHealthyAfter = 10s;
  static constexpr Duration kFirstPause = 100ms;
  static constexpr Duration kLongestPause = 5s;

  void started(Timestamp now) { started_ = now; }
  // How long to wait from now on before the next start.
  Duration died(Timestamp now);

 private:
  Timestamp started_;
  Duration pause_ = Duration::zero();
};

}  // namespace eir
