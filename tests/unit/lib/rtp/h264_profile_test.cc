#include "lib/rtp/h264_profile.h"

#include <gtest/gtest.h>

namespace eir {
namespace {

std::optional<H264Profile> profile_of(std::string_view text) {
  const auto parsed = parse_profile_level_id(text);
  return parsed ? std::optional(parsed->profile) : std::nullopt;
}

// RFC 6184 table 5, each row with its free bits at 0 and at 1.
TEST(H264ProfileLevel, ProfilesFollowTable5) {
  EXPECT_EQ(profile_of("42401f"), H264Profile::kConstrainedBaseline);  // 42 x1xx0000
  EXPECT_EQ(profile_of("42f01f"), H264Profile::kConstrainedBaseline);
  EXPECT_EQ(profile_of("42e01f"), H264Profile::kConstrainedBaseline);
  EXPECT_EQ(profile_of("42c01f"), H264Profile::kConstrainedBaseline);
  EXPECT_EQ(profile_of("4d801f"), H264Profile::kConstrainedBaseline);  // 4D 1xxx0000
  EXPECT_EQ(profile_of("4df01f"), H264Profile::kConstrainedBaseline);
  EXPECT_EQ(profile_of("58c01f"), H264Profile::kConstrainedBaseline);  // 58 11xx0000
  EXPECT_EQ(profile_of("58f01f"), H264Profile::kConstrainedBaseline);
  EXPECT_EQ(profile_of("42001f"), H264Profile::kBaseline);  // 42 x0xx0000
  EXPECT_EQ(profile_of("42b01f"), H264Profile::kBaseline);
  EXPECT_EQ(profile_of("58801f"), H264Profile::kBaseline);  // 58 10xx0000
  EXPECT_EQ(profile_of("58b01f"), H264Profile::kBaseline);
  EXPECT_EQ(profile_of("4d001f"), H264Profile::kMain);  // 4D 0x0x0000
  EXPECT_EQ(profile_of("4d501f"), H264Profile::kMain);
  EXPECT_EQ(profile_of("58001f"), H264Profile::kExtended);  // 58 00xx0000
  EXPECT_EQ(profile_of("58301f"), H264Profile::kExtended);
  EXPECT_EQ(profile_of("64001f"), H264Profile::kHigh);
  EXPECT_EQ(profile_of("640c1f"), H264Profile::kConstrainedHigh);
  EXPECT_EQ(profile_of("f4001f"), H264Profile::kHigh444);
}

TEST(H264ProfileLevel, CombinationsOutsideTheTableAreRefused) {
  EXPECT_FALSE(profile_of("42e11f"));  // a reserved bit set
  EXPECT_FALSE(profile_of("4d201f"));  // main with constraint_set2
  EXPECT_FALSE(profile_of("64041f"));
  EXPECT_FALSE(profile_of("64081f"));
  EXPECT_FALSE(profile_of("43e01f"));  // no such profile
  EXPECT_FALSE(profile_of("42e000"));  // no such level
  EXPECT_FALSE(profile_of("42e0ff"));
}

TEST(H264ProfileLevel, OnlySixHexadecimalDigitsAreRead) {
  EXPECT_FALSE(parse_profile_level_id(""));
  EXPECT_FALSE(parse_profile_level_id("42e01"));
  EXPECT_FALSE(parse_profile_level_id("42e01f0"));
  EXPECT_FALSE(parse_profile_level_id("42e01g"));
  EXPECT_FALSE(parse_profile_level_id("-2e01f"));
  EXPECT_FALSE(parse_profile_level_id(" 42e01"));
  EXPECT_EQ(profile_of("42E01F"), H264Profile::kConstrainedBaseline);
}

TEST(H264ProfileLevel, LevelIsTenTimesTheLevel) {
  EXPECT_EQ(parse_profile_level_id("42e01f")->level, 31);
  EXPECT_EQ(parse_profile_level_id("42e00b")->level, 11);
  EXPECT_EQ(parse_profile_level_id("640033")->level, 51);
}

TEST(H264ProfileLevel, Level1bIsSaidInTwoWays) {
  EXPECT_EQ(parse_profile_level_id("42f00b")->level, kLevel1b);  // level_idc 11 and constraint_set3
  EXPECT_EQ(parse_profile_level_id("4d100b")->level, kLevel1b);
  EXPECT_EQ(parse_profile_level_id("640009")->level, kLevel1b);  // level_idc 9
  EXPECT_EQ(parse_profile_level_id("42f01f")->level, 31);        // constraint_set3 elsewhere means nothing
}

TEST(H264ProfileLevel, SameProfileIgnoresTheLevelAndTheSpelling) {
  EXPECT_TRUE(is_same_h264_profile("42e01f", "42c034"));
  EXPECT_TRUE(is_same_h264_profile("42e01f", "4D801F"));
  EXPECT_FALSE(is_same_h264_profile("42e01f", "42001f"));
  EXPECT_FALSE(is_same_h264_profile("64001f", "640c1f"));
  EXPECT_FALSE(is_same_h264_profile("42e01f", ""));
  EXPECT_FALSE(is_same_h264_profile("zzzzzz", "zzzzzz"));
}

}  // namespace
}  // namespace eir
