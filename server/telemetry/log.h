#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <variant>

#include "lib/base/pii.h"
#include "server/config/config.h"

// Structured log lines on standard error: log::info("worker_started", {{"worker", 2}, {"address", Pii{address}}}).
// `event` is a fixed snake_case name; all that varies stands in fields. Addresses, names, tokens and identities only as
// Pii; no payload and no SDP. info: an operator acts on it; warn: degraded; error: a human is needed.
namespace eir::log {

struct Field {
  std::string_view name;
  std::variant<bool, int64_t, uint64_t, double, std::string_view, Pii> value;

  Field(std::string_view n, bool v) : name(n), value(v) {}
  Field(std::string_view n, std::signed_integral auto v) : name(n), value(static_cast<int64_t>(v)) {}
  Field(std::string_view n, std::unsigned_integral auto v) requires(!std::same_as<decltype(v), bool>)
      : name(n), value(static_cast<uint64_t>(v)) {}
  Field(std::string_view n, double v) : name(n), value(v) {}
  Field(std::string_view n, std::string_view v) : name(n), value(v) {}
  Field(std::string_view n, const char* v) : name(n), value(std::string_view(v)) {}
  Field(std::string_view n, const std::string& v) : name(n), value(std::string_view(v)) {}
  Field(std::string_view n, Pii v) : name(n), value(v) {}
};
using Fields = std::initializer_list<Field>;

// Lines of one event may come in a burst of this many and then this many a second, wherever they come from; what is
// held back is counted and told by tell_suppressed(). A burst holds the mistakes of a whole configuration, and the
// start of as many workers as there can be.
inline constexpr uint32_t kLinesPerSecond = 5;
inline constexpr uint32_t kBurstLines = 100;

void debug(std::string_view event, Fields fields = {});
void info(std::string_view event, Fields fields = {});
void warn(std::string_view event, Fields fields = {});
void error(std::string_view event, Fields fields = {});

// Once per process, before the first line; `process` is "supervisor", "control", "worker-3". Processes of one run share
// the redaction key, so that one address reads the same in all their lines.
struct Setup {
  LogFormat format = LogFormat::kText;
  LogLevel level = LogLevel::kInfo;
  std::string process;
  std::string redaction_key;  // of make_redaction_key(); empty: a random one
};
void start(const Setup& setup);
// For a reload.
void set_level(LogLevel level);
void set_format(LogFormat format);
// A line "suppressed" with `of` and `count` for each event of which lines were held back and none has been for a
// second. Each process calls it about once a second from its loop.
void tell_suppressed();

// Eight hexadecimal digits of a keyed hash: what stands in a line in place of the value.
std::string redacted(Pii secret);
// A key for Setup, made by the supervisor for all processes.
std::string make_redaction_key();

}  // namespace eir::log
