#include "server/telemetry/log.h"

#include <fmt/chrono.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <chrono>
#include <functional>
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
  SiteRateLimit limit{kBurstLines, kLinesPerSecond};
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

uint64_t site_of(const SourceLocation& where) {
  const auto file = std::hash<std::string_view>{}(where.file_name());
  return file ^ (uint64_t{where.line()} << 40 | where.column());
}

void write(LogLevel level, std::string_view event, Fields fields, const SourceLocation& where) {
  Log& log = instance();
  const std::lock_guard guard(log.mutex);
  if (level < log.level) return;
  const Timestamp now(std::chrono::steady_clock::now().time_since_epoch());
  const auto suppressed = log.limit.admit(site_of(where), now);
  if (!suppressed) return;
  const bool is_journal = log.format == LogFormat::kJournald;
  const std::string time = is_journal ? std::string() : utc_now();
  const LineHead head{level, event, log.process, time, *suppressed};
  const std::span<const Field> values(fields.begin(), fields.size());
  std::string line(is_journal ? journal_prefix(level) : "");
  line +=
      log.format == LogFormat::kJson ? json_line(head, values, log.redaction) : text_line(head, values, log.redaction);
  log.sink->log(spdlog::details::log_msg("", spdlog::level::info, line));
  log.sink->flush();
}

}  // namespace

void debug(std::string_view event, Fields fields, SourceLocation where) {
  write(LogLevel::kDebug, event, fields, where);
}
void info(std::string_view event, Fields fields, SourceLocation where) { write(LogLevel::kInfo, event, fields, where); }
void warn(std::string_view event, Fields fields, SourceLocation where) { write(LogLevel::kWarn, event, fields, where); }
void error(std::string_view event, Fields fields, SourceLocation where) {
  write(LogLevel::kError, event, fields, where);
}

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

std::string redacted(Pii secret) {
  Log& log = instance();
  const std::lock_guard guard(log.mutex);
  return log.redaction(secret);
}

std::string make_redaction_key() { return fmt::format("{:02x}", fmt::join(Redaction::random_key(), "")); }

}  // namespace eir::log
