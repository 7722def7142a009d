#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace eir {

// Calendar time, for what people agree on and for what outlives a process. What runs in a call uses Timestamp.
using WallTime = std::chrono::sys_seconds;

// RFC 3339 in UTC to the second, "2026-01-31T12:00:00Z"; fractions and offsets are refused.
std::optional<WallTime> parse_time(std::string_view text);
std::string to_text(WallTime time);
// Milliseconds since the epoch, as the store keeps time.
inline int64_t to_ms(WallTime time) { return std::chrono::milliseconds(time.time_since_epoch()).count(); }

inline WallTime from_ms(int64_t ms) {
  return std::chrono::floor<std::chrono::seconds>(
      std::chrono::sys_time<std::chrono::milliseconds>(std::chrono::milliseconds(ms)));
}

}  // namespace eir
