#include "tests/sim/sim_test.h"

namespace eir {
namespace {

using SessionSim = SimTest;
INSTANTIATE_TEST_SUITE_P(Seeds, SessionSim, testing::Values(1, 2, 3));

constexpr SocketAddress elsewhere(uint16_t port) {
  SocketAddress address;
  address.ip = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 77};
  address.port = port;
  return address;
}

TEST_P(SessionSim, AnIceRestartCostsNoPacket) {
  SimWorld world(GetParam());
  SimPerson& first = world.join(two_way(1));
  SimPerson& second = world.join(two_way(1));
  world.run_for(2s);
  world.restart_ice(second);
  world.run_for(3s);
  expect_perfect(first);
  expect_perfect(second);
  for (const SimPerson* person : {&first, &second}) {
    EXPECT_GT(slot_stats(*person, MediaKind::kVideo).decodable, 130U);
    EXPECT_LE(slot_stats(*person, MediaKind::kVideo).frame_gap_max, 100ms);
  }
}

TEST_P(SessionSim, AnIceRestartFromAnotherNetworkBringsMediaBackWithin2Seconds) {
  SimWorld world(GetParam());
  SimPerson& speaker = world.join(two_way(1));
  SimPerson& moves = world.join(two_way(1));
  world.run_for(2s);
  world.network().rebind(moves.node, elsewhere(4000));
  world.restart_ice(moves);
  const Timestamp start = world.now();
  const uint64_t received = slot_stats(moves, MediaKind::kVideo).decodable;
  const uint64_t sent = slot_stats(speaker, MediaKind::kVideo).decodable;
  const auto both = [&] {
    return slot_stats(moves, MediaKind::kVideo).decodable > received + 5 &&
           slot_stats(speaker, MediaKind::kVideo).decodable > sent + 5;
  };
  EXPECT_TRUE(world.run_until(both, 2s)) << to_ms(world.now() - start) << " ms";
  expect_unbroken(speaker);
  expect_unbroken(moves);
}

TEST_P(SessionSim, ANatRebindingHealsByItselfWithinTheClientsCheckInterval) {
  SimWorld world(GetParam());
  SimPerson& speaker = world.join(two_way(1));
  SimPerson& moves = world.join(two_way(1));
  world.run_for(2s);
  world.network().rebind(moves.node, elsewhere(4000));
  const uint64_t received = slot_stats(moves, MediaKind::kVideo).decodable;
  const auto healed = [&] { return slot_stats(moves, MediaKind::kVideo).decodable > received + 5; };
  // Consent checks every 2.5 s ± 20 % (Chromium's); then the picture.
  EXPECT_TRUE(world.run_until(healed, 4s));
  expect_unbroken(speaker);
  expect_unbroken(moves);
}

TEST_P(SessionSim, ANewSsrcOnTheSameMidNeedsNoRenegotiation) {
  for (const bool bye : {true, false}) {
    SCOPED_TRACE(bye ? "with BYE" : "without BYE");
    SimWorld world(GetParam());
    SimPerson& speaker = world.join(publisher());
    SimPerson& viewer = world.join(watcher(1));
    world.run_for(2s);
    speaker.client->change_ssrcs(world.now(), "0", bye);
    speaker.client->change_ssrcs(world.now(), "1", bye);
    world.run_for(2s);
    expect_unbroken(viewer);
    const ReceiverStats& video = slot_stats(viewer, MediaKind::kVideo);
    EXPECT_GT(video.decodable, 100U);
    EXPECT_LE(video.frame_gap_max, 400ms);
    EXPECT_GT(slot_stats(viewer, MediaKind::kAudio).verified, 180U);
    EXPECT_LE(slot_stats(viewer, MediaKind::kAudio).frame_gap_max, 100ms);
    EXPECT_EQ(video.csrcs.size(), 1U) << "the track stays the same";
  }
}

TEST_P(SessionSim, AStoppedCameraThatSendsAgainComesBackInItsSlot) {
  SimWorld world(GetParam());
  SimPerson& speaker = world.join(publisher());
  SimPerson& viewer = world.join(watcher(1));
  world.run_for(2s);
  speaker.client->set_sending(world.now(), "1", false);
  world.run_for(3s);
  const uint64_t before = slot_stats(viewer, MediaKind::kVideo).decodable;
  speaker.client->set_sending(world.now(), "1", true);
  speaker.events.clear();
  world.people()[0]->due = world.now();
  world.run_for(1s);
  EXPECT_GE(slot_stats(viewer, MediaKind::kVideo).decodable, before + 25);
  expect_unbroken(viewer);
}

TEST_P(SessionSim, TracksAndSlotsCanBeAddedAndRemovedLater) {
  SimWorld world(GetParam());
  SimPerson& speaker = world.join(publisher());
  SimPerson& viewer = world.join(watcher(2));
  world.run_for(1s);
  const std::string screen = speaker.client->add_video_track(VideoTrackOptions{});
  world.renegotiate(speaker);
  world.run_for(2s);
  EXPECT_GT(slot_stats(viewer, MediaKind::kVideo, 0).decodable, 60U);
  EXPECT_GT(slot_stats(viewer, MediaKind::kVideo, 1).decodable, 30U);
  speaker.client->remove_media(world.now(), screen);
  world.renegotiate(speaker);
  world.run_for(100ms);
  const uint64_t gone = slot_stats(viewer, MediaKind::kVideo, 1).packets;
  world.run_for(1s);
  EXPECT_EQ(slot_stats(viewer, MediaKind::kVideo, 1).packets, gone);
  expect_unbroken(viewer);
}

TEST_P(SessionSim, AFloodOfKeyFrameRequestsReachesThePublisherThinned) {
  SimWorld world(GetParam());
  SimPerson& speaker = world.join(publisher());
  SimPerson& viewer = world.join(watcher(1));
  world.run_for(2s);
  const uint64_t before = speaker.client->senders()[1]->encodings()[0].stats().plis;
  for (int i = 0; i < 2000; ++i) {
    viewer.client->request_key_frame("1");
    viewer.due = world.now();
    world.run_for(1ms);
  }
  world.run_for(1s);
  EXPECT_LE(speaker.client->senders()[1]->encodings()[0].stats().plis - before, 6U);
  expect_perfect(speaker);
}

}  // namespace
}  // namespace eir
