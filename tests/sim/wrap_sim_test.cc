#include "tests/sim/sim_test.h"

namespace eir {
namespace {

using WrapSim = SimTest;
INSTANTIATE_TEST_SUITE_P(Seeds, WrapSim, testing::Values(1, 2));

ClientOptions publisher_at(uint16_t sequence, uint32_t timestamp, uint16_t picture_id) {
  ClientOptions options = publisher();
  const FirstNumbers first{.ssrc = {}, .sequence = sequence, .timestamp = timestamp, .picture_id = picture_id};
  options.audio[0].first = first;
  options.video[0].encodings[0].first = first;
  return options;
}

TEST_P(WrapSim, EveryCounterOfAPublisherWrapsWithoutATrace) {
  SimWorld world(GetParam());
  // Sequence numbers, timestamps and picture ids all wrap within the first second after the join of the watcher.
  world.join(publisher_at(0xffff - 100, 0xffffffff - 200000, 0x7fff - 75));
  SimPerson& viewer = world.join(watcher(1));
  world.run_for(6s);
  expect_perfect(viewer);
  const ReceiverStats& video = slot_stats(viewer, MediaKind::kVideo);
  EXPECT_EQ(video.decodable, video.frames);
  EXPECT_GT(video.decodable, 160U);
  EXPECT_GT(slot_stats(viewer, MediaKind::kAudio).verified, 280U);
}

TEST_P(WrapSim, WrapsUnderLossAndReorderingAreMadeGoodAsEverywhere) {
  SimWorld world(GetParam());
  AccessLine bad;
  bad.up.loss = bad.down.loss = 0.05;
  bad.up.jitter = 10ms;
  bad.up.reorders = true;
  world.join(publisher_at(0xffff - 100, 0xffffffff - 200000, 0x7fff - 75), bad);
  SimPerson& viewer = world.join(watcher(1), bad);
  world.run_for(6s);
  world.people()[0]->client->set_sending(world.now(), "1", false);
  world.run_for(2s);
  expect_unbroken(viewer);
  EXPECT_EQ(slot_stats(viewer, MediaKind::kVideo).lost + slot(viewer, MediaKind::kVideo).missing(), 0U);
}

// 20 Mbit/s make about 2,300 packets/s: three circles of 65,536 in 86 s; TL0PICIDX wraps every 8.5 s besides.
TEST(WrapSim, ThreeCirclesOfSequenceNumbersGoByUnnoticed) {
  SimWorld world(1);
  ClientOptions options = publisher();
  options.audio.clear();
  options.video[0].encodings[0].bitrate = DataRate::kbps(20000);
  options.video[0].encodings[0].first.sequence = 0xfff0;
  options.video[0].encodings[0].first.timestamp = 0xfffffff0;
  options.video[0].encodings[0].first.picture_id = 0x7ff0;
  SimPerson& speaker = world.join(options);
  SimPerson& viewer = world.join(watcher(1));
  world.run_for(86s);
  EXPECT_GT(speaker.client->senders()[0]->encodings()[0].stats().packets, 3 * 65536U);
  expect_perfect(viewer);
  const ReceiverStats& video = slot_stats(viewer, MediaKind::kVideo);
  EXPECT_GT(video.packets, 3 * 65536U - 500);
  EXPECT_EQ(video.decodable, video.frames);
}

// SRTP's own count of circles (RFC 3711 section 3.3.1) follows from the packets that are decrypted.
TEST(WrapSim, WhoDecryptsOnePacketInSixteenKeepsItsCountOfCirclesToo) {
  SimWorld world(1);
  ClientOptions options = publisher();
  options.audio.clear();
  options.video[0].encodings[0].bitrate = DataRate::kbps(20000);
  world.join(options);
  ClientOptions spot_check = watcher(1);
  spot_check.decrypt_one_in = 16;
  SimPerson& viewer = world.join(spot_check);
  world.run_for(30s);
  expect_perfect(viewer);
  const ReceiverStats& video = slot_stats(viewer, MediaKind::kVideo);
  EXPECT_GT(video.packets, 65536U);
  EXPECT_NEAR(static_cast<double>(video.header_only), static_cast<double>(video.packets) * 15 / 16, 16.0);
  EXPECT_EQ(video.verified + video.unverifiable, video.packets - video.header_only);
}

}  // namespace
}  // namespace eir
