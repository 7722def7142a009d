#pragma once

#include <string_view>

namespace eir {

// Marks a name, address, token or identity on its way to a log line. The formatter in server/telemetry prints a short
// keyed hash in its place, the same within one run of the daemon, so that lines can be matched and nobody is named.
struct Pii {
  std::string_view value;
  explicit Pii(std::string_view v) : value(v) {}
};

}  // namespace eir
