#pragma once

#include <optional>
#include <string>

#include "bench/floor.h"
#include "bench/scenario.h"

namespace eir::bench {

// What one call of eir-bench measured.
struct Report {
  std::string scenario;  // "fanout 1 → 30"
  std::optional<FloorFigures> floor;
  std::optional<ScenarioFigures> figures;
};

std::string to_table(const Report& report);
std::string to_json(const Report& report);

}  // namespace eir::bench
