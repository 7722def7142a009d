#pragma once

#include <span>
#include <string>
#include <string_view>

#include "server/telemetry/log.h"
#include "server/telemetry/redaction.h"

namespace eir::log {

struct LineHead {
  LogLevel level = LogLevel::kInfo;
  std::string_view event;
  std::string_view process;
  std::string_view time;    // RFC 3339; empty where the collector stamps lines itself
  uint64_t suppressed = 0;  // lines of this event held back before
};

// One line without its end. Control characters, quotes and backslashes of values are escaped, so that no value can
// begin a line or a field of its own; values are cut at kValueBytesMax.
std::string text_line(const LineHead& head, std::span<const Field> fields, const Redaction& redaction);
std::string json_line(const LineHead& head, std::span<const Field> fields, const Redaction& redaction);

inline constexpr size_t kValueBytesMax = 512;

}  // namespace eir::log
