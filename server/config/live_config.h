#pragma once

#include <string>
#include <vector>

#include "server/config/config.h"

namespace eir {

// What a reload came to, as dotted keys.
struct ConfigChange {
  std::vector<std::string> taken;          // differed, and is as wanted now
  std::vector<std::string> needs_restart;  // differs, and stays as it was
};

// Brings `running` to what `wanted` says, but for what only a restart can change: the sockets, the media workers and
// the state directory. The supervisor and control both do it, and so agree on what is in effect.
ConfigChange take_live(Config& running, const Config& wanted);

// Whether a change of this key takes a restart, whatever its values. The certificate's keys do too when they turn the
// listener on or off.
bool needs_restart(const std::string& key);

}  // namespace eir
