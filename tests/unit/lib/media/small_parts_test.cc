// Key-frame requester, clocks and audio levels.
#include <gtest/gtest.h>

#include "lib/base/random.h"
#include "lib/media/audio_levels.h"
#include "lib/media/clock_mapping.h"
#include "lib/media/key_frame_requester.h"

namespace eir {
namespace {

Timestamp at(Duration d) { return Timestamp(10s + d); }

TEST(KeyFrameRequester, TheFirstRequestPassesAtOnceAndTheNextOnesJoin) {
  KeyFrameRequester requester;
  requester.request(at(0ms));
  EXPECT_TRUE(requester.take_due(at(0ms)));
  requester.handle_key_frame(at(50ms));
  for (int i = 1; i < 100; ++i) requester.request(at(Duration(1ms) * i));
  EXPECT_FALSE(requester.take_due(at(499ms)));
  EXPECT_TRUE(requester.take_due(at(500ms)));
}

TEST(KeyFrameRequester, TwoThousandRequestsInTwoSecondsMakeAtMostSixInThree) {
  KeyFrameRequester requester;
  int sent = 0;
  for (int ms = 0; ms < 3000; ++ms) {
    if (ms < 2000) requester.request(at(Duration(1ms) * ms));
    sent += requester.take_due(at(Duration(1ms) * ms)) ? 1 : 0;
    if (ms % 100 == 99) requester.handle_key_frame(at(Duration(1ms) * ms));
  }
  EXPECT_GE(sent, 4);
  EXPECT_LE(sent, 6);
}

TEST(KeyFrameRequester, AsksAgainUntilAKeyFrameComes) {
  KeyFrameRequester requester;
  requester.request(at(0ms));
  EXPECT_TRUE(requester.take_due(at(0ms)));
  EXPECT_TRUE(requester.take_due(at(500ms)));
  requester.handle_key_frame(at(600ms));
  EXPECT_EQ(requester.next_timeout(), kNever);
  EXPECT_FALSE(requester.take_due(at(5s)));
}

TEST(KeyFrameRequester, StopsAskingASenderThatNeverAnswers) {
  KeyFrameRequester requester;
  requester.request(at(0ms));
  int sent = 0;
  for (int ms = 0; ms < 60'000; ms += 10) sent += requester.take_due(at(Duration(1ms) * ms)) ? 1 : 0;
  EXPECT_EQ(sent, KeyFrameRequester::kRepeatsMax);
}

TEST(KeyFrameRequester, LayerUpWishesShareOneRequestInThreeSeconds) {
  KeyFrameRequester requester;
  int sent = 0;
  for (int ms = 0; ms < 9000; ms += 10) {
    requester.request_layer_up(at(Duration(1ms) * ms));
    if (!requester.take_due(at(Duration(1ms) * ms))) continue;
    ++sent;
    requester.handle_key_frame(at(Duration(1ms) * ms));
  }
  EXPECT_EQ(sent, 3);
}

// A publisher whose NTP clock is 1000 s ahead of Eir's.
NtpTime publisher_ntp(Timestamp t) { return ntp_add(to_ntp(t), 1000s); }

TEST(PublisherClock, TheLeastDelayedReportCounts) {
  PublisherClock clock;
  clock.handle_sender_report(at(0ms) + 30ms, publisher_ntp(at(0ms)));
  clock.handle_sender_report(at(1s) + 5ms, publisher_ntp(at(1s)));
  clock.handle_sender_report(at(2s) + 300ms, publisher_ntp(at(2s)));
  EXPECT_NEAR(to_seconds(*clock.to_eir(publisher_ntp(at(10s))) - (at(10s) + 5ms)), 0.0, 1e-6);
}

TEST(PublisherClock, FollowsADriftWithinTheWindow) {
  PublisherClock clock;
  // Eir's clock loses 100 ppm against the publisher's: arrivals look ever later.
  Timestamp last;
  for (int s = 0; s < 600; ++s) {
    last = at(std::chrono::seconds(s));
    clock.handle_sender_report(last + Duration(1s) * s / 10'000, publisher_ntp(last));
  }
  const Duration error = *clock.to_eir(publisher_ntp(last)) - (last + 59'900us);
  EXPECT_LT(std::chrono::abs(error), 7ms);
}

TEST(PublisherClock, AClockThatWasSetByAnHourStartsAfresh) {
  PublisherClock clock;
  clock.handle_sender_report(at(0s), publisher_ntp(at(0s)));
  const NtpTime set = ntp_add(publisher_ntp(at(1s)), -3600s);
  clock.handle_sender_report(at(1s), set);
  EXPECT_NEAR(to_seconds(*clock.to_eir(set) - at(1s)), 0.0, 1e-6);
}

TEST(StreamClock, AudioDelayedOnTheWayMapsToTheSameCaptureTimeAsItsPicture) {
  PublisherClock clock;
  StreamClock audio(48'000);
  StreamClock video(90'000);
  // Captured at 1 s: audio timestamp 500, video timestamp 7. The audio and its reports come 300 ms late.
  clock.handle_sender_report(at(1s) + 20ms, publisher_ntp(at(1s)));
  video.handle_sender_report(publisher_ntp(at(1s)), 7);
  clock.handle_sender_report(at(1s) + 320ms, publisher_ntp(at(1s)));
  audio.handle_sender_report(publisher_ntp(at(1s)), 500);
  const Timestamp picture = video.capture_time(clock, 7 + 90'000 * 2, at(99s));
  const Timestamp sound = audio.capture_time(clock, 500 + 48'000 * 2, at(99s));
  EXPECT_LT(std::chrono::abs(picture - sound), 1us);
  EXPECT_LT(std::chrono::abs(picture - (at(3s) + 20ms)), 1us);
}

TEST(StreamClock, ArrivalServesUntilAReportComes) {
  const PublisherClock clock;
  StreamClock stream(90'000);
  EXPECT_EQ(stream.capture_time(clock, 1234, at(5s)), at(5s));
  stream.handle_sender_report(NtpTime{}, 1);
  EXPECT_FALSE(stream.synchronised());
}

TEST(StreamClock, TimestampsBeforeTheReportAndAcrossTheWrapAreRight) {
  PublisherClock clock;
  StreamClock stream(90'000);
  clock.handle_sender_report(at(1s), publisher_ntp(at(1s)));
  stream.handle_sender_report(publisher_ntp(at(1s)), 45'000);
  EXPECT_LT(std::chrono::abs(stream.capture_time(clock, 0xffffffffU - 44'999, at(0s)) - at(0s)), 1us);
}

TEST(AudioLevelTracker, ACoughIsNotAVoiceAndAVoiceIs) {
  AudioLevelTracker tracker;
  Duration t = 0ms;
  for (; t < 1s; t += 20ms) tracker.handle_packet(at(t), {.voice = false, .level = 90});
  tracker.handle_packet(at(t), {.voice = true, .level = 10});
  EXPECT_FALSE(tracker.is_voice(at(t)));
  for (; t < 3s; t += 20ms) tracker.handle_packet(at(t), {.voice = true, .level = 40});
  EXPECT_TRUE(tracker.is_voice(at(t)));
  EXPECT_NEAR(tracker.loudness(at(t)), 87.0, 1.0);
}

TEST(AudioLevelTracker, NothingForASecondIsSilence) {
  AudioLevelTracker tracker;
  for (Duration t = 0ms; t < 3s; t += 20ms) tracker.handle_packet(at(t), {.voice = true, .level = 20});
  EXPECT_TRUE(tracker.is_voice(at(3s + 400ms)));  // comfort noise comes every 400 ms
  EXPECT_EQ(tracker.loudness(at(4s)), 0.0);
}

}  // namespace
}  // namespace eir
