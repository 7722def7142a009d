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

// 0 to 30 % loss, reordering and duplicates: what the publisher's line delivered is forwarded, once, or has its reason.
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
    EXPECT_EQ(world.unaccounted(), "");
    const RouterCounters& router = world.router().counters();
    EXPECT_EQ(router.drop_rtp_malformed + router.drop_rtcp_malformed + router.drop_unknown_ssrc, 0U);
    EXPECT_EQ(router.drop_queue_full_audio + router.drop_queue_full_video + router.drop_revoked, 0U);
    EXPECT_EQ(router.drop_unsendable + router.drop_slot_ended + router.rtx_out, 0U);
    // Each track has one slot at the most, so each packet has one fate; look-back gives it a second.
    const ForwardCounters& slots = router.forward;
    EXPECT_EQ(slots.other_layer + slots.left + slots.gone + slots.no_room, 0U);
    const uint64_t before = router.no_receiver + slots.not_ready + slots.before_start;
    EXPECT_EQ(router.rtp_in + slots.looked_back, router.rtp_out + before + slots.late);
    uint64_t received = 0;
    for (const MediaKind kind : {MediaKind::kAudio, MediaKind::kVideo}) {
      const ReceiverStats& stats = slot_stats(viewer, kind);
      EXPECT_EQ(stats.duplicates, 0U);
      received += stats.packets + stats.late;  // late: it overtook the first packet of the slot
    }
    EXPECT_EQ(router.rtp_out, received);
    // Once both are connected and the first key frame is through, at most a straggler or two of before is left out.
    EXPECT_GE(router.rtp_out * 100, (router.rtp_in + slots.looked_back - before) * 99) << slots.late << " late";
  }
}

class BadCrowdSim : public SimTest {};
INSTANTIATE_TEST_SUITE_P(Sizes, BadCrowdSim, testing::Values(2, 5, 12, 50));

// Everybody at once on bad lines, their handshakes too, while all numbers wrap, layers come and go, people leave and
// rights change. The parameter is the number of people.
TEST_P(BadCrowdSim, OfMorePeopleEveryPacketIsAccountedForToo) {
  const auto people = static_cast<size_t>(GetParam());
  SimWorld world(people, 65536);
  ClientOptions options = two_way(std::min<size_t>(people - 1, 4));
  const FirstNumbers first{.ssrc = {}, .sequence = 0xffff - 60, .timestamp = 0xffffffff - 100000, .picture_id = 0x7fe0};
  options.audio[0].first = first;
  options.video[0].fps = 10;
  options.video[0].encodings = {
      {.rid = "a", .width = 640, .height = 360, .bitrate = DataRate::kbps(150), .first = first},
      {.rid = "b", .width = 320, .height = 180, .bitrate = DataRate::kbps(50), .first = {}}};
  for (size_t i = 0; i < people; ++i) {
    AccessLine line = line_with(0.3 * static_cast<double>(i) / static_cast<double>(people - 1), 20ms);
    line.up.jitter = line.down.jitter = 15ms;
    line.up.reorders = line.down.reorders = true;
    line.up.duplication = line.down.duplication = 0.05;
    world.join(options, line);
  }
  world.run_for(2s);
  EXPECT_EQ(world.unaccounted(), "");
  world.people()[0]->client->set_encoding_active(world.people()[0]->client->senders()[1]->mid(), "a", false);
  world.set_rights(*world.people()[1], Rights{.send = right_bit(RightKind::kVideo), .receive = kAllKinds, .groups = 1});
  world.run_for(2s);
  EXPECT_EQ(world.unaccounted(), "");
  world.set_rights(*world.people()[1], SimWorld::kAllRights);
  world.people()[0]->client->change_ssrcs(world.now(), world.people()[0]->client->senders()[0]->mid(), false);
  if (people > 2) world.leave(*world.people().back());
  world.run_for(2s);
  EXPECT_EQ(world.unaccounted(), "");
  const RouterCounters& router = world.router().counters();
  EXPECT_GT(router.rtp_out, 100 * people);
  EXPECT_EQ(router.drop_rtp_malformed + router.drop_rtcp_malformed, 0U);
  EXPECT_EQ(router.drop_queue_full_audio + router.drop_queue_full_video + router.drop_unsendable, 0U);
  EXPECT_EQ(router.forward.no_room + router.forward.gone, 0U);
}

// The receive slot of the router that shows this kind to this person.
const ReceiveSlot& slot_of(SimWorld& world, const SimPerson& person, MediaKind kind) {
  for (const auto& participant : world.router().rooms().at(SimWorld::kRoom)->participants()) {
    if (participant->id() != person.id) continue;
    for (const auto& slot : participant->sessions().at(0)->slots()) {
      if (slot->kind() == kind) return *slot;
    }
  }
  EIR_CHECK(false);
}

TEST_P(LossSim, WhatAPublisherLosesIsNotCountedAgainstItsReceivers) {
  SimWorld world(GetParam());
  ClientOptions options = busy_publisher();
  options.video[0].rtx = false;  // nothing comes again
  AccessLine lossy = line_with(0.0, 20ms);
  lossy.up.loss = 0.1;
  world.join(options, lossy);
  ClientOptions silent = watcher(1);
  silent.nack = false;
  SimPerson& clean = world.join(silent);
  AccessLine one_way = line_with(0.0, 20ms);
  one_way.down.loss = 0.05;
  SimPerson& unlucky = world.join(silent, one_way);
  for (int second = 1; second <= 10; ++second) {
    world.run_for(1s);
    for (const MediaKind kind : {MediaKind::kAudio, MediaKind::kVideo}) {
      EXPECT_EQ(slot_of(world, clean, kind).send().packets_lost(), 0) << second;
      EXPECT_EQ(slot_of(world, clean, kind).send().fraction_lost(), 0.0) << second;
    }
  }
  const ReceiverStats& seen = slot_stats(clean, MediaKind::kVideo);
  EXPECT_GT(slot_of(world, clean, MediaKind::kVideo).send().counters().reports, 8U);
  EXPECT_GT(seen.lost + slot(clean, MediaKind::kVideo).missing(), seen.packets * 8 / 100) << "the gaps are there";
  // Where the line loses too, that alone counts: 5 % of what was sent, ± 3 standard deviations of some 1,000 packets.
  const SendStream& sent = slot_of(world, unlucky, MediaKind::kVideo).send();
  const double part = static_cast<double>(sent.packets_lost()) / static_cast<double>(sent.counters().packets);
  EXPECT_GE(part, 0.03);
  EXPECT_LE(part, 0.07);
  const int64_t lost = sent.packets_lost() + slot_of(world, unlucky, MediaKind::kAudio).send().packets_lost();
  EXPECT_NEAR(static_cast<double>(world.router().counters().downstream_lost), static_cast<double>(lost), 2.0);
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
  ClientOptions options = two_way(1);
  // As browsers do. Seven requests at doubling intervals are all lost for one person in a hundred.
  options.ice.rto_max = 500ms;
  options.ice.sends_max = 60;
  for (int i = 0; i < 8; ++i) world.join(options, line_with(0.3, 25ms));
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
