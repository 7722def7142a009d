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
}

TEST(Arguments, TheTokenOfALinkStandsBehindTheHash) {
  const auto arguments = parse_arguments({"publish", "--link", "http://localhost:8080/j#secret"});
  ASSERT_TRUE(arguments);
  EXPECT_EQ(arguments->token, "secret");
  EXPECT_EQ(arguments->publishers, 8U);
}

TEST(Arguments, PublishingNeedsAToken) { EXPECT_FALSE(parse_arguments({"publish"})); }

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
