#include "lib/client/receiver_stats.h"

#include <gtest/gtest.h>

namespace eir {
namespace {

TEST(DurationHistogram, PercentilesAreWithinAQuarter) {
  DurationHistogram histogram;
  for (int ms = 1; ms <= 100; ++ms) histogram.add(ms * 1ms);
  EXPECT_EQ(histogram.count(), 100U);
  EXPECT_EQ(histogram.max(), 100ms);
  EXPECT_EQ(histogram.mean(), 50500us);
  EXPECT_GE(histogram.percentile(0.5), 50ms);
  EXPECT_LE(histogram.percentile(0.5), 63ms);
  EXPECT_EQ(histogram.percentile(1.0), 100ms);
}

TEST(DurationHistogram, NothingCountedIsZero) {
  EXPECT_EQ(DurationHistogram{}.percentile(0.99), 0ms);
  EXPECT_EQ(DurationHistogram{}.mean(), 0ms);
}

TEST(DurationHistogram, MergedHistogramsCountTogether) {
  DurationHistogram a;
  DurationHistogram b;
  a.add(10ms);
  b.add(1s);
  a.merge(b);
  EXPECT_EQ(a.count(), 2U);
  EXPECT_EQ(a.max(), 1s);
}

TEST(ReceiverStats, APacketIsPresentedByTheLastSenderReport) {
  ReceiverStats stats;
  EXPECT_FALSE(stats.last_presentation(90000));
  stats.sender_reports = 1;
  stats.report_ntp = NtpTime{uint64_t{1000} << 32};
  stats.report_timestamp = 0xffffffff - 44999;  // 45000 before 0
  stats.last_timestamp = 45000;
  stats.last_capture = Timestamp(1s);
  EXPECT_EQ(stats.last_presentation(90000), NtpTime{uint64_t{1001} << 32});
}

}  // namespace
}  // namespace eir
