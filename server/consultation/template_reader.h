#pragma once

#include <string>
#include <vector>

#include "server/config/strict_yaml.h"
#include "server/consultation/template.h"

namespace eir {

// What is in a file under one template's name: written over `out`, which holds what it extends (or the defaults). A
// list replaces the one below it; a role that is not named keeps what it had. What is wrong goes to `errors` with line
// and key, all of it; `out` is then not to be used. The key `extends` is left to the caller.
struct NamedNode {
  std::string name;
  int line = 0;  // the name's
  YAML::Node node;
};
void read_template(const NamedNode& source, ConsultationTemplate& out, std::vector<ConfigError>& errors);

}  // namespace eir
