#include "bench/side_by_side.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

namespace eir::bench {
namespace {

// 1000 packets in 2 s for `us` microseconds each, half of that in the kernel.
ScenarioFigures run_of(const char* host, int64_t us) {
  ScenarioFigures out;
  out.host = host;
  out.clients = out.connected = 11;
  out.watchers = 10;
  out.seconds = 2;
  out.forwarded = 1000;
  out.server = {std::chrono::microseconds(us * 500), std::chrono::microseconds(us * 500)};
  out.resident_before = 5'000'000;
  out.resident_after = 6'200'000;
  out.srtp_profile = "AEAD_AES_128_GCM";
  return out;
}

SideBySideFigures two_contenders() {
  SideBySideFigures figures;
  figures.scenario = "fan-out 1 to 10";
  figures.cpus = "server on CPU 0, load on CPU 1";
  figures.contenders = {{"eird", {run_of("eird", 5), run_of("eird", 3), run_of("eird", 4)}},
                        {"janus", {run_of("janus", 30), run_of("janus", 50), run_of("janus", 20)}}};
  return figures;
}

TEST(Median, IsTheMiddleOrTheMeanOfBoth) {
  EXPECT_EQ(median({}), 0);
  EXPECT_EQ(median({7}), 7);
  EXPECT_EQ(median({9, 1, 4}), 4);
  EXPECT_EQ(median({8, 1, 4, 2}), 3);
}

TEST(SideBySide, JsonHasMediansRatiosAndEveryRun) {
  const boost::json::value value = boost::json::parse(to_json(two_contenders()));
  const boost::json::value& janus = value.at("contenders").at(1);
  EXPECT_EQ(janus.at("name").as_string(), "janus");
  EXPECT_DOUBLE_EQ(janus.at("medians").at("cpu_us_per_packet").to_number<double>(), 30);
  EXPECT_DOUBLE_EQ(janus.at("medians").at("kernel_us_per_packet").to_number<double>(), 15);
  EXPECT_DOUBLE_EQ(janus.at("times_eir").to_number<double>(), 7.5);  // 30 against 4
  EXPECT_DOUBLE_EQ(janus.at("runs").at(1).at("cpu_us_per_packet").to_number<double>(), 50);
  EXPECT_DOUBLE_EQ(janus.at("medians").at("packets_per_second").to_number<double>(), 500);
  EXPECT_DOUBLE_EQ(janus.at("medians").at("kilobytes_per_watcher").to_number<double>(), 120);
  // 1000 packets of 30 µs are 30 ms in 2 s.
  EXPECT_DOUBLE_EQ(janus.at("medians").at("server_cpu_percent").to_number<double>(), 1.5);
}

TEST(SideBySide, TheTableHasAColumnForEachServer) {
  const std::string table = to_table(two_contenders());
  EXPECT_NE(table.find("fan-out 1 to 10 · AEAD_AES_128_GCM · server on CPU 0, load on CPU 1 · medians of 3"),
            std::string::npos);
  EXPECT_NE(table.find("3.00 to 5.00"), std::string::npos);
  EXPECT_NE(table.find("20.00 to 50.00"), std::string::npos);
  EXPECT_NE(table.find("11 of 11"), std::string::npos);
}

TEST(SideBySide, LossInASingleRunIsSeen) {
  SideBySideFigures figures = two_contenders();
  figures.contenders[1].runs[2].missing = 250;  // beside 1000 that came: 20 %
  const std::string table = to_table(figures);
  const size_t worst = table.find("in the worst run");
  ASSERT_NE(worst, std::string::npos);
  EXPECT_NE(table.find("20.0000", worst), std::string::npos);
}

TEST(SideBySide, NothingMeasuredIsNoTable) { EXPECT_EQ(to_table({}), ""); }

}  // namespace
}  // namespace eir::bench
