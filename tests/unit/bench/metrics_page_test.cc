#include "bench/metrics_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace eir::bench {
namespace {

using testing::IsEmpty;
using testing::Pair;
using testing::UnorderedElementsAre;

TEST(MetricsPage, CountersOfAllWorkersAreSummed) {
  EXPECT_THAT(parse_metrics_page("# HELP eir_rooms Rooms.\n# TYPE eir_rooms gauge\neir_rooms{worker=\"0\"} 3\n"
                                 "eir_rooms{worker=\"1\"} 4\neir_join_seconds_bucket{le=\"0.1\"} 9\n"
                                 "eir_http_requests_total 1.5e+03\nprocess_open_fds 7\n"),
              UnorderedElementsAre(Pair("rooms", 7), Pair("http_requests_total", 1500)));
}

TEST(MetricsPage, AddedDelayComesUnderTheWorkersNames) {
  EXPECT_THAT(parse_metrics_page("eir_worker_added_delay_seconds_count{worker=\"0\"} 5\n"
                                 "eir_worker_added_delay_seconds_sum{worker=\"0\"} 0.25\n"
                                 "eir_worker_added_delay_seconds_bucket{worker=\"0\",le=\"1.6e-05\"} 2\n"
                                 "eir_worker_added_delay_seconds_bucket{worker=\"1\",le=\"1.6000000000000001e-05\"} 1\n"
                                 "eir_worker_added_delay_seconds_bucket{worker=\"0\",le=\"+Inf\"} 5\n"),
              UnorderedElementsAre(Pair("added_delay_datagrams_total", 5), Pair("added_delay_seconds_total", 0.25),
                                   Pair("added_delay_upto_16us_total", 3)));
}

TEST(MetricsPage, WhatIsNoMetricCountsNothing) {
  EXPECT_THAT(parse_metrics_page("eir_\neir_rooms\neir_rooms many\neir_rooms NaN\n<html>\n"), IsEmpty());
}

}  // namespace
}  // namespace eir::bench
