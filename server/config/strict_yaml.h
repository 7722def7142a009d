#pragma once

#include <yaml-cpp/yaml.h>

#include <cstdint>
#include <optional>
#include <string_view>

#include "server/config/config.h"

// What every YAML file of Eir has in common: one document of bounded size, and values that are written one way only.
namespace eir {

// Either `error` says why the text cannot be read, or `root` is the whole of it: null for an empty file.
struct YamlDocument {
  YAML::Node root;
  std::optional<ConfigError> error;
};
YamlDocument load_yaml(std::string_view text);

// Lines are counted from 1.
int line_of(const YAML::Node& node);
// `true` or `false`, not quoted; YAML 1.1's yes, no, on and off are text.
std::optional<bool> bool_of(const YAML::Node& node);
// Decimal digits, not quoted.
std::optional<uint64_t> number_of(const YAML::Node& node);

}  // namespace eir
