#include "server/telemetry/log_line.h"

#include <fmt/format.h>

#include <cmath>
#include <type_traits>

namespace eir::log {
namespace {

std::string_view level_name(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return "debug";
    case LogLevel::kInfo:
      return "info";
    case LogLevel::kWarn:
      return "warn";
    case LogLevel::kError:
      return "error";
  }
  return "error";  // not reached: all enumerators are above
}

// A JSON string. Bytes outside printable ASCII are written as \u00XX: a log never shows what a stranger's bytes would
// do to a terminal, and needs no proof that they are UTF-8.
std::string quoted(std::string_view value) {
  const bool is_cut = value.size() > kValueBytesMax;
  std::string out = "\"";
  for (const char c : value.substr(0, kValueBytesMax)) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20 || byte >= 0x7f) {
      out += fmt::format("\\u{:04x}", byte);
    } else {
      out += c;
    }
  }
  if (is_cut) out += "...";
  return out + '"';
}

bool is_plain_word(std::string_view text) {
  if (text.empty() || text.size() > kValueBytesMax) return false;
  for (const char c : text) {
    const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                       std::string_view("_-.:/+").find(c) != std::string_view::npos;
    if (!plain) return false;
  }
  return true;
}

std::string value_text(const Field& field, const Redaction& redaction, bool as_json) {
  return std::visit(
      [&](const auto& value) -> std::string {
        using T = std::decay_t<decltype(value)>;
        if constexpr (std::is_same_v<T, Pii>) {
          return as_json ? quoted(redaction(value)) : redaction(value);
        } else if constexpr (std::is_same_v<T, std::string_view>) {
          return !as_json && is_plain_word(value) ? std::string(value) : quoted(value);
        } else if constexpr (std::is_same_v<T, double>) {
          return std::isfinite(value) ? fmt::format("{:.6g}", value) : "null";
        } else {
          return fmt::format("{}", value);
        }
      },
      field.value);
}

}  // namespace

std::string text_line(const LineHead& head, std::span<const Field> fields, const Redaction& redaction) {
  std::string out;
  if (!head.time.empty()) out = fmt::format("{} ", head.time);
  out += fmt::format("{:<5} {} {}", level_name(head.level), head.process, head.event);
  for (const Field& field : fields) out += fmt::format(" {}={}", field.name, value_text(field, redaction, false));
  if (head.suppressed > 0) out += fmt::format(" suppressed={}", head.suppressed);
  return out;
}

std::string json_line(const LineHead& head, std::span<const Field> fields, const Redaction& redaction) {
  std::string out = fmt::format(R"({{"time":{},"level":"{}","process":{},"event":{})", quoted(head.time),
                                level_name(head.level), quoted(head.process), quoted(head.event));
  for (const Field& field : fields) {
    out += fmt::format(",{}:{}", quoted(field.name), value_text(field, redaction, true));
  }
  if (head.suppressed > 0) out += fmt::format(",\"suppressed\":{}", head.suppressed);
  return out + '}';
}

}  // namespace eir::log
