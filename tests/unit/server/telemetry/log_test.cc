#include "server/telemetry/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace eir {
namespace {

using testing::HasSubstr;
using testing::Not;

// Standard error is the log's only output, so the tests read it back.
class Log : public testing::Test {
 protected:
  void SetUp() override { testing::internal::CaptureStderr(); }
  static std::string written() { return testing::internal::GetCapturedStderr(); }
};

TEST_F(Log, LinesBelowTheLevelAreNotWritten) {
  log::start({LogFormat::kText, LogLevel::kWarn, "test", ""});
  log::info("quiet");
  log::warn("loud");
  log::set_level(LogLevel::kInfo);
  log::info("now_loud");
  const std::string out = written();
  EXPECT_THAT(out, Not(HasSubstr("quiet")));
  EXPECT_THAT(out, HasSubstr("warn  test loud\n"));
  EXPECT_THAT(out, HasSubstr("info  test now_loud\n"));
}

TEST_F(Log, JournaldLinesBeginWithTheirPriority) {
  log::start({LogFormat::kJournald, LogLevel::kInfo, "test", ""});
  log::error("broken");
  EXPECT_EQ(written(), "<3>error test broken\n");
}

// Under one name, from wherever it is logged.
TEST_F(Log, OneEventCannotFloodTheLog) {
  log::start({LogFormat::kText, LogLevel::kInfo, "test", ""});
  for (int i = 0; i < 500; ++i) log::info("storm", {{"i", i}});
  for (int i = 0; i < 500; ++i) log::warn("storm", {{"j", i}});
  log::info("another");
  log::tell_suppressed();  // nothing to tell while it may go on
  const std::string out = written();
  EXPECT_LT(std::count(out.begin(), out.end(), '\n'), 120);
  EXPECT_THAT(out, HasSubstr("another"));
  EXPECT_THAT(out, Not(HasSubstr("suppressed")));
}

TEST_F(Log, FormatMayChangeWhileItRuns) {
  log::start({LogFormat::kText, LogLevel::kInfo, "test", ""});
  log::set_format(LogFormat::kJournald);
  log::warn("changed");
  log::set_format(LogFormat::kJson);
  log::info("again");
  const std::string out = written();
  EXPECT_THAT(out, HasSubstr("<4>warn  test changed\n"));
  EXPECT_THAT(out, HasSubstr(R"("process":"test","event":"again"})"));
}

TEST_F(Log, ProcessesOfOneRunRedactAlike) {
  const std::string key = log::make_redaction_key();
  log::start({LogFormat::kText, LogLevel::kInfo, "a", key});
  const std::string first = log::redacted(Pii("192.0.2.1"));
  log::start({LogFormat::kText, LogLevel::kInfo, "b", log::make_redaction_key()});
  EXPECT_NE(log::redacted(Pii("192.0.2.1")), first);
  log::start({LogFormat::kText, LogLevel::kInfo, "b", key});
  EXPECT_EQ(log::redacted(Pii("192.0.2.1")), first);
  log::info("seen", {{"address", Pii("192.0.2.1")}});
  EXPECT_THAT(written(), HasSubstr("seen address=" + first + "\n"));
}

}  // namespace
}  // namespace eir
