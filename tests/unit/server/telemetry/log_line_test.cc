#include "server/telemetry/log_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace eir::log {
namespace {

using testing::HasSubstr;
using testing::Not;

// The key of RFC 4231 test case 4 would be too long; these are bytes 0 to 15.
constexpr Redaction::Key kKey = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

std::string text_of(const std::vector<Field>& fields) {
  return text_line({LogLevel::kInfo, "path_selected", "worker-3", "", 0}, fields, Redaction(kKey));
}
std::string json_of(const std::vector<Field>& fields) {
  return json_line({LogLevel::kWarn, "path_selected", "worker-3", "", 0}, fields, Redaction(kKey));
}

TEST(LogLine, TextHasLevelProcessEventAndFields) {
  EXPECT_EQ(text_of({{"worker", 3}, {"share", 0.5}, {"up", true}, {"code", "bundle_required"}}),
            "info  worker-3 path_selected worker=3 share=0.5 up=true code=bundle_required");
}

TEST(LogLine, JsonHasTypedValues) {
  const LineHead head{LogLevel::kError, "bind_failed", "supervisor", "2026-01-02T03:04:05.678Z", 9};
  const std::vector<Field> fields = {{"port", uint16_t{8443}}, {"delta", -2}, {"why", "in use"}};
  EXPECT_EQ(json_line(head, fields, Redaction(kKey)),
            R"({"time":"2026-01-02T03:04:05.678Z","level":"error","process":"supervisor","event":"bind_failed",)"
            R"("port":8443,"delta":-2,"why":"in use","suppressed":9})");
}

TEST(LogLine, SuppressedLinesAreTold) {
  const LineHead head{LogLevel::kInfo, "e", "p", "", 12};
  EXPECT_THAT(text_line(head, {}, Redaction(kKey)), HasSubstr(" suppressed=12"));
}

TEST(LogLine, NoValueBeginsALineOrAField) {
  const std::string hostile = "x\n2026 error forged=1\r\x1b[31m \"quoted\" \\ \xc3\xa5";
  for (const std::string& line : {text_of({{"name", hostile}}), json_of({{"name", hostile}})}) {
    for (const char c : line) EXPECT_TRUE(c >= 0x20 && c < 0x7f) << static_cast<int>(c);
    EXPECT_THAT(line, HasSubstr(R"("x\u000a2026 error forged=1\u000d\u001b[31m \"quoted\" \\ \u00c3\u00a5")"));
  }
}

TEST(LogLine, LongValuesAreCut) {
  const std::string line = text_of({{"v", std::string(10000, 'a')}});
  EXPECT_LT(line.size(), 600U);
  EXPECT_THAT(line, HasSubstr("aaa...\""));
}

TEST(LogLine, PiiNeverShows) {
  for (const std::string& line :
       {text_of({{"address", Pii("192.0.2.77:5000")}}), json_of({{"address", Pii("192.0.2.77:5000")}})}) {
    EXPECT_THAT(line, Not(HasSubstr("192.0.2")));
    EXPECT_THAT(line, Not(HasSubstr("5000")));
  }
}

// HMAC-SHA-256, key 00..0f, message "192.0.2.77:5000", first 32 bits; computed with Python's hmac module.
TEST(Redaction, IsTheFirst32BitsOfAKeyedHash) { EXPECT_EQ(Redaction(kKey)(Pii("192.0.2.77:5000")), "ef853a37"); }

TEST(Redaction, EqualValuesReadEqualAndOthersDiffer) {
  const Redaction redaction(kKey);
  EXPECT_EQ(redaction(Pii("a")), redaction(Pii("a")));
  EXPECT_NE(redaction(Pii("a")), redaction(Pii("b")));
  EXPECT_EQ(redaction(Pii("")).size(), 8U);
}

TEST(Redaction, AnotherRunReadsOtherwise) {
  EXPECT_NE(Redaction(Redaction::random_key())(Pii("192.0.2.77")),
            Redaction(Redaction::random_key())(Pii("192.0.2.77")));
}

TEST(Redaction, KeyTravelsAsHexadecimal) {
  EXPECT_EQ(Redaction::key_from_hex("000102030405060708090a0b0c0d0e0f"), kKey);
  EXPECT_EQ(Redaction::key_from_hex("000102030405060708090a0b0c0d0e0"), std::nullopt);
  EXPECT_EQ(Redaction::key_from_hex("000102030405060708090a0b0c0d0e0g"), std::nullopt);
  EXPECT_NE(Redaction::key_from_hex(make_redaction_key()), std::nullopt);
}

}  // namespace
}  // namespace eir::log
