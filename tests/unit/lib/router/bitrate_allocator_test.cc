#include "lib/router/bitrate_allocator.h"

#include <gtest/gtest.h>

#include <optional>
#include <utility>
#include <vector>

#include "lib/base/random.h"

namespace eir {
namespace {

constexpr Timestamp kStart{100s};

LayerOffer plain_layer(uint64_t key, uint16_t width, uint16_t height, int64_t kbps, float frames = 30) {
  LayerOffer layer{.key = key, .width = width, .height = height};
  layer.up_to[0] = {.rate = DataRate::kbps(kbps), .frames_per_second = frames};
  return layer;
}

// Three temporal layers as libwebrtc shares the rate of VP8 among them: 40 %, 60 %, all; a quarter, half and all of the
// frames.
LayerOffer layered(uint64_t key, uint16_t width, uint16_t height, int64_t kbps) {
  LayerOffer layer{.key = key, .width = width, .height = height, .temporal_layers = 3};
  layer.up_to[0] = {.rate = DataRate::kbps(kbps) * 0.4, .frames_per_second = 7.5F};
  layer.up_to[1] = {.rate = DataRate::kbps(kbps) * 0.6, .frames_per_second = 15};
  layer.up_to[2] = {.rate = DataRate::kbps(kbps), .frames_per_second = 30};
  return layer;
}

const std::vector<LayerOffer> kPlain = {plain_layer(0, 320, 180, 150), plain_layer(1, 640, 360, 500),
                                        plain_layer(2, 1280, 720, 1700)};
const std::vector<LayerOffer> kLayered = {layered(0, 320, 180, 150), layered(1, 640, 360, 500),
                                          layered(2, 1280, 720, 1700)};
const std::vector<LayerOffer> kVoice = {plain_layer(0, 0, 0, 40, 50)};

SlotDemand picture(std::span<const LayerOffer> layers, uint8_t rank = SlotDemand::kOther,
                   PictureProfile profile = PictureProfile::kOrdinary) {
  return {.kind = MediaKind::kVideo, .profile = profile, .rank = rank, .layers = layers};
}
SlotDemand voice() { return {.kind = MediaKind::kAudio, .layers = kVoice}; }

// A receiver whose slots remember.
struct Receiver {
  explicit Receiver(std::vector<SlotDemand> of)
      : demands(std::move(of)), memory(demands.size()), grants(memory.size()) {}

  Allocation allocate(int64_t kbps, Duration at = 0s) {
    return BitrateAllocator::allocate(kStart + at, DataRate::kbps(kbps), demands, memory, grants);
  }
  std::vector<int> layers() const {
    std::vector<int> all;
    for (const SlotGrant& grant : grants) all.push_back(grant.layer);
    return all;
  }

  std::vector<SlotDemand> demands;
  std::vector<SlotMemory> memory;
  std::vector<SlotGrant> grants;
};

// One slot that has no former grants.
SlotGrant grant_of(const SlotDemand& demand, int64_t kbps) {
  Receiver receiver({demand});
  receiver.allocate(kbps);
  return receiver.grants[0];
}

using Layers = std::vector<int>;

TEST(BitrateAllocator, SoundIsSentBeyondTheBudgetAndPicturesArePaused) {
  Receiver receiver({picture(kPlain), voice(), voice()});
  const Allocation allocation = receiver.allocate(50);
  EXPECT_EQ(receiver.layers(), (Layers{-1, 0, 0}));
  EXPECT_EQ(allocation.granted, DataRate::kbps(80));
}

TEST(BitrateAllocator, SoundComesOffTheBudgetFirst) {
  // 0.9 × 200 = 180: the lowest layer fits alone, but not beside 40 of sound.
  EXPECT_EQ(grant_of(picture(kPlain), 200).layer, 0);
  Receiver receiver({picture(kPlain), voice()});
  receiver.allocate(200);
  EXPECT_EQ(receiver.layers(), (Layers{-1, 0}));
  receiver.allocate(212);  // 190 / 0.9 = 211.1
  EXPECT_EQ(receiver.layers(), (Layers{0, 0}));
}

TEST(BitrateAllocator, EachPictureGetsItsLowestLayerBeforeAnotherIsUpgraded) {
  Receiver receiver({picture(kPlain), picture(kPlain, SlotDemand::kMain), picture(kPlain)});
  // 0.9 × 850 = 765: three lowest layers take 450, one upgrade 350 more.
  receiver.allocate(850);
  EXPECT_EQ(receiver.layers(), (Layers{0, 0, 0}));
  receiver.allocate(900);
  EXPECT_EQ(receiver.layers(), (Layers{0, 1, 0}));
}

TEST(BitrateAllocator, TheLowestRankIsPausedFirst) {
  Receiver receiver({picture(kPlain), picture(kPlain, SlotDemand::kSpeaker), picture(kPlain, SlotDemand::kMain)});
  receiver.allocate(400);  // 360
  EXPECT_EQ(receiver.layers(), (Layers{-1, 0, 0}));
  receiver.allocate(180);  // the memory keeps one, by rank
  EXPECT_EQ(receiver.layers(), (Layers{-1, -1, 0}));
}

TEST(BitrateAllocator, AHigherRankClimbsAsFarAsItCanBeforeALowerOneIsUpgraded) {
  // 1700 + 150 = 1850; 0.9 × 2100 = 1890.
  Receiver receiver({picture(kPlain), picture(kPlain, SlotDemand::kMain)});
  receiver.allocate(2100);
  EXPECT_EQ(receiver.layers(), (Layers{0, 2}));
}

TEST(BitrateAllocator, EqualsClimbInTurn) {
  Receiver receiver({picture(kPlain), picture(kPlain), picture(kPlain)});
  receiver.allocate(1700);  // 1530: 3 × 500 = 1500
  EXPECT_EQ(receiver.layers(), (Layers{1, 1, 1}));
}

TEST(BitrateAllocator, AmongEqualRanksTheHigherWishGoesFirst) {
  Receiver receiver({picture(kPlain), picture(kPlain)});
  receiver.demands[1].wish_priority = 2;
  receiver.allocate(200);
  EXPECT_EQ(receiver.layers(), (Layers{-1, 0}));
}

TEST(BitrateAllocator, NoLayerIsLargerThanFillsTheWishedSize) {
  SlotDemand demand = picture(kPlain);
  demand.wish_width = 320;
  demand.wish_height = 180;
  EXPECT_EQ(grant_of(demand, 100'000).layer, 0);
  demand.wish_width = 321;
  demand.wish_height = 181;
  EXPECT_EQ(grant_of(demand, 100'000).layer, 1);
  demand.wish_width = 1920;
  demand.wish_height = 1080;
  EXPECT_EQ(grant_of(demand, 100'000).layer, 2);
}

TEST(BitrateAllocator, APictureOnItsSideIsMeasuredByTheSideThatFills) {
  // 180×320 in a place of 320×180 is shown 101×180: the lowest layer has pixels enough.
  const std::vector<LayerOffer> upright = {plain_layer(0, 180, 320, 150), plain_layer(1, 360, 640, 500)};
  SlotDemand demand = picture(upright);
  demand.wish_width = 320;
  demand.wish_height = 180;
  EXPECT_EQ(grant_of(demand, 100'000).layer, 0);
}

TEST(BitrateAllocator, FrameRateGivesWayDownToTenBeforeAnOrdinaryPictureGoesToALowerLayer) {
  EXPECT_EQ(grant_of(picture(kLayered), 10'000).temporal_limit, 2);
  // Two thirds of 500 are 333, at 15 frames/s 300: 0.9 × 340 = 306. The 7.5 frames/s of 200 are no rung.
  const SlotGrant slow = grant_of(picture(kLayered), 340);
  EXPECT_EQ(slow.layer, 1);
  EXPECT_EQ(slow.temporal_limit, 1);
  EXPECT_EQ(slow.rate, DataRate::kbps(300));
  const SlotGrant small = grant_of(picture(kLayered), 320);
  EXPECT_EQ(small.layer, 0);
  EXPECT_EQ(small.temporal_limit, 2);
}

TEST(BitrateAllocator, AWoundIsKeptAt720pAndOthersAreShedFirst) {
  // At 15 frames/s 720p take 1020; with all frames 1700.
  struct Case {
    int64_t kbps;
    int layer;
    int temporal;
    int other;
  };
  // 700: 0.9 × 700 = 630 carries 500, not 650. 1500: 1350 carries 1020, 330 are left, so 150 for the other.
  // 4000: 3600 carries both in full.
  for (const Case& expected : {Case{700, 1, 2, -1}, Case{1500, 2, 1, 0}, Case{4000, 2, 2, 2}}) {
    Receiver receiver(
        {picture(kPlain, SlotDemand::kMain), picture(kLayered, SlotDemand::kOther, PictureProfile::kWound)});
    receiver.allocate(expected.kbps);
    EXPECT_EQ(receiver.grants[1].layer, expected.layer) << expected.kbps;
    EXPECT_EQ(receiver.grants[1].temporal_limit, expected.temporal) << expected.kbps;
    EXPECT_EQ(receiver.grants[0].layer, expected.other) << expected.kbps;
  }
}

TEST(BitrateAllocator, AWoundIsNotMadeSmallerThan720pByASmallPlaceOnThePage) {
  std::vector<LayerOffer> layers = kPlain;
  layers.push_back(plain_layer(3, 1920, 1080, 3000));
  SlotDemand demand = picture(layers, SlotDemand::kMain, PictureProfile::kWound);
  demand.wish_width = 320;
  demand.wish_height = 180;
  EXPECT_EQ(grant_of(demand, 100'000).layer, 2);
}

TEST(BitrateAllocator, ASignPictureKeepsItsFramesAndGivesUpSize) {
  const SlotDemand sign = picture(kLayered, SlotDemand::kMain, PictureProfile::kSign);
  for (const int64_t kbps : {200, 250, 500, 600, 1500, 1900, 5000}) {
    const SlotGrant grant = grant_of(sign, kbps);
    EXPECT_EQ(grant.temporal_limit, 2) << kbps;  // 15 frames/s are too few
  }
  EXPECT_EQ(grant_of(sign, 250).layer, 0);
  EXPECT_EQ(grant_of(sign, 600).layer, 1);
}

TEST(BitrateAllocator, ASignPictureTooLargeForTheLineAtItsSmallestMovesSlowerRatherThanNotAtAll) {
  // 150 at 30 frames/s, 90 at 15: 0.9 × 110 = 99.
  const SlotGrant grant = grant_of(picture(kLayered, SlotDemand::kMain, PictureProfile::kSign), 110);
  EXPECT_EQ(grant.layer, 0);
  EXPECT_EQ(grant.temporal_limit, 1);
}

TEST(BitrateAllocator, AScreenKeepsItsSizeAndGivesUpFrames) {
  // 720p at 7.5 frames/s take 680, 360p in full 500: 0.9 × 800 = 720.
  const SlotGrant grant = grant_of(picture(kLayered, SlotDemand::kScreen, PictureProfile::kScreen), 800);
  EXPECT_EQ(grant.layer, 2);
  EXPECT_EQ(grant.temporal_limit, 0);
}

TEST(BitrateAllocator, AudioOnlyGetsNoPictureAndWantsNone) {
  Receiver receiver({picture(kPlain, SlotDemand::kMain, PictureProfile::kAudioOnly), voice()});
  const Allocation allocation = receiver.allocate(100'000);
  EXPECT_EQ(receiver.layers(), (Layers{-1, 0}));
  EXPECT_EQ(allocation.wanted, DataRate::kbps(40));
}

TEST(BitrateAllocator, ALayerThatCostsNoLessThanABetterOneIsNotShown) {
  const std::vector<LayerOffer> odd = {plain_layer(0, 320, 180, 600), plain_layer(1, 640, 360, 500)};
  EXPECT_EQ(grant_of(picture(odd), 600).layer, 1);
}

TEST(BitrateAllocator, WantedIsWhatAllWouldTakeOnAnyLine) {
  Receiver receiver({picture(kPlain), picture(kPlain), voice()});
  receiver.demands[1].wish_width = 640;
  receiver.demands[1].wish_height = 360;
  // 1700 + 500 + 40, whatever the line.
  EXPECT_EQ(receiver.allocate(100).wanted, DataRate::kbps(2240));
  EXPECT_EQ(receiver.allocate(100'000, 100s).wanted, DataRate::kbps(2240));
  EXPECT_EQ(receiver.allocate(100'000, 200s).granted, DataRate::kbps(2240));
}

TEST(BitrateAllocator, TheFirstPictureIsNotTakenDownWhenAnotherCouldBeSqueezedIn) {
  // A single layer of 600 does not fit beside 150 below 750 / 0.9 = 833, where the first shows 500.
  const std::vector<LayerOffer> large = {plain_layer(0, 640, 480, 600)};
  Receiver receiver({picture(kPlain, SlotDemand::kMain), picture(large)});
  receiver.allocate(820);
  EXPECT_EQ(receiver.layers(), (Layers{1, -1}));
  Receiver wider({picture(kPlain, SlotDemand::kMain), picture(large)});
  wider.allocate(900);
  EXPECT_EQ(wider.layers(), (Layers{1, -1}));
}

TEST(BitrateAllocator, AFallIsAtOnceAndWhatASlotHasMayFillTheWholeBudget) {
  Receiver receiver({picture(kPlain)});
  receiver.allocate(600);
  receiver.allocate(500, 250ms);
  EXPECT_EQ(receiver.layers(), Layers{1});
  receiver.allocate(499, 500ms);
  EXPECT_EQ(receiver.layers(), Layers{0});
}

TEST(BitrateAllocator, ARiseWaitsForRoomToSpareAndForTheHoldAfterAFall) {
  Receiver receiver({picture(kPlain)});
  receiver.allocate(600);
  receiver.allocate(499, 1s);
  receiver.allocate(2000, 2499ms);  // 1.5 s after the fall
  EXPECT_EQ(receiver.layers(), Layers{0});
  receiver.allocate(555, 2500ms);  // 499.5
  EXPECT_EQ(receiver.layers(), Layers{0});
  receiver.allocate(556, 2500ms);  // 500.4
  EXPECT_EQ(receiver.layers(), Layers{1});
}

TEST(BitrateAllocator, APausedPictureComesBackTheSameWay) {
  Receiver receiver({picture(kPlain)});
  receiver.allocate(200);
  receiver.allocate(149, 1s);
  EXPECT_EQ(receiver.layers(), Layers{-1});
  receiver.allocate(1000, 2400ms);
  EXPECT_EQ(receiver.layers(), Layers{-1});
  receiver.allocate(160, 2600ms);  // 144
  EXPECT_EQ(receiver.layers(), Layers{-1});
  receiver.allocate(170, 2700ms);  // 153
  EXPECT_EQ(receiver.layers(), Layers{0});
}

TEST(BitrateAllocator, EachFallSoonAfterARiseDoublesTheHold) {
  Receiver receiver({picture(kPlain)});
  Duration at = 0s;
  receiver.allocate(600, at);
  receiver.allocate(400, at += 1s);
  for (const Duration hold : {1500ms, 3000ms, 6000ms, 12'000ms, 12'000ms}) {
    receiver.allocate(600, at + hold - 1ms);
    EXPECT_EQ(receiver.layers(), Layers{0}) << to_ms(hold);
    receiver.allocate(600, at += hold);
    EXPECT_EQ(receiver.layers(), Layers{1}) << to_ms(hold);
    receiver.allocate(400, at += 9s);
    EXPECT_EQ(receiver.layers(), Layers{0}) << to_ms(hold);
  }
  receiver.allocate(600, at += 12s);
  receiver.allocate(400, at += 10s);  // it had lasted: back to the shortest
  receiver.allocate(600, at += 1500ms);
  EXPECT_EQ(receiver.layers(), Layers{1});
}

TEST(BitrateAllocator, ASmallerWishIsNoFallAndALargerOneHasNoHold) {
  Receiver receiver({picture(kPlain)});
  receiver.allocate(5000);
  receiver.demands[0].wish_width = 320;
  receiver.demands[0].wish_height = 180;
  receiver.allocate(5000, 250ms);
  EXPECT_EQ(receiver.layers(), Layers{0});
  receiver.demands[0].wish_width = 1280;
  receiver.demands[0].wish_height = 720;
  receiver.allocate(5000, 500ms);
  EXPECT_EQ(receiver.layers(), Layers{2});
}

TEST(BitrateAllocator, ALayerThatThePublisherStoppedIsNoFall) {
  Receiver receiver({picture(kPlain)});
  receiver.allocate(5000);
  receiver.demands[0].layers = std::span(kPlain).first(1);
  receiver.allocate(5000, 250ms);
  EXPECT_EQ(receiver.layers(), Layers{0});
  receiver.demands[0].layers = kPlain;
  receiver.allocate(5000, 500ms);
  EXPECT_EQ(receiver.layers(), Layers{2});
}

TEST(BitrateAllocator, NothingToSendIsPausedAndForgotten) {
  Receiver receiver({picture({}), SlotDemand{.kind = MediaKind::kAudio, .layers = {}}});
  receiver.memory[0].was_granted = true;
  const Allocation allocation = receiver.allocate(1000);
  EXPECT_EQ(receiver.layers(), (Layers{-1, -1}));
  EXPECT_EQ(allocation.wanted, DataRate());
  EXPECT_FALSE(receiver.memory[0].was_granted);
}

TEST(BitrateAllocator, PicturesBeyondTheLimitArePaused) {
  Receiver receiver(std::vector<SlotDemand>(BitrateAllocator::kSlotsMax + 2, picture(kPlain)));
  receiver.demands.back() = voice();
  receiver.allocate(1'000'000);
  EXPECT_EQ(receiver.layers()[BitrateAllocator::kSlotsMax - 1], 2);
  EXPECT_EQ(receiver.layers()[BitrateAllocator::kSlotsMax], -1);
  EXPECT_EQ(receiver.layers().back(), 0);
}

// --- properties over seeds ---

struct Story {
  explicit Story(uint64_t seed) : random(seed) {
    const size_t slots = 1 + random.below(10);
    sources.reserve(slots);
    for (size_t i = 0; i < slots; ++i) {
      std::vector<LayerOffer>& layers = sources.emplace_back();
      int64_t kbps = 30 + static_cast<int64_t>(random.below(700));
      for (size_t n = random.below(4); n > 0; --n) {
        const auto size = static_cast<uint16_t>(180 * (layers.size() + 1));
        const auto width = static_cast<uint16_t>(size * 16 / 9);
        layers.push_back(random.chance(0.5) ? layered(layers.size(), width, size, kbps)
                                            : plain_layer(layers.size(), width, size, kbps));
        kbps = kbps * static_cast<int64_t>(110 + random.below(300)) / 100;
      }
      SlotDemand demand = random.chance(0.3) ? voice() : picture(layers, static_cast<uint8_t>(random.below(4)));
      demand.profile = static_cast<PictureProfile>(random.below(5));
      demand.wish_priority = static_cast<uint32_t>(random.below(3));
      demands.push_back(demand);
    }
  }

  SeededRandom random;
  std::vector<std::vector<LayerOffer>> sources;
  std::vector<SlotDemand> demands;
};

TEST(BitrateAllocator, GrantsStayWithinTheBudgetUnlessOnlySoundIsLeft) {
  for (uint64_t seed = 0; seed < 300; ++seed) {
    Story story(seed);
    Receiver receiver(story.demands);
    for (int step = 0; step < 60; ++step) {
      const auto kbps = static_cast<int64_t>(story.random.below(5000));
      const Allocation allocation = receiver.allocate(kbps, step * 250ms);
      DataRate sum;
      DataRate pictures;
      for (size_t i = 0; i < receiver.grants.size(); ++i) {
        sum = sum + receiver.grants[i].rate;
        if (receiver.demands[i].kind == MediaKind::kVideo) pictures = pictures + receiver.grants[i].rate;
      }
      ASSERT_EQ(allocation.granted, sum) << "seed " << seed;
      ASSERT_LE(sum, allocation.wanted) << "seed " << seed;
      if (pictures > DataRate()) {
        ASSERT_LE(sum, DataRate::kbps(kbps)) << "seed " << seed;
      }
    }
  }
}

TEST(BitrateAllocator, ALargerBudgetNeverGivesTheFirstPictureLess) {
  for (uint64_t seed = 0; seed < 100; ++seed) {
    const Story story(seed);
    // Which one goes first: a wound, then rank, wish, place.
    const auto before = [](const SlotDemand& a, const SlotDemand& b) {
      const bool wound_a = a.profile == PictureProfile::kWound;
      const bool wound_b = b.profile == PictureProfile::kWound;
      if (wound_a != wound_b) return wound_a;
      return a.rank != b.rank ? a.rank < b.rank : a.wish_priority > b.wish_priority;
    };
    std::optional<size_t> first;
    for (size_t i = 0; i < story.demands.size(); ++i) {
      const SlotDemand& demand = story.demands[i];
      if (demand.kind != MediaKind::kVideo || demand.layers.empty()) continue;
      if (demand.profile == PictureProfile::kAudioOnly) continue;
      if (!first || before(demand, story.demands[*first])) first = i;
    }
    if (!first) continue;
    std::pair<int, int> former{-1, -1};
    for (int64_t kbps = 0; kbps < 12'000; kbps += 40) {
      Receiver receiver(story.demands);
      receiver.allocate(kbps);
      const SlotGrant& grant = receiver.grants[*first];
      const std::pair<int, int> now{grant.layer, grant.temporal_limit};
      ASSERT_GE(now, former) << "seed " << seed << " at " << kbps;
      former = now;
    }
  }
}

// Whatever a steady line carries, the slots come to rest.
TEST(BitrateAllocator, OnASteadyLineNothingMovesAfterAWhile) {
  for (uint64_t seed = 0; seed < 300; ++seed) {
    Story story(seed);
    Receiver receiver(story.demands);
    const auto kbps = static_cast<int64_t>(story.random.below(6000));
    Duration at = 0s;
    for (int step = 0; step < 40; ++step)
      receiver.allocate(static_cast<int64_t>(story.random.below(6000)), at += 250ms);
    for (int step = 0; step < 80; ++step) receiver.allocate(kbps, at += 250ms);
    const std::vector<int> rest = receiver.layers();
    for (int step = 0; step < 40; ++step) {
      receiver.allocate(kbps, at += 250ms);
      ASSERT_EQ(receiver.layers(), rest) << "seed " << seed;
    }
  }
}

}  // namespace
}  // namespace eir
