#include "bench/arguments.h"

#include <gtest/gtest.h>

#include "bench/api_client.h"

namespace eir::bench {
namespace {

TEST(Arguments, FanoutTakesItsCounts) {
  const auto arguments =
      parse_arguments({"fanout", "--subscribers", "50", "--seconds", "5", "--in-process", "--no-floor"});
  ASSERT_TRUE(arguments);
  EXPECT_EQ(arguments->command, Command::kFanout);
  EXPECT_EQ(arguments->subscribers, 50U);
  EXPECT_EQ(arguments->seconds, 5U);
  EXPECT_TRUE(arguments->in_process);
  EXPECT_FALSE(arguments->with_floor);
  EXPECT_FALSE(arguments->with_added_delay);
  EXPECT_TRUE(parse_arguments({"fanout", "--added-delay"})->with_added_delay);
}

TEST(Arguments, TheTokenOfALinkStandsBehindTheHash) {
  const auto arguments = parse_arguments({"publish", "--link", "http://localhost:8080/j#secret"});
  ASSERT_TRUE(arguments);
  EXPECT_EQ(arguments->token, "secret");
  EXPECT_EQ(arguments->publishers, 8U);
}

TEST(Arguments, PublishingNeedsAToken) { EXPECT_FALSE(parse_arguments({"publish"})); }

TEST(Arguments, SideBySideNeedsAnEirdAndTakesRoomsOrAFanOut) {
  EXPECT_FALSE(parse_arguments({"side-by-side"}));
  const auto fan_out = parse_arguments({"side-by-side", "--eird", "build/release/eird", "--subscribers", "100"});
  ASSERT_TRUE(fan_out);
  EXPECT_FALSE(fan_out->by_rooms);
  EXPECT_EQ(fan_out->repeat, 5U);
  const auto rooms = parse_arguments({"side-by-side", "--eird", "e", "--janus", "j", "--rooms", "4", "--repeat", "7"});
  ASSERT_TRUE(rooms);
  EXPECT_TRUE(rooms->by_rooms);
  EXPECT_EQ(rooms->rooms, 4U);
  EXPECT_EQ(rooms->repeat, 7U);
  EXPECT_EQ(rooms->janus, "j");
}

TEST(Arguments, OneSrtpProfileIsOfferedByName) {
  EXPECT_EQ(parse_arguments({"fanout", "--srtp", "gcm256"})->srtp_profile, SrtpProfile::kAeadAes256Gcm);
  EXPECT_EQ(parse_arguments({"fanout", "--srtp", "cm80"})->srtp_profile, SrtpProfile::kAes128CmSha1_80);
  EXPECT_EQ(parse_arguments({"fanout"})->srtp_profile, SrtpProfile::kAeadAes128Gcm);
  EXPECT_FALSE(parse_arguments({"fanout", "--srtp", "cm32"}));
}

TEST(Arguments, RunTakesFilesBetweenItsOptions) {
  const auto arguments = parse_arguments(
      {"run", "a.yaml", "--eird", "eird", "b.yaml", "--repeat", "5", "--html", "out.html", "--json", "out.json"});
  ASSERT_TRUE(arguments);
  EXPECT_EQ(arguments->command, Command::kRun);
  EXPECT_EQ(arguments->scenario_files, (std::vector<std::string>{"a.yaml", "b.yaml"}));
  EXPECT_EQ(arguments->repeat, 5U);
  EXPECT_EQ(arguments->html_file, "out.html");
  EXPECT_EQ(arguments->json_file, "out.json");
  EXPECT_FALSE(arguments->with_floor);
  EXPECT_TRUE(parse_arguments({"run", "a.yaml", "--floor"})->with_floor);
  EXPECT_TRUE(parse_arguments({"run", "--pin", "a.yaml"})->is_pinned);
}

TEST(Arguments, RunNeedsAFileAndOtherCommandsTakeNone) {
  EXPECT_FALSE(parse_arguments({"run", "--eird", "eird"}));
  EXPECT_FALSE(parse_arguments({"run", "a.yaml", "--repeat", "51"}));
  EXPECT_FALSE(parse_arguments({"fanout", "a.yaml"}));
}

TEST(Arguments, WhatIsUnknownOrUnboundedIsRefused) {
  EXPECT_FALSE(parse_arguments({}));
  EXPECT_FALSE(parse_arguments({"flood"}));
  EXPECT_FALSE(parse_arguments({"fanout", "--speed", "1"}));
  EXPECT_FALSE(parse_arguments({"fanout", "--subscribers"}));
  EXPECT_FALSE(parse_arguments({"fanout", "--subscribers", "0"}));
  EXPECT_FALSE(parse_arguments({"fanout", "--subscribers", "250"}));
  EXPECT_FALSE(parse_arguments({"fanout", "--seconds", "601"}));
  EXPECT_FALSE(parse_arguments({"rooms", "--rooms", "400", "--publishers", "3"}));
}

TEST(ApiAddress, OnlyThisHostIsTaken) {
  EXPECT_EQ(parse_api_address("http://127.0.0.1:8080").port, 8080);
  EXPECT_EQ(parse_api_address("http://localhost:18080").host, "localhost");
  // RFC 5737: an address of nobody.
  EXPECT_THROW(parse_api_address("http://192.0.2.1:8080"), std::runtime_error);
  EXPECT_THROW(parse_api_address("https://127.0.0.1:8443"), std::runtime_error);
  EXPECT_THROW(parse_api_address("http://127.0.0.1:x"), std::runtime_error);
}

}  // namespace
}  // namespace eir::bench
