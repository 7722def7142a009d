#include "server/telemetry/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/telemetry/process_stats.h"

namespace eir {
namespace {

using testing::HasSubstr;

TEST(MetricsPage, ValuesOfOneNameStandTogetherUnderOneHelp) {
  MetricsPage page;
  page.counter("joins_total", "Joins.", 3, {{"worker", "0"}});
  page.gauge("rooms", "Open rooms.", 2);
  page.counter("joins_total", "Joins.", 4, {{"worker", "1"}});
  EXPECT_EQ(page.text(),
            "# HELP eir_joins_total Joins.\n"
            "# TYPE eir_joins_total counter\n"
            "eir_joins_total{worker=\"0\"} 3\n"
            "eir_joins_total{worker=\"1\"} 4\n"
            "# HELP eir_rooms Open rooms.\n"
            "# TYPE eir_rooms gauge\n"
            "eir_rooms 2\n");
}

TEST(MetricsPage, TypeOfAWorkersValueFollowsFromItsName) {
  MetricsPage page;
  page.add("packets_total", "Packets.", 10, {{"worker", "0"}});
  page.add("transports", "Transports.", 2, {{"worker", "0"}});
  EXPECT_THAT(page.text(), HasSubstr("# HELP eir_packets_total Packets.\n"));
  EXPECT_THAT(page.text(), HasSubstr("# TYPE eir_packets_total counter\n"));
  EXPECT_THAT(page.text(), HasSubstr("# TYPE eir_transports gauge\n"));
}

TEST(MetricsPage, HistogramHasItsBucketsAndTheInfiniteOne) {
  MetricsPage page;
  page.histogram("join_seconds", "Join.", {{0.1, 0.5}, {1, 3}, 4, 2.5});
  EXPECT_THAT(page.text(), HasSubstr("eir_join_seconds_count 4\n"));
  EXPECT_THAT(page.text(), HasSubstr("eir_join_seconds_sum 2.5\n"));
  EXPECT_THAT(page.text(), HasSubstr("_bucket{le=\"0.1\"} 1\n"));
  EXPECT_THAT(page.text(), HasSubstr("_bucket{le=\"0.5\"} 3\n"));
  EXPECT_THAT(page.text(), HasSubstr("_bucket{le=\"+Inf\"} 4\n"));
}

TEST(MetricsPage, ProcessHasMemoryAndDescriptors) {
  MetricsPage page;
  page.process();
  EXPECT_THAT(page.text(), HasSubstr("process_resident_memory_bytes "));
  const ProcessStats stats = read_process_stats();
  EXPECT_GT(stats.resident_bytes, 1U << 20);
  EXPECT_GE(stats.open_descriptors, 3U);
  EXPECT_GT(stats.descriptors_max, stats.open_descriptors);
  EXPECT_GT(stats.start_seconds, 1.6e9);  // after 2020
}

TEST(ProcStat, CommandMayHoldSpacesAndParentheses) {
  // Fields as in proc(5): 14 utime, 15 stime, 22 starttime, 23 vsize, 24 rss.
  const auto stat = parse_proc_stat("42 (a) b) S 1 42 42 0 -1 4194560 5 6 7 8 700 30 0 0 20 0 1 0 9001 81920 25 1 2\n");
  ASSERT_TRUE(stat.has_value());
  EXPECT_EQ(stat->user_ticks, 700U);
  EXPECT_EQ(stat->system_ticks, 30U);
  EXPECT_EQ(stat->start_ticks, 9001U);
  EXPECT_EQ(stat->virtual_bytes, 81920U);
  EXPECT_EQ(stat->resident_pages, 25U);
}

TEST(ProcStat, ShortTextIsRefused) {
  EXPECT_FALSE(parse_proc_stat("").has_value());
  EXPECT_FALSE(parse_proc_stat("42 (a) S 1 42").has_value());
  EXPECT_FALSE(parse_proc_stat("42 (a").has_value());
}

}  // namespace
}  // namespace eir
