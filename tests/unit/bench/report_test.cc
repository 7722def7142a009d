#include "bench/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "server/channel/delay_counters.h"

namespace eir::bench {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

// 1000 packets of 1250 bytes in 2 s for 4 ms of the worker's time; nothing to complain about.
ScenarioFigures figures() {
  ScenarioFigures out;
  out.host = "eird";
  out.srtp_profile = "AEAD_AES_128_GCM";
  out.rooms = 2;
  out.clients = out.connected = 10;
  out.seconds = 2;
  out.forwarded = 1000;
  out.bytes = 1'250'000;
  out.workers = {1ms, 3ms};
  out.own = {100ms, 100ms};
  out.receive_buffer = 2 << 20;
  out.resident_before = 20'000'000;
  out.resident_after = 21'500'000;
  out.counters = {{"udp_receive_calls_total", 100},
                  {"udp_receive_calls_empty_total", 10},
                  {"udp_send_calls_total", 200},
                  {"loop_turns_total", 80},
                  {"loop_timeouts_total", 20}};
  return out;
}

TEST(Figures, AreDividedByPacketsSecondsAndPeople) {
  const ScenarioFigures f = figures();
  EXPECT_DOUBLE_EQ(f.ns_per_packet(), 4000);
  EXPECT_DOUBLE_EQ(f.per_packet(f.workers.system), 3000);
  EXPECT_DOUBLE_EQ(f.packets_per_second(), 500);
  EXPECT_DOUBLE_EQ(f.megabits_per_second(), 5);  // 1.25 MB in 2 s
  EXPECT_DOUBLE_EQ(f.own_cores(), 0.1);
  EXPECT_DOUBLE_EQ(f.memory_per_client(), 150'000);
  EXPECT_DOUBLE_EQ(f.memory_per_room(), 750'000);
  EXPECT_DOUBLE_EQ(f.system_calls_per_packet(), 0.41);
}

TEST(Figures, OfNothingAreZero) {
  const ScenarioFigures none;
  EXPECT_EQ(none.ns_per_packet(), 0);
  EXPECT_EQ(none.loss(), 0);
  EXPECT_EQ(none.memory_per_client(), 0);
  EXPECT_EQ(none.system_calls_per_packet(), 0);
}

TEST(Warnings, AGoodRunHasNone) { EXPECT_THAT(warnings_of(figures()), IsEmpty()); }

TEST(Warnings, WhoIsNotInIsToldWithTheReason) {
  ScenarioFigures f = figures();
  f.connected = 8;
  f.refusals = {{"room is full", 2}};
  EXPECT_THAT(warnings_of(f),
              ElementsAre("only 8 of 10 people are in: the figures are of those", "2 joins failed: room is full"));
}

TEST(Warnings, ABenchAtItsLimitSaysThatTheServerIsNot) {
  ScenarioFigures f = figures();
  f.own = {1000ms, 900ms};
  ASSERT_EQ(warnings_of(f).size(), 1U);
  EXPECT_THAT(warnings_of(f)[0], HasSubstr("95 % of its core: these figures are the limit of the clients"));
}

TEST(Warnings, AFullMachineIsToldApartFromOtherPrograms) {
  ScenarioFigures f = figures();
  f.cores = 2;
  f.others = 1000ms;  // half a core for 2 s
  ASSERT_EQ(warnings_of(f).size(), 1U);
  EXPECT_EQ(warnings_of(f)[0], "other programs used 50 % of a core meanwhile");
  f.server = {1000ms, 800ms};
  f.others = 2000ms;  // with the bench's 10 %: 90 + 10 + 100 of 200 %
  ASSERT_EQ(warnings_of(f).size(), 1U);
  EXPECT_THAT(warnings_of(f)[0],
              HasSubstr("all 2 processors were busy: 90 % of a core the server, 10 % eir-bench, 100 % the rest"));
}

TEST(Warnings, LossSaysWhereItWas) {
  ScenarioFigures f = figures();
  f.missing = 1000;
  f.own_overflows = 990;
  f.counters["router_drop_queue_full_video_total"] = 10;
  EXPECT_THAT(warnings_of(f), ElementsAre("1000 packets were lost (50.000 %)", HasSubstr("990 datagrams"),
                                          HasSubstr("the server dropped 10 packets")));
}

TEST(Report, TheMedianRunIsShown) {
  Report report;
  EXPECT_EQ(report.figures(), nullptr);
  for (const Duration cpu : {9ms, 1ms, 5ms}) {
    report.runs.push_back(figures());
    report.runs.back().workers = {cpu, 0ms};
  }
  ASSERT_NE(report.figures(), nullptr);
  EXPECT_DOUBLE_EQ(report.figures()->ns_per_packet(), 5000);
  EXPECT_THAT(to_table(report), HasSubstr("3 runs: 1000 to 9000 ns"));
}

TEST(Report, JsonHasEveryScenarioAndTheMachine) {
  Report good;
  good.scenario = "one";
  good.runs = {figures()};
  Report bad;
  bad.scenario = "two";
  bad.error = "it did not start";
  const auto value =
      boost::json::parse(to_json({.cpu = "c", .cores = 2, .kernel = "k", .load = "l", .time = "t"}, {good, bad}));
  EXPECT_EQ(value.at("machine").at("cores").to_number<int>(), 2);
  const auto& scenarios = value.at("scenarios").as_array();
  ASSERT_EQ(scenarios.size(), 2U);
  EXPECT_EQ(scenarios[0].at("figures").at("ns_per_packet").to_number<double>(), 4000);
  EXPECT_EQ(scenarios[1].at("error").as_string(), "it did not start");
  EXPECT_FALSE(scenarios[1].as_object().contains("figures"));
}

TEST(Report, EachRunIsComparedWithItsOwnFloor) {
  Report report;
  report.scenario = "s";
  // 2000, 8000 and 4000 ns a packet; the floors 1000, 2000 and 4000: 2, 4 and 1 times.
  for (const Duration cpu : {2ms, 8ms, 4ms}) {
    report.runs.push_back(figures());
    report.runs.back().workers = {cpu, 0ms};
  }
  EXPECT_EQ(report.floor(), nullptr);
  EXPECT_EQ(report.ratio_to_floor(), 0);
  EXPECT_THAT(to_table(report), Not(HasSubstr("floor")));
  for (const Duration cpu : {1ms, 2ms, 4ms}) {
    report.floors.emplace_back();
    report.floors.back().packets_forwarded = 1000;
    report.floors.back().cpu = {cpu, 0ms};
    report.floors.back().batches = {1, 0, 3, 0, 0, 0};
  }
  ASSERT_NE(report.floor(), nullptr);
  EXPECT_DOUBLE_EQ(report.floor()->ns_per_packet(), 4000) << "of the run that is shown";
  EXPECT_DOUBLE_EQ(report.ratio_to_floor(), 2);
  EXPECT_THAT(to_table(report), HasSubstr("2.00 × the floor (median of 3: 1.00 to 4.00)"));
  EXPECT_THAT(to_table(report), HasSubstr("1: 25 %, 4-7: 75 %"));
  EXPECT_THAT(to_html({}, {report}), HasSubstr("2.00 × floor"));
  const auto value = boost::json::parse(to_json(report));
  EXPECT_DOUBLE_EQ(value.at("ratio").as_double(), 2);
  EXPECT_DOUBLE_EQ(value.at("floor").at("ns_per_packet").as_double(), 4000);
}

TEST(Report, AFloorWithOtherBatchesThanTheRunSaysSo) {
  Report report;
  report.runs = {figures()};
  report.runs[0].counters["udp_datagrams_in_total"] = 250;
  report.runs[0].counters["udp_batches_of_2_to_3_total"] = 100;
  FloorFigures& floor = report.floors.emplace_back();
  floor.packets_forwarded = 1000;
  floor.cpu = {1ms, 0ms};
  floor.packets_sent = 300;  // 3 at a time, the run 2.5
  floor.batches = {0, 100, 0, 0, 0, 0};
  EXPECT_THAT(to_table(report), Not(HasSubstr("at a time")));
  floor.packets_sent = 320;
  EXPECT_THAT(to_table(report), HasSubstr("! the floor read 3.2 datagrams at a time, the server 2.5"));
  floor.packets_sent = 190;
  EXPECT_THAT(to_table(report), HasSubstr("! the floor read 1.9 datagrams at a time, the server 2.5"));
}

TEST(Report, TheFloorAloneIsShown) {
  Report report;
  report.floors.emplace_back();
  report.floors.back().packets_forwarded = 10;
  EXPECT_THAT(to_table(report), HasSubstr("10, 0 received"));
}

TEST(Report, DelayWithinTheServerIsShownWhereItWasMeasured) {
  Report report;
  report.scenario = "s";
  report.runs = {figures()};
  EXPECT_THAT(to_table(report), Not(HasSubstr("added delay")));
  EXPECT_THAT(to_html({}, {report}), Not(HasSubstr("Delay within the server")));
  Counters& counters = report.runs[0].counters;
  counters["added_delay_datagrams_total"] = 100;
  counters["added_delay_seconds_total"] = 0.005;
  counters["added_delay_upto_48us_total"] = 60;
  for (size_t i = 0; i < DelayHistogram::kBuckets; ++i) {
    const Duration bound = DelayHistogram::bound(i);
    if (bound > 48us) counters[channel::delay_counter_name(bound)] = bound < 2048us ? 60 : 100;
  }
  EXPECT_THAT(to_table(report), HasSubstr("mean 0.050  p50 0.048  p99 2.048  p99.9 2.048 ms of 100 datagrams"));
  EXPECT_THAT(to_html({}, {report}), HasSubstr("Delay within the server"));
  const auto delay = boost::json::parse(to_json(report)).at("figures").at("added_delay");
  EXPECT_DOUBLE_EQ(delay.at("p50_ms").as_double(), 0.048);
  EXPECT_DOUBLE_EQ(delay.at("p999_ms").as_double(), 2.048);
}

TEST(Report, HtmlNeedsNoOtherFileAndEscapesNames) {
  Report report;
  report.scenario = "<img src=x>";
  report.runs = {figures()};
  report.runs[0].refusals = {{"<b>", 1}};
  report.runs[0].join = {{"1 <i>", {1, 2, 3, 4}}};
  const std::string page = to_html({.cpu = "<u>", .cores = 2, .kernel = "k", .load = "l", .time = "t"}, {report});
  for (const char* markup : {"<img", "<b>", "<i>", "<u>", "<script", "http:", "https:", "url("}) {
    EXPECT_THAT(page, Not(HasSubstr(markup)));
  }
  EXPECT_THAT(page, HasSubstr("&lt;img src=x&gt;"));
  EXPECT_THAT(page, HasSubstr("<svg"));
}

}  // namespace
}  // namespace eir::bench
