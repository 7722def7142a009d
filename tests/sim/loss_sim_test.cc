#include "tests/sim/sim_test.h"

namespace eir {
namespace {

using LossSim = SimTest;
INSTANTIATE_TEST_SUITE_P(Seeds, LossSim, testing::Values(1, 2, 3));

// 100 ms round trip between each client and Eir.
AccessLine line_with(double loss, Duration delay = 50ms) {
  AccessLine line;
  line.up.delay = line.down.delay = delay;
  line.up.loss = line.down.loss = loss;
  return line;
}

ClientOptions busy_publisher() {
  ClientOptions options = publisher();
  options.video[0].encodings[0].bitrate = DataRate::kbps(1000);
  return options;
}

TEST_P(LossSim, FivePercentLossBothWaysIsMadeGoodWithin600Milliseconds) {
  SimWorld world(GetParam());
  world.join(busy_publisher(), line_with(0.05));
  SimPerson& viewer = world.join(watcher(1), line_with(0.05));
  world.run_for(20s);
  // Let what is on its way arrive.
  world.people()[0]->client->set_sending(world.now(), "1", false);
  world.run_for(2s);
  expect_unbroken(viewer);
  const ReceiverStats& video = slot_stats(viewer, MediaKind::kVideo);
  EXPECT_GT(video.packets, 2000U);
  EXPECT_GT(video.recovered, 50U);
  const uint64_t missing = video.lost + slot(viewer, MediaKind::kVideo).missing();
  EXPECT_GE(double(video.packets), 0.999 * double(video.packets + missing)) << missing << " missing";
  EXPECT_LE(video.recovery.percentile(0.999), 600ms);
  EXPECT_GE(video.decodable * 100, video.frames * 97);
}

TEST_P(LossSim, OnlyTheDownlinkLosesAndAllIsMadeGood) {
  SimWorld world(GetParam());
  world.join(busy_publisher());
  AccessLine line = line_with(0.0);
  line.down.loss = 0.05;
  SimPerson& viewer = world.join(watcher(1), line);
  world.run_for(10s);
  world.people()[0]->client->set_sending(world.now(), "1", false);
  world.run_for(2s);
  expect_unbroken(viewer);
  const ReceiverStats& video = slot_stats(viewer, MediaKind::kVideo);
  EXPECT_EQ(video.lost + slot(viewer, MediaKind::kVideo).missing(), 0U);
  EXPECT_EQ(video.decodable, video.frames);
}

// 0 to 30 % loss, reordering and duplicates: what the publisher's line delivered is forwarded, once.
TEST_P(LossSim, EveryPacketIsAccountedFor) {
  for (const double loss : {0.0, 0.05, 0.15, 0.3}) {
    SCOPED_TRACE(loss);
    SimWorld world(GetParam());
    AccessLine bad = line_with(loss, 20ms);
    bad.up.jitter = 15ms;
    bad.up.reorders = true;
    bad.up.duplication = 0.1;
    SimPerson& speaker = world.join(busy_publisher(), bad);
    // The watcher's own line loses nothing and it asks for nothing: all it misses or gets twice, Eir did.
    ClientOptions silent = watcher(1);
    silent.nack = false;
    SimPerson& viewer = world.join(silent);
    world.run_for(10s);
    for (const char* mid : {"0", "1"}) speaker.client->set_sending(world.now(), mid, false);
    world.run_for(3s);
    expect_unbroken(viewer);
    const RouterCounters& router = world.router().counters();
    EXPECT_EQ(router.drop_rtp_malformed + router.drop_rtcp_malformed + router.drop_unknown_ssrc, 0U);
    EXPECT_EQ(router.drop_queue_full_audio + router.drop_queue_full_video + router.drop_revoked, 0U);
    EXPECT_EQ(router.rtx_out, 0U);
    uint64_t received = 0;
    for (const MediaKind kind : {MediaKind::kAudio, MediaKind::kVideo}) {
      const ReceiverStats& stats = slot_stats(viewer, kind);
      EXPECT_EQ(stats.duplicates, 0U);
      received += stats.packets + stats.late;  // late: it overtook the first packet of the slot
    }
    EXPECT_EQ(router.rtp_out, received);
    // What came in leaves, but for what stands before the slot's first packet: of video the first whole key frame, of
    // which a lost packet may have to come again first.
    EXPECT_GE(received * 100, router.rtp_in * 97) << received << " of " << router.rtp_in;
  }
}

TEST_P(LossSim, AfterTenSecondsOf30PercentLossAllIsWellWithinASecond) {
  SimWorld world(GetParam());
  SimPerson& speaker = world.join(busy_publisher(), line_with(0.0, 20ms));
  SimPerson& viewer = world.join(watcher(1), line_with(0.0, 20ms));
  world.run_for(2s);
  const LinkCondition good = world.network().up(speaker.node).condition();
  LinkCondition bad = good;
  bad.loss = 0.3;
  world.network().up(speaker.node).set(bad);
  world.network().down(viewer.node).set(bad);
  world.run_for(10s);
  world.network().up(speaker.node).set(good);
  world.network().down(viewer.node).set(good);
  world.run_for(1s);
  const uint64_t decodable = slot_stats(viewer, MediaKind::kVideo).decodable;
  const ReceiverStats audio = slot_stats(viewer, MediaKind::kAudio);
  world.run_for(1s);
  expect_unbroken(viewer);
  EXPECT_GE(slot_stats(viewer, MediaKind::kVideo).decodable - decodable, 28U) << "the picture is back";
  EXPECT_GE(slot_stats(viewer, MediaKind::kAudio).packets - audio.packets, 49U);
}

TEST_P(LossSim, ATwoSecondBlackoutEndsWithPacketsAtOnceAndAPictureWithinASecond) {
  SimWorld world(GetParam());
  SimPerson& speaker = world.join(busy_publisher(), line_with(0.0, 20ms));
  SimPerson& viewer = world.join(watcher(1), line_with(0.0, 20ms));
  world.run_for(3s);
  for (const SimNetwork::NodeId node : {speaker.node, viewer.node}) {
    SCOPED_TRACE(node == speaker.node ? "of the publisher" : "of the receiver");
    LinkCondition down = world.network().up(node).condition();
    LinkCondition up = down;
    down.is_down = true;
    world.network().up(node).set(down);
    world.network().down(node).set(down);
    world.run_for(2s);
    world.network().up(node).set(up);
    world.network().down(node).set(up);
    const Timestamp back = world.now();
    const uint64_t packets = slot_stats(viewer, MediaKind::kVideo).packets;
    EXPECT_TRUE(world.run_until([&] { return slot_stats(viewer, MediaKind::kVideo).packets > packets; }, 300ms));
    const uint64_t decodable = slot_stats(viewer, MediaKind::kVideo).decodable;
    EXPECT_TRUE(world.run_until([&] { return slot_stats(viewer, MediaKind::kVideo).decodable > decodable; }, 1100ms))
        << to_ms(world.now() - back);
    world.run_for(3s);
  }
  expect_unbroken(viewer);
}

TEST_P(LossSim, HandshakesSucceedUnder30PercentLoss) {
  SimWorld world(GetParam());
  for (int i = 0; i < 8; ++i) world.join(two_way(1), line_with(0.3, 25ms));
  world.run_for(20s);
  for (const auto& person : world.people()) EXPECT_TRUE(person->client->is_connected()) << person->id.value;
}

TEST_P(LossSim, ASlowReceiverCostsTheOthersNothing) {
  SimWorld world(GetParam());
  world.join(busy_publisher());
  SimPerson& good = world.join(watcher(1));
  AccessLine slow;
  slow.down.rate = DataRate::kbps(200);
  slow.down.queue = 200ms;
  SimPerson& bad = world.join(watcher(1), slow);
  world.run_for(6s);
  expect_perfect(good);
  expect_unbroken(bad);
  EXPECT_GT(world.network().down(bad.node).counters().dropped_queue, 0U);
  EXPECT_GT(slot_stats(good, MediaKind::kVideo).decodable, 160U);
}

}  // namespace
}  // namespace eir
