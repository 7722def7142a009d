#pragma once

#include <string>

#include "server/config/config_reader.h"

namespace eir {

// The second step: addresses, ports that collide, pairs that belong together. Appends to reading.errors.
void check_config(ConfigReading& reading);
// Files that the configuration names: present, and the key readable by its owner only. Appends likewise.
void check_config_files(const Config& config, const std::map<std::string, int>& lines,
                        std::vector<ConfigError>& errors);

}  // namespace eir
