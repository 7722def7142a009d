#include <array>
#include <cmath>

#include "lib/router/client_session.h"
#include "lib/router/participant.h"
#include "lib/router/published_track.h"
#include "lib/router/room.h"
#include "tests/sim/sim_test.h"

namespace eir {
namespace {

using LayersSim = SimTest;
INSTANTIATE_TEST_SUITE_P(Seeds, LayersSim, testing::Values(1, 2, 3));

ClientOptions simulcaster(uint8_t temporal_layers) {
  ClientOptions options = publisher();
  options.video[0].encodings = three_layers();
  options.video[0].temporal_layers = temporal_layers;
  return options;
}

PublishedTrack* camera(SimWorld& world) {
  for (const auto& participant : world.router().rooms().at(SimWorld::kRoom)->participants()) {
    for (const auto& session : participant->sessions()) {
      for (const auto& track : session->tracks()) {
        if (track->kind() == MediaKind::kVideo) return track.get();
      }
    }
  }
  return nullptr;
}

// As the allocator will be told, asked about four times a second.
struct Offers {
  std::array<LayerOffer, PublishedTrack::kLayersMax> layers{};
  size_t count = 0;
};
Offers watch(SimWorld& world, Duration d) {
  Offers offers;
  for (Duration passed = 0s; passed < d; passed += 250ms) {
    world.run_for(250ms);
    offers.count = camera(world)->offer_layers(world.now(), offers.layers);
  }
  return offers;
}

TEST_P(LayersSim, LayersAreOfferedBySizeWithTheRatesThatTheySend) {
  SimWorld world(GetParam());
  world.join(simulcaster(3));
  world.join(watcher(1));
  const Offers offers = watch(world, 6s);
  ASSERT_EQ(offers.count, 3U);
  struct Expected {
    uint16_t width;
    uint16_t height;
    double kbps;
  };
  constexpr std::array<Expected, 3> kExpected = {Expected{320, 180, 150}, {640, 360, 500}, {1280, 720, 1700}};
  for (size_t i = 0; i < kExpected.size(); ++i) {
    const LayerOffer& offer = offers.layers[i];
    EXPECT_EQ(offer.width, kExpected[i].width);
    EXPECT_EQ(offer.height, kExpected[i].height);
    EXPECT_EQ(offer.temporal_layers, 3);
    // At 30 frames/s each packet has some 100 bytes beside its stamped body: 94 of headers and descriptor.
    const double packets = 30 * std::ceil(kExpected[i].kbps * 1000 / 8 / 30 / kBodyBytesMax);
    const double expected = kExpected[i].kbps + packets * 94 * 8 / 1000;
    EXPECT_NEAR(static_cast<double>(offer.up_to[2].rate.bps()) / 1000, expected, expected * 0.08);
    // All pictures are equally large here: a quarter, half and all of them.
    EXPECT_NEAR(static_cast<double>(offer.up_to[0].rate.bps()) / 1000, expected / 4, expected * 0.08);
    EXPECT_NEAR(static_cast<double>(offer.up_to[1].rate.bps()) / 1000, expected / 2, expected * 0.08);
    EXPECT_NEAR(offer.up_to[0].frames_per_second, 7.5, 0.6);
    EXPECT_NEAR(offer.up_to[1].frames_per_second, 15, 0.6);
    EXPECT_NEAR(offer.up_to[2].frames_per_second, 30, 0.6);
    const ReceiveStream* const stream = camera(world)->stream_of(offer.key);
    ASSERT_NE(stream, nullptr);
    EXPECT_EQ(stream->width(), kExpected[i].width);
  }
  EXPECT_EQ(camera(world)->stream_of(3), nullptr);
}

TEST_P(LayersSim, ALayerThatStopsIsNotOffered) {
  SimWorld world(GetParam());
  SimPerson& speaker = world.join(simulcaster(1));
  world.join(watcher(1));
  EXPECT_EQ(watch(world, 3s).count, 3U);
  speaker.client->set_encoding_active("1", "f", false);
  const Offers offers = watch(world, 3s);
  ASSERT_EQ(offers.count, 2U);
  EXPECT_EQ(offers.layers[1].width, 640);
}

void wish(SimWorld& world, const SimPerson& viewer, uint32_t width, uint32_t height) {
  const SlotWish wish{.mid = "1",
                      .source = {},
                      .label = TrackLabel::kCamera,
                      .hidden = width == 0,
                      .width = width,
                      .height = height,
                      .priority = 0};
  ASSERT_TRUE(world.router().set_view(world.now(), viewer.id, {wish}));
}

uint64_t sent_of(const SimPerson& speaker, size_t layer) {
  return speaker.client->senders()[1]->encodings()[layer].stats().packets;
}

// What each layer sends in the next `d`.
std::array<uint64_t, 3> sent_within(SimWorld& world, const SimPerson& speaker, Duration d) {
  std::array<uint64_t, 3> sent{};
  for (size_t i = 0; i < sent.size(); ++i) sent[i] = sent_of(speaker, i);
  world.run_for(d);
  for (size_t i = 0; i < sent.size(); ++i) sent[i] = sent_of(speaker, i) - sent[i];
  return sent;
}

// The line carries the smallest layer at 30 frames/s (170 kbit/s with headers) or the next one at 15 (270), not at 30.
TEST_P(LayersSim, WhoSignsKeepsMovingOnAThinLine) {
  const auto frames_per_second = [&](bool signs) {
    SimWorld world(GetParam());
    world.join(simulcaster(3), {}, SimWorld::kAllRights, signs);
    SimPerson& viewer = world.join(watcher(1), {.up = {}, .down = {.rate = DataRate::kbps(450), .queue = 300ms}});
    world.run_for(10s);
    const ReceiverStats& video = slot_stats(viewer, MediaKind::kVideo);
    const uint64_t before = video.decodable;
    world.run_for(10s);
    return static_cast<double>(video.decodable - before) / 10;
  };
  EXPECT_GE(frames_per_second(true), 20);
  EXPECT_LT(frames_per_second(false), 20);
}

TEST_P(LayersSim, ASmallerWishCostsNoPictureHoweverLateTheKeyFrameComes) {
  SimWorld world(GetParam());
  ClientOptions options = simulcaster(3);
  options.video[0].key_frame_interval = 4s;
  options.video[0].answers_key_frame_requests = false;
  world.join(options);
  SimPerson& viewer = world.join(watcher(1));
  wish(world, viewer, 1280, 720);
  const ReceiverStats& video = slot_stats(viewer, MediaKind::kVideo);
  ASSERT_TRUE(world.run_until([&] { return video.decodable_of(1280, 720) > 60; }, 30s));
  const uint64_t small = video.decodable_of(320, 180);
  const uint64_t before = video.decodable;
  wish(world, viewer, 320, 180);
  world.run_for(5s);
  EXPECT_GT(video.decodable_of(320, 180), small);
  // 30 a second, the one under way more or less.
  EXPECT_GE(video.decodable - before, 149U);
}

TEST_P(LayersSim, LayersThatNobodyCouldUseRestAtTheirPublisher) {
  SimWorld world(GetParam());
  SimPerson& speaker = world.join(simulcaster(1));
  SimPerson& small = world.join(watcher(1));
  SimPerson& large = world.join(watcher(1));
  wish(world, small, 320, 180);
  wish(world, large, 640, 360);
  world.run_for(10s);
  std::array<uint64_t, 3> sent = sent_within(world, speaker, 5s);
  EXPECT_GT(sent[0], 100U);
  EXPECT_GT(sent[1], 100U);
  EXPECT_EQ(sent[2], 0U);
  // Nobody looks at all: the smallest goes on, for whoever comes.
  wish(world, small, 0, 0);
  wish(world, large, 0, 0);
  world.run_for(6s);
  sent = sent_within(world, speaker, 5s);
  EXPECT_GT(sent[0], 100U);
  EXPECT_EQ(sent[1] + sent[2], 0U);
}

TEST_P(LayersSim, ALayerThatIsWantedAgainIsThereAtOnce) {
  SimWorld world(GetParam());
  SimPerson& speaker = world.join(simulcaster(1));
  SimPerson& viewer = world.join(watcher(1));
  wish(world, viewer, 320, 180);
  world.run_for(10s);
  ASSERT_EQ(sent_within(world, speaker, 2s)[2], 0U);
  const ReceiverStats& video = slot_stats(viewer, MediaKind::kVideo);
  const uint64_t before = video.decodable_of(1280, 720);
  wish(world, viewer, 1280, 720);
  const Timestamp asked = world.now();
  ASSERT_TRUE(world.run_until([&] { return video.decodable_of(1280, 720) > before; }, 2s));
  EXPECT_LT(world.now() - asked, 500ms);
  EXPECT_EQ(video.decodable, video.frames);
}

TEST_P(LayersSim, ASourceThatRequestsDoNotReachSendsKeyFramesByTheClockAlone) {
  SimWorld world(GetParam());
  ClientOptions options = publisher();
  options.video[0].key_frame_interval = 2s;
  options.video[0].answers_key_frame_requests = false;
  SimPerson& speaker = world.join(options);
  SimPerson& viewer = world.join(watcher(1));
  for (int i = 0; i < 10; ++i) {
    world.run_for(700ms);
    viewer.client->request_key_frame("1");
  }
  const SenderStats& sent = speaker.client->senders()[1]->encodings()[0].stats();
  EXPECT_GT(sent.plis, 3U);
  // In 7 s at 0, 2, 4 and 6 s.
  EXPECT_EQ(sent.key_frames, 4U);
  const ReceiverStats& video = slot_stats(viewer, MediaKind::kVideo);
  EXPECT_EQ(video.decodable_of(640, 360), video.decodable);
  EXPECT_GT(video.decodable, 100U);
}

}  // namespace
}  // namespace eir
