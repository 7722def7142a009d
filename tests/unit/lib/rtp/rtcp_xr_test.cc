#include "lib/rtp/rtcp_xr.h"

#include <gtest/gtest.h>

#include <array>
#include <vector>

namespace eir {
namespace {

using Bytes = std::vector<uint8_t>;

RtcpBlock only_block(const Bytes& packet) {
  RtcpIterator packets(packet);
  const auto block = packets.next();
  EXPECT_TRUE(block && !packets.next() && !packets.failed());
  return block.value_or(RtcpBlock{});
}

TEST(ExtendedReport, ReadsReferenceTimeAndDlrrAndSkipsOthers) {
  const Bytes packet = {
      0x80, 0xcf, 0x00, 0x0d,                                                  // 14 words
      0x00, 0x00, 0x00, 0x11,                                                  // sender
      0x04, 0x00, 0x00, 0x02, 1,    2,    3,    4,    5,    6,    7,    8,     // receiver reference time
      0x2a, 0x00, 0x00, 0x01, 0xff, 0xff, 0xff, 0xff,                          // target bitrate, skipped
      0x05, 0x00, 0x00, 0x06,                                                  // DLRR, two items
      0x00, 0x00, 0x00, 0x22, 0x03, 0x04, 0x05, 0x06, 0x00, 0x01, 0x00, 0x00,  //
      0x00, 0x00, 0x00, 0x33, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,  //
  };
  const auto report = ExtendedReport::parse(only_block(packet));
  ASSERT_TRUE(report);
  EXPECT_EQ(report->sender, Ssrc(0x11));
  EXPECT_EQ(report->reference_time, NtpTime{0x0102030405060708});
  ASSERT_EQ(report->dlrr.size(), 2U);
  EXPECT_EQ(report->dlrr[0], (DlrrItem{Ssrc(0x22), 0x03040506, 65536}));
  EXPECT_EQ(report->dlrr[1], (DlrrItem{Ssrc(0x33), 0, 0}));
}

TEST(ExtendedReport, MayBeEmpty) {
  const auto report = ExtendedReport::parse(only_block({0x80, 0xcf, 0x00, 0x01, 0, 0, 0, 1}));
  ASSERT_TRUE(report);
  EXPECT_FALSE(report->reference_time);
  EXPECT_TRUE(report->dlrr.empty());
}

TEST(ExtendedReport, RefusesABlockBeyondTheEnd) {
  EXPECT_FALSE(ExtendedReport::parse(only_block({0x80, 0xcf, 0x00, 0x00})));
  EXPECT_FALSE(ExtendedReport::parse(only_block({0x80, 0xcf, 0x00, 0x02, 0, 0, 0, 1, 4, 0, 0, 2})));
  EXPECT_FALSE(ExtendedReport::parse(only_block({0x80, 0xcf, 0x00, 0x02, 0, 0, 0, 1, 99, 0, 0xff, 0xff})));
  EXPECT_FALSE(ExtendedReport::parse(only_block({0x80, 0xc9, 0x00, 0x01, 0, 0, 0, 1})));
}

TEST(ExtendedReport, AReferenceTimeOfAnotherLengthIsSkipped) {
  const auto report = ExtendedReport::parse(only_block({0x80, 0xcf, 0x00, 0x03, 0, 0, 0, 1, 4, 0, 0, 1, 1, 2, 3, 4}));
  ASSERT_TRUE(report);
  EXPECT_FALSE(report->reference_time);
}

TEST(WriteXr, WritesTheReferenceTime) {
  Bytes buffer(20);
  ByteWriter writer(buffer);
  ASSERT_TRUE(write_xr_reference_time(writer, Ssrc(0x11), NtpTime{0x0102030405060708}));
  EXPECT_EQ(buffer, (Bytes{0x80, 0xcf, 0x00, 0x04, 0, 0, 0, 0x11, 0x04, 0x00, 0x00, 0x02, 1, 2, 3, 4, 5, 6, 7, 8}));
  EXPECT_FALSE(write_xr_reference_time(writer, Ssrc(0x11), NtpTime{1}));
}

TEST(WriteXr, WritesDlrrItems) {
  const std::array<DlrrItem, 1> items = {DlrrItem{Ssrc(0x22), 0x03040506, 65536}};
  Bytes buffer(24);
  ByteWriter small(MutableBytes(buffer).first(23));
  EXPECT_FALSE(write_xr_dlrr(small, Ssrc(0x11), items));
  EXPECT_EQ(small.size(), 0U);
  ByteWriter writer(buffer);
  ASSERT_TRUE(write_xr_dlrr(writer, Ssrc(0x11), items));
  EXPECT_EQ(buffer, (Bytes{0x80, 0xcf, 0x00, 0x05, 0, 0, 0, 0x11, 0x05, 0x00, 0x00, 0x03,  //
                           0,    0,    0,    0x22, 3, 4, 5, 6,    0x00, 0x01, 0x00, 0x00}));
}

}  // namespace
}  // namespace eir
