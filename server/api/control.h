#pragma once

#include <string>

#include "server/channel/start.h"
#include "server/config/config.h"

namespace eir {

// The control process: consultations, REST and signalling, health and metrics. One thread, one event loop. Returns the
// exit status when the supervisor says stop (0) or is gone; throws what is broken about the environment (certificate,
// web files, credentials). Logging has been started.
int run_control(const Config& config, const channel::ControlStart& start);

}  // namespace eir
