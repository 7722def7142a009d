#include "lib/sdp/text.h"

#include <gtest/gtest.h>

namespace eir::sdp {
namespace {

TEST(SdpText, WordsAreTakenWithoutTheBlanksAroundThem) {
  std::string_view rest = "  one\ttwo  ";
  EXPECT_EQ(next_word(rest), "one");
  EXPECT_EQ(next_word(rest), "two");
  EXPECT_EQ(next_word(rest), "");
  EXPECT_EQ(next_word(rest), "");
}

TEST(SdpText, PartsMayBeEmpty) {
  std::string_view rest = ";a;";
  EXPECT_EQ(next_part(rest, ';'), "");
  EXPECT_EQ(next_part(rest, ';'), "a");
  EXPECT_TRUE(rest.empty());
}

TEST(SdpText, NumbersAreWholeWordsThatFit) {
  EXPECT_EQ(parse_number<uint8_t>("255"), 255);
  EXPECT_FALSE(parse_number<uint8_t>("256"));
  EXPECT_FALSE(parse_number<uint8_t>("-1"));
  EXPECT_FALSE(parse_number<uint8_t>("1x"));
  EXPECT_FALSE(parse_number<uint8_t>(" 1"));
  EXPECT_FALSE(parse_number<uint8_t>(""));
  EXPECT_EQ(parse_number<uint32_t>("4294967295"), 4294967295U);
  EXPECT_FALSE(parse_number<uint32_t>("4294967296"));
}

TEST(SdpText, FmtpParametersAreFoundWithoutCaseAndWithBlanks) {
  EXPECT_EQ(fmtp_value("level-asymmetry-allowed=1; Packetization-Mode=1", "packetization-mode"), "1");
  EXPECT_EQ(fmtp_value("apt=96", "apt"), "96");
  EXPECT_EQ(fmtp_value("flag;apt=96", "flag"), "");
  EXPECT_FALSE(fmtp_value("rapt=96", "apt"));
  EXPECT_FALSE(fmtp_value("", "apt"));
}

TEST(SdpText, NamesAreComparedWithoutCase) {
  EXPECT_TRUE(equal_ignoring_case("OPUS", "opus"));
  EXPECT_FALSE(equal_ignoring_case("opus", "opu"));
  EXPECT_EQ(lower_case("SHA-256"), "sha-256");
}

}  // namespace
}  // namespace eir::sdp
