#include "tests/sim/sim_test.h"

namespace eir {
namespace {

using JoinSim = SimTest;
INSTANTIATE_TEST_SUITE_P(Seeds, JoinSim, testing::Values(1, 2, 3));

TEST_P(JoinSim, TwoPeopleSeeAndHearEachOther) {
  SimWorld world(GetParam());
  SimPerson& first = world.join(two_way(1));
  SimPerson& second = world.join(two_way(1));
  world.run_for(4s);
  for (const SimPerson* person : {&first, &second}) {
    expect_perfect(*person);
    const uint32_t other = person == &first ? second.id.value : first.id.value;
    const ReceiverStats& audio = slot_stats(*person, MediaKind::kAudio);
    const ReceiverStats& video = slot_stats(*person, MediaKind::kVideo);
    // 4 s less the join: 50 packets and 30 frames a second.
    EXPECT_GT(audio.verified, 170U);
    EXPECT_GT(video.decodable, 100U);
    EXPECT_EQ(video.decodable, video.frames);
    EXPECT_LE(video.frame_gap_max, 100ms);
    EXPECT_LE(audio.frame_gap_max, 30ms);
    ASSERT_EQ(audio.csrcs.size(), 1U);
    ASSERT_EQ(video.csrcs.size(), 1U);
    EXPECT_EQ(audio.csrcs[0].sender_tag, other);
    EXPECT_EQ(video.csrcs[0].sender_tag, other);
    EXPECT_GE(audio.sender_reports, 3U);
    EXPECT_GE(video.sender_reports, 3U);
    // Two links of 10 ms each way, and the pacing of a frame's packets (26 ms at the most).
    EXPECT_LE(video.latency.percentile(0.99), 60ms);
  }
}

TEST_P(JoinSim, SlotsAreToldAsTheirPacketsSay) {
  SimWorld world(GetParam());
  SimPerson& first = world.join(two_way(2));
  world.join(two_way(2));
  world.join(two_way(2));
  world.run_for(3s);
  size_t live = 0;
  for (const SlotInfo& info : first.slots) {
    if (info.state != SlotState::kLive) continue;
    ++live;
    const ClientReceiver* const receiver = first.client->find_receiver(info.mid);
    ASSERT_NE(receiver, nullptr);
    EXPECT_EQ(receiver->stats().last_csrc, info.track.value);
    ASSERT_EQ(receiver->stats().csrcs.size(), 1U);
    EXPECT_EQ(receiver->stats().csrcs[0].sender_tag, info.source.value);
  }
  EXPECT_EQ(live, 4U);
  for (const auto& person : world.people()) expect_perfect(*person);
}

TEST_P(JoinSim, TheFirstPictureComesWithinAFewRoundTrips) {
  SimWorld world(GetParam());
  world.join(two_way(1));
  world.run_for(2s);
  SimPerson& late = world.join(two_way(1));
  world.run_for(2s);
  // At 20 ms round trip to Eir: ICE 1, DTLS 2, then the key frame 1 more and its pacing.
  EXPECT_LE(late.connected - late.joined, 100ms);
  EXPECT_LE(slot_stats(late, MediaKind::kAudio).first_packet - late.joined, 150ms);
  EXPECT_LE(slot_stats(late, MediaKind::kVideo).first_decodable - late.joined, 250ms);
}

// What the router told of one person's beginning, and when; kNever: not within 3 s.
struct Beginning {
  Timestamp connected = kNever;
  Timestamp started = kNever;
  int64_t elapsed_ms = -1;
};
Beginning watch_beginning(SimWorld& world, const SimPerson& person) {
  size_t seen = world.events().size();
  Beginning beginning;
  const auto has_started = [&] {
    for (; seen < world.events().size(); ++seen) {
      const RouterEvent& event = world.events()[seen];
      if (const auto* state = std::get_if<TransportStateChanged>(&event)) {
        if (state->participant == person.id) beginning.connected = world.now();
      } else if (const auto* told = std::get_if<MediaStarted>(&event)) {
        if (told->participant != person.id) continue;
        beginning.started = world.now();
        beginning.elapsed_ms = told->elapsed_ms;
      }
    }
    return beginning.started != kNever;
  };
  static_cast<void>(world.run_until(has_started, 3s));
  return beginning;
}

TEST_P(JoinSim, TheTimeToTheFirstPacketCountsFromTheConnectedTransport) {
  SimWorld world(GetParam());
  world.join(publisher());
  world.run_for(1s);
  const Beginning late = watch_beginning(world, world.join(watcher(1)));
  ASSERT_NE(late.started, kNever);
  EXPECT_EQ(late.elapsed_ms, to_ms(late.started - late.connected));
  EXPECT_LE(late.elapsed_ms, 20) << "the next packet of a voice";
}

TEST_P(JoinSim, TheTimeToTheFirstPacketCountsNeitherTheWaitForRightsNorForAnybodyToSee) {
  SimWorld world(GetParam());
  SimPerson& waiting = world.join(watcher(1), {}, Rights{});
  SimPerson& alone = world.join(watcher(1));
  EXPECT_EQ(watch_beginning(world, alone).started, kNever) << "nobody to see";
  SimPerson& speaker = world.join(publisher());
  const Beginning first = watch_beginning(world, alone);
  ASSERT_NE(first.started, kNever);
  EXPECT_GE(to_ms(first.started - speaker.joined), 40) << "ICE and DTLS of the speaker";
  EXPECT_LE(first.elapsed_ms, 20);
  world.run_for(1s);
  const Timestamp admitted = world.now();
  world.set_rights(waiting, SimWorld::kAllRights);
  const Beginning second = watch_beginning(world, waiting);
  ASSERT_NE(second.started, kNever);
  EXPECT_EQ(second.elapsed_ms, to_ms(second.started - admitted));
  EXPECT_LE(second.elapsed_ms, 20);
}

TEST_P(JoinSim, AWatcherWithoutTracksOfItsOwnReceives) {
  SimWorld world(GetParam());
  world.join(publisher());
  SimPerson& viewer = world.join(watcher(1));
  world.run_for(3s);
  expect_perfect(viewer);
  EXPECT_GT(slot_stats(viewer, MediaKind::kVideo).decodable, 60U);
}

TEST_P(JoinSim, ExtensionIdsBeyond14AreReadAndWritten) {
  SimWorld world(GetParam());
  ClientOptions options = two_way(1);
  options.two_byte_extensions = true;
  options.video[0].announce_ssrcs = false;  // then only the extensions tell where a packet belongs
  options.audio[0].announce_ssrcs = false;
  SimPerson& first = world.join(options);
  SimPerson& second = world.join(two_way(1));
  world.run_for(3s);
  for (const SimPerson* person : {&first, &second}) {
    expect_perfect(*person);
    EXPECT_GT(slot_stats(*person, MediaKind::kVideo).decodable, 60U);
  }
}

TEST_P(JoinSim, OneSeedGivesOneRun) {
  const auto run = [](uint64_t seed) {
    SimWorld world(seed);
    AccessLine line;
    line.up.jitter = line.down.jitter = 5ms;
    line.up.reorders = line.down.reorders = true;
    line.up.loss = line.down.loss = 0.02;
    world.join(two_way(1), line);
    world.join(two_way(1), line);
    world.run_for(2s);
    return world.digest();
  };
  EXPECT_EQ(run(GetParam()), run(GetParam()));
  EXPECT_NE(run(GetParam()), run(GetParam() + 1));
}

}  // namespace
}  // namespace eir
