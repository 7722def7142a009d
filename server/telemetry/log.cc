#include "server/telemetry/log.h"

#include <fmt/chrono.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <chrono>
#include <memory>
#include <mutex>

#include "server/telemetry/log_line.h"
#include "server/telemetry/rate_limit.h"
#include "server/telemetry/redaction.h"

namespace eir::log {
namespace {

// The one log of the process: written from its loop and, in control, from the store's thread.
struct Log {
  std::mutex mutex;
  LogFormat format = LogFormat::kText;
  LogLevel level = LogLevel::kInfo;
  std::string process = "eird";
  Redaction redaction{Redaction::random_key()};
  EventRateLimit limit{kBurstLines, kLinesPerSecond};
  std::shared_ptr<spdlog::sinks::sink> sink = std::make_shared<spdlog::sinks::stderr_sink_st>();

  Log() { sink->set_pattern("%v"); }
};

Log& instance() {
  // Lives until the process ends: lines may be written while other statics are destroyed.
  static Log* const log = new Log;
  return *log;
}

// sd-daemon(3): the journal reads the priority from "<N>" at a line's start.
std::string_view journal_prefix(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return "<7>";
    case LogLevel::kInfo:
      return "<6>";
    case LogLevel::kWarn:
      return "<4>";
    case LogLevel::kError:
      return "<3>";
  }
  return "<3>";  // not reached: all enumerators are above
}

std::string utc_now() {
  const auto now = std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now());
  const auto ms = now.time_since_epoch().count() % 1000;
  return fmt::format("{:%FT%T}.{:03}Z", fmt::gmtime(std::chrono::system_clock::to_time_t(now)), ms);
}

// Under the lock of `log`.
void put(Log& log, const LineHead& head, Fields fields) {
  const bool is_journal = log.format == LogFormat::kJournald;
  const std::span<const Field> values(fields.begin(), fields.size());
  std::string line(is_journal ? journal_prefix(head.level) : "");
  line +=
      log.format == LogFormat::kJson ? json_line(head, values, log.redaction) : text_line(head, values, log.redaction);
  log.sink->log(spdlog::details::log_msg("", spdlog::level::info, line));
  log.sink->flush();
}

// Empty where the collector stamps lines itself.
std::string stamp(const Log& log) { return log.format == LogFormat::kJournald ? std::string() : utc_now(); }

Timestamp now_steady() { return Timestamp(std::chrono::steady_clock::now().time_since_epoch()); }

void write(LogLevel level, std::string_view event, Fields fields) {
  Log& log = instance();
  const std::lock_guard guard(log.mutex);
  if (level < log.level) return;
  const auto suppressed = log.limit.admit(event, now_steady());
  if (!suppressed) return;
  const std::string time = stamp(log);
  put(log, {level, event, log.process, time, *suppressed}, fields);
}

}  // namespace

void debug(std::string_view event, Fields fields) { write(LogLevel::kDebug, event, fields); }
void info(std::string_view event, Fields fields) { write(LogLevel::kInfo, event, fields); }
void warn(std::string_view event, Fields fields) { write(LogLevel::kWarn, event, fields); }
void error(std::string_view event, Fields fields) { write(LogLevel::kError, event, fields); }

void start(const Setup& setup) {
  Log& log = instance();
  const std::lock_guard guard(log.mutex);
  log.format = setup.format;
  log.level = setup.level;
  log.process = setup.process;
  if (const auto key = Redaction::key_from_hex(setup.redaction_key)) log.redaction = Redaction(*key);
}

void set_level(LogLevel level) {
  Log& log = instance();
  const std::lock_guard guard(log.mutex);
  log.level = level;
}

void set_format(LogFormat format) {
  Log& log = instance();
  const std::lock_guard guard(log.mutex);
  log.format = format;
}

void tell_suppressed() {
  Log& log = instance();
  const std::lock_guard guard(log.mutex);
  for (const EventRateLimit::HeldBack& held : log.limit.take_held_back(now_steady())) {
    const std::string time = stamp(log);
    put(log, {LogLevel::kWarn, "suppressed", log.process, time, 0}, {{"of", held.event}, {"count", held.count}});
  }
}

std::string redacted(Pii secret) {
  Log& log = instance();
  const std::lock_guard guard(log.mutex);
  return log.redaction(secret);
}

std::string make_redaction_key() { return fmt::format("{:02x}", fmt::join(Redaction::random_key(), "")); }

}  // namespace eir::log
