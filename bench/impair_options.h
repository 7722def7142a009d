#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "lib/base/path.h"
#include "lib/base/time.h"
#include "lib/client/sim_link.h"

namespace eir::bench {

// From the client to the server, or back.
enum class Direction : uint8_t { kUp, kDown };

struct ImpairStep {
  Duration after{};
  Direction direction = Direction::kDown;
  LinkCondition condition;
};

// What `eir-bench impair` is told.
struct ImpairOptions {
  SocketAddress listen = SocketAddress::v4({127, 0, 0, 1}, 50000);
  SocketAddress server = SocketAddress::v4({127, 0, 0, 1}, 40000);
  uint16_t ports = 1;  // so many from each on: one per media worker
  uint64_t seed = 1;
  uint32_t seconds = 0;        // 0: until it is ended
  bool is_controlled = false;  // lines on standard input change the line; it ends with them
  LinkCondition up;
  LinkCondition down;
  std::vector<ImpairStep> steps;  // in order of time
};

// A line that does nothing but tail-drop after 300 ms, once it has a rate.
LinkCondition plain_line();

// Changes of a condition, `name=value` with commas between, or `plain` for none of them:
//   rate=300k|1.5M|none  queue=300ms  delay=20ms  jitter=10ms  overtaking=yes|no (by jitter)  loss=1%
//   burst=3%/4 (share of datagrams, mean length; Gilbert and Elliott)  reorder=2%  reorder_delay=20ms
//   duplicate=0.5%  blackout=yes|no
// False: not understood, and `condition` is as it was.
bool change_condition(std::string_view text, LinkCondition& condition);
// "down rate=500k": which way, and a change; nullopt: not understood. `up` and `down` are the conditions it changes.
std::optional<Direction> change_line(std::string_view text, LinkCondition& up, LinkCondition& down);

// The words behind `impair`. Nothing: not understood, or beyond a limit.
std::optional<ImpairOptions> parse_impair(const std::vector<std::string_view>& words);

}  // namespace eir::bench
