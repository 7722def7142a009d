#include "lib/media/rate_meter.h"

#include <gtest/gtest.h>

namespace eir {
namespace {

Timestamp at(Duration d) { return Timestamp(1000s + d); }

constexpr size_t kPayload = 1000 - RateMeter::kHeadersBytes;  // 8 kbit with its headers

// 20 pictures a second in the pattern 0 2 1 2, a packet each, asked about each 250 ms.
void run(RateMeter& meter, Duration from, Duration to) {
  int n = 0;
  for (Duration t = from; t < to; t += 50ms, ++n) {
    if (t % 250ms == 0ms) meter.rates(at(t));
    meter.count(static_cast<uint8_t>(n % 4 == 0 ? 0 : n % 4 == 2 ? 1 : 2), kPayload, true);
  }
}

TEST(RateMeter, RatesAndFramesAddUpByTemporalLayer) {
  RateMeter meter;
  run(meter, 0s, 4s);
  const RateMeter::Rates& rates = meter.rates(at(4s));
  EXPECT_EQ(rates.temporal_layers, 3);
  // Of 40 pictures in two seconds 10 are of layer 0, 10 of layer 1, 20 of layer 2.
  EXPECT_EQ(rates.up_to[0].rate, DataRate::kbps(40));
  EXPECT_EQ(rates.up_to[1].rate, DataRate::kbps(80));
  EXPECT_EQ(rates.up_to[2].rate, DataRate::kbps(160));
  EXPECT_EQ(rates.up_to[3].rate, DataRate::kbps(160));
  EXPECT_DOUBLE_EQ(rates.up_to[0].frames_per_second, 5);
  EXPECT_DOUBLE_EQ(rates.up_to[1].frames_per_second, 10);
  EXPECT_DOUBLE_EQ(rates.up_to[2].frames_per_second, 20);
}

TEST(RateMeter, WhatIsOlderThanTheWindowIsForgotten) {
  RateMeter meter;
  run(meter, 0s, 2s);
  for (Duration t = 2s; t <= 3s; t += 250ms) meter.rates(at(t));
  EXPECT_EQ(meter.rates(at(3s)).up_to[2].rate, DataRate::kbps(80));
  for (Duration t = 3s; t <= 4s; t += 250ms) meter.rates(at(t));
  EXPECT_EQ(meter.rates(at(4s)).temporal_layers, 0);
  EXPECT_EQ(meter.rates(at(4s)).up_to[3].rate, DataRate());
}

TEST(RateMeter, AFirstKeyFrameIsSpreadOverASecond) {
  RateMeter meter;
  meter.rates(at(0s));
  for (int i = 0; i < 10; ++i) meter.count(0, kPayload, i == 0);
  EXPECT_EQ(meter.rates(at(250ms)).up_to[0].rate, DataRate::kbps(80));
}

TEST(RateMeter, AskingOftenTakesNoMoreSamples) {
  RateMeter meter;
  for (Duration t = 0s; t < 4s; t += 10ms) {
    meter.rates(at(t));
    meter.count(0, kPayload, true);
  }
  EXPECT_EQ(meter.rates(at(4s)).up_to[0].rate, DataRate::kbps(800));
}

TEST(RateMeter, AskedSeldomItTellsTheWholeTimeBetween) {
  RateMeter meter;
  meter.rates(at(0s));
  for (int i = 0; i < 100; ++i) meter.count(0, kPayload, true);
  EXPECT_EQ(meter.rates(at(10s)).up_to[0].rate, DataRate::kbps(80));
}

TEST(RateMeter, LayersBeyondTheFourthCountAsTheFourth) {
  RateMeter meter;
  meter.rates(at(0s));
  meter.count(7, kPayload, true);
  const RateMeter::Rates& rates = meter.rates(at(1s));
  EXPECT_EQ(rates.temporal_layers, 4);
  EXPECT_EQ(rates.up_to[2].rate, DataRate());
  EXPECT_EQ(rates.up_to[3].rate, DataRate::kbps(8));
}

}  // namespace
}  // namespace eir
