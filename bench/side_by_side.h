#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "bench/scenario.h"

namespace eir::bench {

struct SideBySideOptions {
  std::string eird;
  std::string janus;
  uint16_t port_base = 18080;
  uint32_t workers = 1;
  uint32_t repeat = 5;
  ScenarioSpec scenario;
  SrtpProfile srtp_profile = SrtpProfile::kAeadAes128Gcm;
};

// What one server cost in each of its runs.
struct ContenderFigures {
  std::string name;
  std::vector<ScenarioFigures> runs;
};

struct SideBySideFigures {
  std::string scenario;
  std::string cpus;                          // who ran where
  std::vector<ContenderFigures> contenders;  // Eir first
};

// Eir, Janus as Debian configures it, and Janus with one event loop for all, taking turns so that what else the machine
// does meets each of them: a fresh server for each run. Throws std::runtime_error.
SideBySideFigures measure_side_by_side(const SideBySideOptions& options);

// Of an even count the mean of the two in the middle; 0 of none.
double median(std::vector<double> values);
std::string to_table(const SideBySideFigures& figures);
std::string to_json(const SideBySideFigures& figures);

}  // namespace eir::bench
