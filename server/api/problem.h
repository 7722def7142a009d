#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "server/consultation/refusal.h"

namespace eir {

struct WorkerError;

// A refusal as clients see it (RFC 9457). `code` is stable and a literal; `detail` is for people and holds nothing
// personal.
struct Problem {
  uint16_t status = 500;
  std::string code = "internal";
  std::string detail;
};

Problem problem_of(Refusal refusal);
Problem problem_of(const WorkerError& error);
// {"type":"about:blank","title":…,"status":…,"code":…,"detail":…}
std::string to_json(const Problem& problem);
std::string_view reason_phrase(uint16_t status);

}  // namespace eir
