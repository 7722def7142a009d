#include "bench/svg.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace eir::bench {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(Svg, WhatAPageWouldTakeForMarkupIsEscaped) {
  EXPECT_EQ(escaped("a<b>&\"c'"), "a&lt;b&gt;&amp;&quot;c&#39;");
  EXPECT_EQ(escaped("&lt;"), "&amp;lt;");
  EXPECT_EQ(escaped("1 → 30"), "1 → 30");
}

TEST(Svg, AxesEndAtARoundNumber) {
  EXPECT_DOUBLE_EQ(round_up(0), 1);
  EXPECT_DOUBLE_EQ(round_up(1), 1);
  EXPECT_DOUBLE_EQ(round_up(1.1), 2);
  EXPECT_DOUBLE_EQ(round_up(3116), 4000);
  EXPECT_DOUBLE_EQ(round_up(6000), 6000);
  EXPECT_DOUBLE_EQ(round_up(9999), 10000);
  EXPECT_DOUBLE_EQ(round_up(0.03), 0.04);
}

TEST(Svg, PartsOfABarHaveTheirShareOfTheAxis) {
  // The axis takes 860 − 250 − 150 = 460 for 0 to 2000; 1000 and 500 are 230 and 115 of it.
  const std::string plot = bar_chart({{.name = "one", .parts = {1000, 500}, .mark = 0, .value = "1500 ns"}});
  EXPECT_THAT(plot, HasSubstr(R"(class="part0" x="250.0" y="4.0" width="230.0")"));
  EXPECT_THAT(plot, HasSubstr(R"(class="part1" x="480.0" y="4.0" width="115.0")"));
  EXPECT_THAT(plot, HasSubstr("1500 ns"));
}

TEST(Svg, ARangeLiesOnALogarithmicAxis) {
  // From 0.1 to 100 ms: three decades on 460; 1, 10 and 100 are one, two and three of them.
  const std::string plot = span_chart({{.name = "one", .from = 1, .middle = 10, .to = 100, .value = "v"}}, "ms");
  EXPECT_THAT(plot, HasSubstr(R"(class="from" cx="403.3")"));
  EXPECT_THAT(plot, HasSubstr(R"(class="middle" cx="556.7")"));
  EXPECT_THAT(plot, HasSubstr(R"(class="to" cx="710.0")"));
}

TEST(Svg, NamesAreEscapedInEveryPlot) {
  const std::string name = "<script>";
  const std::string plots = bar_chart({{.name = name, .parts = {1}, .mark = 0, .value = name}}) +
                            span_chart({{.name = name, .from = 1, .middle = 1, .to = 1, .value = name}}, name) +
                            curve_chart({.points = {{0, 0}, {1, 1}}, .from = 0, .x_unit = name});
  EXPECT_THAT(plots, Not(HasSubstr(name)));
  EXPECT_THAT(plots, HasSubstr("&lt;script&gt;"));
}

}  // namespace
}  // namespace eir::bench
