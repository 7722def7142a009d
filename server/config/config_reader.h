#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "server/config/config.h"

namespace eir {

// The first of two steps from text to Config: structure and types, here; what the values mean, in config_checks.h.
struct ConfigReading {
  Config config;
  std::vector<ConfigError> errors;
  std::map<std::string, int> lines;  // key path → line, for the second step's errors
};

ConfigReading read_config(std::string_view text);

// A list's entry, or a default that clashes with something, has no line of its own: the nearest group above has.
int line_of_key(const std::map<std::string, int>& lines, std::string key);

}  // namespace eir
