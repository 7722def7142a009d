#include "bench/impair_options.h"

#include <gtest/gtest.h>

namespace eir::bench {
namespace {

TEST(ImpairOptions, WithoutWordsTheLineIsPlain) {
  const auto options = parse_impair({});
  ASSERT_TRUE(options);
  EXPECT_EQ(options->listen, SocketAddress::v4({127, 0, 0, 1}, 50000));
  EXPECT_EQ(options->server, SocketAddress::v4({127, 0, 0, 1}, 40000));
  EXPECT_EQ(options->ports, 1);
  for (const LinkCondition& line : {options->up, options->down}) {
    EXPECT_FALSE(line.rate);
    EXPECT_EQ(line.delay, 0ms);
    EXPECT_EQ(line.loss + line.duplication + line.reordering + line.burst_enter, 0);
  }
}

TEST(ImpairOptions, EachPartOfAConditionIsRead) {
  LinkCondition line = plain_line();
  ASSERT_TRUE(change_condition(
      "rate=1.5M,queue=200ms,delay=20ms,jitter=0.5s,overtaking=yes,loss=1%,reorder=2%,reorder_delay=7ms,duplicate=0.5%",
      line));
  EXPECT_EQ(line.rate, DataRate::kbps(1500));
  EXPECT_EQ(line.queue, 200ms);
  EXPECT_EQ(line.delay, 20ms);
  EXPECT_EQ(line.jitter, 500ms);
  EXPECT_TRUE(line.reorders);
  EXPECT_DOUBLE_EQ(line.loss, 0.01);
  EXPECT_DOUBLE_EQ(line.reordering, 0.02);
  EXPECT_EQ(line.reordering_delay, 7ms);
  EXPECT_DOUBLE_EQ(line.duplication, 0.005);
  EXPECT_FALSE(line.is_down);
}

TEST(ImpairOptions, ABurstIsToldByShareAndMeanLength) {
  LinkCondition line = plain_line();
  ASSERT_TRUE(change_condition("burst=3%/4", line));
  EXPECT_DOUBLE_EQ(line.burst_leave, 0.25);
  // enter / (enter + leave) = 0.03
  EXPECT_NEAR(line.burst_enter / (line.burst_enter + line.burst_leave), 0.03, 1e-12);
}

TEST(ImpairOptions, WhatIsNotNamedStaysAndPlainTakesAllAway) {
  LinkCondition line = plain_line();
  ASSERT_TRUE(change_condition("rate=300k,delay=20ms", line));
  ASSERT_TRUE(change_condition("delay=50ms", line));
  EXPECT_EQ(line.rate, DataRate::kbps(300));
  EXPECT_EQ(line.delay, 50ms);
  ASSERT_TRUE(change_condition("rate=none", line));
  EXPECT_FALSE(line.rate);
  ASSERT_TRUE(change_condition("plain,loss=2%", line));
  EXPECT_EQ(line.delay, 0ms);
  EXPECT_DOUBLE_EQ(line.loss, 0.02);
}

TEST(ImpairOptions, WhatIsNotUnderstoodChangesNothing) {
  for (const std::string_view text :
       {"rate=300", "rate=-1k", "rate=1e9k", "rate=0k", "delay=20", "delay=11s", "loss=1", "loss=101%", "burst=100%/4",
        "burst=3%/0", "burst=3%/x", "burst=60%/1", "speed=1", "loss", "=", "blackout=maybe", "delay=5ms,loss=x"}) {
    LinkCondition line = plain_line();
    EXPECT_FALSE(change_condition(text, line)) << text;
    EXPECT_EQ(line.delay, 0ms) << text;
  }
}

TEST(ImpairOptions, StepsFollowOneAnother) {
  const auto options = parse_impair({"--down", "rate=3M,delay=10ms", "--then", "20s down rate=500k", "--then",
                                     "25s up loss=5%", "--then", "40s down rate=3M"});
  ASSERT_TRUE(options);
  ASSERT_EQ(options->steps.size(), 3U);
  EXPECT_EQ(options->steps[0].after, 20s);
  EXPECT_EQ(options->steps[0].direction, Direction::kDown);
  EXPECT_EQ(options->steps[0].condition.rate, DataRate::kbps(500));
  EXPECT_EQ(options->steps[0].condition.delay, 10ms);
  EXPECT_EQ(options->steps[1].direction, Direction::kUp);
  EXPECT_DOUBLE_EQ(options->steps[1].condition.loss, 0.05);
  EXPECT_EQ(options->steps[2].condition.rate, DataRate::kbps(3000));
  EXPECT_FALSE(parse_impair({"--then", "20s down loss=1%", "--then", "10s down loss=2%"}));
  EXPECT_FALSE(parse_impair({"--then", "20s sideways loss=1%"}));
  EXPECT_FALSE(parse_impair({"--then", "down loss=1%"}));
}

TEST(ImpairOptions, PortsAndAddressesAreBounded) {
  const auto options = parse_impair(
      {"--listen", "127.0.0.2:50000", "--server", "10.1.2.3:40000", "--ports", "8", "--seed", "7", "--control"});
  ASSERT_TRUE(options);
  EXPECT_EQ(options->listen, SocketAddress::v4({127, 0, 0, 2}, 50000));
  EXPECT_EQ(options->server, SocketAddress::v4({10, 1, 2, 3}, 40000));
  EXPECT_EQ(options->ports, 8);
  EXPECT_EQ(options->seed, 7U);
  EXPECT_TRUE(options->is_controlled);
  EXPECT_FALSE(parse_impair({"--listen", "127.0.0.1"}));
  EXPECT_FALSE(parse_impair({"--listen", "127.0.0:5"}));
  EXPECT_FALSE(parse_impair({"--listen", "127.0.0.1.9:5"}));
  EXPECT_FALSE(parse_impair({"--listen", "127.0.0.256:5"}));
  EXPECT_FALSE(parse_impair({"--listen", "127.0.0.1:65530", "--ports", "8"}));
  EXPECT_FALSE(parse_impair({"--ports", "65"}));
  EXPECT_FALSE(parse_impair({"--ports"}));
  EXPECT_FALSE(parse_impair({"--port", "1"}));
}

TEST(ImpairOptions, ALineOfControlSaysWhichWay) {
  LinkCondition up = plain_line();
  LinkCondition down = plain_line();
  EXPECT_EQ(change_line("up delay=5ms", up, down), Direction::kUp);
  EXPECT_EQ(change_line("down rate=1M,loss=1%", up, down), Direction::kDown);
  EXPECT_EQ(up.delay, 5ms);
  EXPECT_EQ(down.rate, DataRate::kbps(1000));
  EXPECT_FALSE(change_line("down", up, down));
  EXPECT_FALSE(change_line("", up, down));
  EXPECT_FALSE(change_line("left loss=1%", up, down));
}

}  // namespace
}  // namespace eir::bench
