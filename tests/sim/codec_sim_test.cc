#include "tests/sim/sim_test.h"

namespace eir {
namespace {

using SimulcastSim = SimTest;
using H264Sim = SimTest;
using SyncSim = SimTest;
INSTANTIATE_TEST_SUITE_P(Seeds, SimulcastSim, testing::Values(1, 2, 3));
INSTANTIATE_TEST_SUITE_P(Seeds, H264Sim, testing::Values(1, 2, 3));
INSTANTIATE_TEST_SUITE_P(Seeds, SyncSim, testing::Values(1, 2, 3));

// The rids say nothing of the sizes, and the largest stands first as little as last.
ClientOptions simulcaster() {
  ClientOptions options = publisher();
  options.video[0].encodings = {
      {.rid = "m", .width = 640, .height = 360, .bitrate = DataRate::kbps(500), .first = {}},
      {.rid = "a", .width = 1280, .height = 720, .bitrate = DataRate::kbps(1500), .first = {}},
      {.rid = "z", .width = 320, .height = 180, .bitrate = DataRate::kbps(150), .first = {}},
  };
  return options;
}

TEST_P(SimulcastSim, TheLargestLayerReachesTheReceiver) {
  SimWorld world(GetParam());
  world.join(simulcaster());
  SimPerson& viewer = world.join(watcher(1));
  world.run_for(5s);
  expect_unbroken(viewer);
  const ReceiverStats& video = slot_stats(viewer, MediaKind::kVideo);
  EXPECT_EQ(video.last_width, 1280);
  EXPECT_EQ(video.last_height, 720);
  EXPECT_EQ(video.lost + slot(viewer, MediaKind::kVideo).missing(), 0U);
  EXPECT_GT(video.decodable, 120U);
}

TEST_P(SimulcastSim, ALayerThatStopsAndComesBackIsLeftAndTakenWithoutABreak) {
  SimWorld world(GetParam());
  SimPerson& speaker = world.join(simulcaster());
  SimPerson& viewer = world.join(watcher(1));
  world.run_for(4s);
  speaker.client->set_encoding_active("1", "a", false);
  world.run_for(4s);
  EXPECT_EQ(slot_stats(viewer, MediaKind::kVideo).last_width, 640);
  speaker.client->set_encoding_active("1", "a", true);
  world.run_for(6s);
  expect_unbroken(viewer);
  const ReceiverStats& video = slot_stats(viewer, MediaKind::kVideo);
  EXPECT_EQ(video.last_width, 1280);
  EXPECT_GE(video.layer_changes, 2U);
  EXPECT_EQ(video.source_changes, 0U);
  // The layer is taken for switched off after 1.5 s; then a key frame of another.
  EXPECT_LE(video.frame_gap_max, 2200ms);
}

TEST_P(SimulcastSim, LayersUnderLossStayUnbroken) {
  SimWorld world(GetParam());
  AccessLine line;
  line.up.delay = line.down.delay = 25ms;
  line.up.loss = line.down.loss = 0.03;
  SimPerson& speaker = world.join(simulcaster(), line);
  SimPerson& viewer = world.join(watcher(1), line);
  for (int i = 0; i < 3; ++i) {
    world.run_for(3s);
    speaker.client->set_encoding_active("1", "a", i % 2 == 1);
  }
  world.run_for(3s);
  expect_unbroken(viewer);
  EXPECT_GT(slot_stats(viewer, MediaKind::kVideo).decodable, 200U);
}

TEST_P(H264Sim, ParameterSetsSentOnceAreThereForALateReceiver) {
  SimWorld world(GetParam());
  ClientOptions options = publisher();
  options.video[0].codec = Codec::kH264;
  options.video[0].parameter_sets_once = true;
  world.join(options);
  world.run_for(2s);
  SimPerson& late = world.join(watcher(1));
  world.run_for(2s);
  expect_perfect(late);
  const ReceiverStats& video = slot_stats(late, MediaKind::kVideo);
  EXPECT_GT(video.decodable, 50U);
  EXPECT_GE(video.unverifiable, 1U) << "the sets that Eir put before the IDR";
  EXPECT_EQ(video.last_width, 640);
}

TEST_P(H264Sim, AWholeStreamUnderLossStaysUnbroken) {
  SimWorld world(GetParam());
  ClientOptions options = publisher();
  options.video[0].codec = Codec::kH264;
  AccessLine line;
  line.up.loss = line.down.loss = 0.05;
  world.join(options, line);
  SimPerson& viewer = world.join(watcher(1), line);
  world.run_for(6s);
  expect_unbroken(viewer);
  EXPECT_GT(slot_stats(viewer, MediaKind::kVideo).decodable, 140U);
}

// How much later the slot's clock presents what was captured: equal for sound and picture if they are in step.
Duration presentation_lag(const ClientReceiver& receiver) {
  const auto at = receiver.stats().last_presentation(receiver.clock_rate());
  EXPECT_TRUE(at);
  return at ? ntp_difference(*at, to_ntp(receiver.stats().last_capture)) : Duration{};
}

TEST_P(SyncSim, SoundAndPictureOfOnePersonAreInStepAcrossClockOffsets) {
  for (const Duration offset : {Duration(0s), Duration(3h), Duration(-7s)}) {
    SimWorld world(GetParam());
    ClientOptions options = publisher();
    options.clock_offset = offset;
    AccessLine line;
    line.up.jitter = 15ms;
    world.join(options, line);
    SimPerson& viewer = world.join(watcher(1));
    world.run_for(5s);
    const Duration difference =
        presentation_lag(slot(viewer, MediaKind::kAudio)) - presentation_lag(slot(viewer, MediaKind::kVideo));
    EXPECT_LE(std::abs(to_ms(difference)), 20) << to_seconds(offset);
    EXPECT_EQ(slot(viewer, MediaKind::kAudio).stream_id(), slot(viewer, MediaKind::kVideo).stream_id());
    EXPECT_EQ(slot(viewer, MediaKind::kAudio).cname(), slot(viewer, MediaKind::kVideo).cname());
  }
}

TEST_P(SyncSim, SoundThatAloneIsDelayedBy300MillisecondsStaysInStep) {
  SimWorld world(GetParam());
  ClientOptions options = publisher();
  options.audio[0].path_delay = 300ms;
  world.join(options);
  SimPerson& viewer = world.join(watcher(1));
  world.run_for(6s);
  EXPECT_GE(slot_stats(viewer, MediaKind::kAudio).latency.percentile(0.5), 300ms);
  const Duration difference =
      presentation_lag(slot(viewer, MediaKind::kAudio)) - presentation_lag(slot(viewer, MediaKind::kVideo));
  EXPECT_LE(std::abs(to_ms(difference)), 20);
}

// A microphone that is taken away and given back goes on with the next RTP time, whatever time has passed. Its reports
// of before are wrong then, and its next one is up to 5 s away.
TEST_P(SyncSim, SoundIsInStepRightAfterAPauseThatTookNoRtpTime) {
  for (const Duration pause : {Duration(700ms), Duration(2s), Duration(10s), Duration(70s)}) {
    SCOPED_TRACE(to_seconds(pause));
    SimWorld world(GetParam());
    ClientOptions options = publisher();
    options.audio[0].stops_clock = true;
    AccessLine line;
    line.up.jitter = 15ms;
    SimPerson& speaker = world.join(options, line);
    SimPerson& viewer = world.join(watcher(1));
    world.run_for(5s);
    speaker.client->set_sending(world.now(), "0", false);
    world.run_for(pause);
    speaker.client->set_sending(world.now(), "0", true);
    speaker.due = world.now();
    const uint64_t packets = slot_stats(viewer, MediaKind::kAudio).packets;
    ASSERT_TRUE(world.run_until([&] { return slot_stats(viewer, MediaKind::kAudio).packets > packets; }, 200ms));
    // From the first packet on, through the source's next report.
    Duration most{};
    for (int i = 0; i < 80; ++i) {
      const Duration difference =
          presentation_lag(slot(viewer, MediaKind::kAudio)) - presentation_lag(slot(viewer, MediaKind::kVideo));
      most = std::max(most, Duration(std::abs(difference.count())));
      world.run_for(100ms);
    }
    EXPECT_LE(to_ms(most), 100);
    EXPECT_EQ(world.router().counters().forward.pauses, 1U);
    expect_unbroken(viewer);
    EXPECT_EQ(slot_stats(viewer, MediaKind::kAudio).lost + slot(viewer, MediaKind::kAudio).missing(), 0U);
  }
}

TEST_P(SyncSim, SilenceInWhichRtpTimeGoesOnIsNoPause) {
  SimWorld world(GetParam());
  ClientOptions options = publisher();
  options.audio[0].dtx = true;
  options.audio[0].silence = 3s;
  AccessLine line;
  line.up.jitter = 30ms;
  line.up.loss = 0.2;  // comfort noise too: gaps of more than a second
  SimPerson& speaker = world.join(options, line);
  world.join(watcher(1));
  world.run_for(20s);
  speaker.client->set_sending(world.now(), "0", false);
  world.run_for(5s);
  speaker.client->set_sending(world.now(), "0", true);
  speaker.due = world.now();
  world.run_for(2s);
  EXPECT_EQ(world.router().counters().forward.pauses, 0U);
}

}  // namespace
}  // namespace eir
