#pragma once

#include "server/channel/start.h"

namespace eir {

// The media worker process: one thread, one Router, until its supervisor says kStop (then 0) or is gone.
// Logging has been started; the process has dropped what it does not need except for its seccomp filter.
int run_media_worker(const channel::WorkerStart& start);

}  // namespace eir
