#include "lib/client/media_schedule.h"

#include <gtest/gtest.h>

#include <vector>

namespace eir {
namespace {

constexpr Timestamp kStart{Duration(100s)};

TEST(AudioSchedule, APacketEvery20MillisecondsWithItsLevel) {
  AudioSchedule audio(AudioTrackOptions{});
  audio.start(kStart);
  for (int i = 0; i < 100; ++i) {
    const auto frame = audio.capture();
    ASSERT_TRUE(frame);
    EXPECT_EQ(frame->capture, kStart + i * 20ms);
    EXPECT_EQ(frame->audio_level.level, 25);
    EXPECT_EQ(frame->marker_first, i == 0);
  }
}

TEST(AudioSchedule, DtxSendsOneSmallPacketEvery400MillisecondsOfSilence) {
  AudioTrackOptions options;
  options.talk = 1s;
  options.silence = 2s;
  options.dtx = true;
  AudioSchedule audio(options);
  audio.start(kStart);
  std::vector<Duration> noise;
  int voice = 0;
  int markers = 0;
  while (audio.next_capture() < kStart + 4s) {
    const auto frame = audio.capture();
    if (!frame) continue;
    if (frame->is_comfort_noise) noise.push_back(frame->capture - kStart);
    voice += frame->is_comfort_noise ? 0 : 1;
    markers += frame->marker_first ? 1 : 0;
  }
  EXPECT_EQ(voice, 100);  // the first and the fourth second
  EXPECT_EQ(noise, (std::vector<Duration>{1000ms, 1400ms, 1800ms, 2200ms, 2600ms}));
  EXPECT_EQ(markers, 2);
}

TEST(AudioSchedule, ALateDriverLeavesPacketsOut) {
  AudioSchedule audio(AudioTrackOptions{});
  audio.start(kStart);
  audio.skip_to(kStart + 1010ms);
  EXPECT_EQ(audio.next_capture(), kStart + 1s);
}

TEST(VideoSchedule, SmallerPacketsAreMorePackets) {
  VideoTrackOptions options;
  options.constant_size = true;
  options.encodings[0].bitrate = DataRate::bps(30 * 8 * 1000);  // 1000 bytes a frame
  options.packet_bytes = 500;
  VideoSchedule video(options);
  video.start(kStart);
  video.capture(false);
  EXPECT_EQ(video.encoded(0).bytes, 1000U);
  EXPECT_EQ(video.encoded(0).packets, 2U);
}

TEST(VideoSchedule, ThirtyFramesASecondDoNotDrift) {
  VideoSchedule video(VideoTrackOptions{});
  video.start(kStart);
  for (int i = 0; i < 300; ++i) video.capture(false);
  EXPECT_EQ(video.next_capture(), kStart + 10s);
  EXPECT_EQ(video.encoded(0).number, 300U);
}

TEST(VideoSchedule, FramesHaveTheEncodingsMeanSizeAndKeyFramesAMultiple) {
  VideoTrackOptions options;
  options.encodings[0].bitrate = DataRate::kbps(1200);  // 5000 bytes at 30 frames/s
  options.key_frame_factor = 6;
  VideoSchedule video(options);
  video.start(kStart);
  uint64_t bytes = 0;
  for (int i = 0; i < 3000; ++i) {
    video.capture(false);
    bytes += video.encoded(0).bytes;
  }
  EXPECT_NEAR(static_cast<double>(bytes) / 3000, 5000, 100);
  video.capture(true);
  EXPECT_GE(video.encoded(0).bytes, 6U * 3700);
  EXPECT_TRUE(video.encoded(0).is_key);
}

TEST(VideoSchedule, ThreeTemporalLayersFollowThePattern) {
  VideoTrackOptions options;
  options.temporal_layers = 3;
  VideoSchedule video(options);
  video.start(kStart);
  std::vector<int> layers;
  std::vector<bool> switch_points;
  for (int i = 0; i < 16; ++i) {
    video.capture(i == 0);
    layers.push_back(video.encoded(0).temporal_layer);
    switch_points.push_back(video.encoded(0).is_switch_point);
  }
  EXPECT_EQ(layers, (std::vector<int>{0, 2, 1, 2, 0, 2, 1, 2, 0, 2, 1, 2, 0, 2, 1, 2}));
  EXPECT_EQ(switch_points, (std::vector<bool>{true, true, true, false, false, false, false, false,  //
                                              false, true, true, false, false, false, false, false}));
}

TEST(VideoSchedule, ParameterSetsOnceMeansTheFirstKeyFrameAlone) {
  VideoTrackOptions options;
  options.codec = Codec::kH264;
  options.parameter_sets_once = true;
  VideoSchedule video(options);
  video.start(kStart);
  video.capture(true);
  EXPECT_TRUE(video.encoded(0).has_parameter_sets);
  video.capture(true);
  EXPECT_FALSE(video.encoded(0).has_parameter_sets);
}

}  // namespace
}  // namespace eir
