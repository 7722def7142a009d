#include "tests/sim/sim_test.h"

namespace eir {
namespace {

using RightsSim = SimTest;
INSTANTIATE_TEST_SUITE_P(Seeds, RightsSim, testing::Values(1, 2, 3));

AccessLine lossy() {
  AccessLine line;
  line.up.loss = line.down.loss = 0.05;
  return line;
}

// Packets of a slot that leave Eir after a moment reach the receiver one link delay later at the earliest.
struct Seen {
  explicit Seen(const SimPerson& person)
      : audio(slot_stats(person, MediaKind::kAudio).packets),
        video(slot_stats(person, MediaKind::kVideo).packets),
        rtx(slot_stats(person, MediaKind::kVideo).rtx_packets) {}
  uint64_t audio;
  uint64_t video;
  uint64_t rtx;
  uint64_t total() const { return audio + video + rtx; }
};

TEST_P(RightsSim, AfterARevocationNotOnePacketPassesNeitherNewNorAgain) {
  SimWorld world(GetParam());
  SimPerson& speaker = world.join(publisher(), lossy());
  SimPerson& viewer = world.join(watcher(1), lossy());
  world.run_for(3s);
  ASSERT_GT(Seen(viewer).rtx, 0U);
  const uint64_t rtp_out = world.router().counters().rtp_out;
  const uint64_t rtx_out = world.router().counters().rtx_out;
  Rights none = SimWorld::kAllRights;
  none.send = 0;
  world.set_rights(speaker, none);
  EXPECT_EQ(world.router().counters().rtp_out, rtp_out);
  // What had left Eir before arrives within the delay of the line; its NACKs are asked for seconds.
  world.run_for(10ms);
  const Seen arrived(viewer);
  world.run_for(5s);
  EXPECT_EQ(Seen(viewer).total(), arrived.total());
  EXPECT_EQ(world.router().counters().rtp_out, rtp_out);
  EXPECT_EQ(world.router().counters().rtx_out, rtx_out);
  expect_unbroken(viewer);
}

TEST_P(RightsSim, OneKindCanBeRevokedAlone) {
  SimWorld world(GetParam());
  SimPerson& speaker = world.join(publisher());
  SimPerson& viewer = world.join(watcher(1));
  world.run_for(2s);
  Rights sound_only = SimWorld::kAllRights;
  sound_only.send = right_bit(RightKind::kAudio);
  world.set_rights(speaker, sound_only);
  world.run_for(10ms);
  const Seen before(viewer);
  world.run_for(1s);
  EXPECT_EQ(Seen(viewer).video, before.video);
  EXPECT_GE(Seen(viewer).audio, before.audio + 49);
}

TEST_P(RightsSim, AReceiverWithoutRightsGetsNothingAndAllAtOnceWithThem) {
  SimWorld world(GetParam());
  world.join(publisher());
  SimPerson& waiting = world.join(watcher(1), {}, Rights{});
  world.run_for(3s);
  EXPECT_TRUE(waiting.client->is_connected());
  EXPECT_EQ(Seen(waiting).total(), 0U);
  const Timestamp admitted = world.now();
  world.set_rights(waiting, SimWorld::kAllRights);
  const auto sees = [&] { return slot_stats(waiting, MediaKind::kVideo).decodable > 0; };
  EXPECT_TRUE(world.run_until(sees, 200ms)) << "first frame of an admitted participant";
  EXPECT_LE(slot_stats(waiting, MediaKind::kAudio).first_packet - admitted, 60ms);
}

TEST_P(RightsSim, RightsThatComeBackBringTheSameSlotBackUnbroken) {
  SimWorld world(GetParam());
  SimPerson& speaker = world.join(publisher());
  SimPerson& viewer = world.join(watcher(1));
  for (int i = 0; i < 4; ++i) {
    world.run_for(1s);
    world.set_rights(speaker, Rights{.send = 0, .receive = kAllKinds, .groups = 1});
    world.run_for(500ms);
    world.set_rights(speaker, SimWorld::kAllRights);
  }
  world.run_for(1s);
  expect_unbroken(viewer);
  EXPECT_GT(slot_stats(viewer, MediaKind::kVideo).decodable, 100U);
}

TEST_P(RightsSim, PeopleOfDifferentGroupsDoNotMeet) {
  SimWorld world(GetParam());
  world.join(publisher(), {}, Rights{.send = kAllKinds, .receive = kAllKinds, .groups = 1});
  SimPerson& apart = world.join(watcher(1), {}, Rights{.send = kAllKinds, .receive = kAllKinds, .groups = 2});
  SimPerson& both = world.join(watcher(1), {}, Rights{.send = kAllKinds, .receive = kAllKinds, .groups = 3});
  world.run_for(2s);
  EXPECT_EQ(Seen(apart).total(), 0U);
  EXPECT_GT(Seen(both).total(), 100U);
}

TEST_P(RightsSim, AMuteByTheHostDropsInTheRouter) {
  SimWorld world(GetParam());
  SimPerson& speaker = world.join(publisher());
  SimPerson& viewer = world.join(watcher(1));
  world.run_for(2s);
  ASSERT_TRUE(world.router().set_mute(world.now(), speaker.id, right_bit(RightKind::kAudio)).has_value());
  world.run_for(10ms);
  const Seen before(viewer);
  world.run_for(1s);
  EXPECT_EQ(Seen(viewer).audio, before.audio);
  EXPECT_GT(Seen(viewer).video, before.video);
  bool told = false;
  for (const SlotInfo& info : viewer.slots) told |= info.state == SlotState::kMuted;
  EXPECT_TRUE(told);
}

}  // namespace
}  // namespace eir
