#pragma once

#include <string>

#include "server/config/config.h"

namespace eir {

// Exit codes of eird, for units and scripts.
inline constexpr int kExitOk = 0;
inline constexpr int kExitEnvironment = 1;  // a port or a directory is not as it must be
inline constexpr int kExitUsage = 2;        // arguments, configuration, or a file that it names

// What was asked for, by a signal or over the control socket:
//   SIGHUP   the configuration file is read again and takes effect as a whole or not at all; sockets and workers stay
//   SIGTERM  drains, then ends with kExitOk; the second one ends at once, with kExitOk too
//
// The main process: binds all sockets, starts control and the media workers, replaces what dies, passes signals on, and
// ends with everything else ended. Returns the exit code; throws std::system_error for what cannot be bound.
int run_supervisor(const Config& config, const std::string& config_file);

}  // namespace eir
