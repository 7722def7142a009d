// What receivers on lines of their own get of a source with three layers: the estimate, its division among the slots,
// the pace and the change of layers together.
#include "tests/sim/sim_test.h"

namespace eir {
namespace {

class AdaptiveSim : public SimTest {
 protected:
  static AccessLine thin(DataRate down) {
    AccessLine line;
    line.up.delay = line.down.delay = 25ms;
    line.down.rate = down;
    line.down.queue = 300ms;
    return line;
  }
  static ClientOptions source() {
    ClientOptions options = publisher();
    options.video[0].encodings = three_layers();
    return options;
  }
  static const ReceiverStats& picture(const SimPerson& person) { return slot_stats(person, MediaKind::kVideo); }
  static const ReceiverStats& sound(const SimPerson& person) { return slot_stats(person, MediaKind::kAudio); }
};
INSTANTIATE_TEST_SUITE_P(Seeds, AdaptiveSim, testing::Values(1, 2, 3));

struct Carried {
  DataRate line;
  uint16_t width;
  uint16_t height;
};
// With 40 kbit/s of sound and the headers of both beside the layers of 150, 500 and 1,700 kbit/s.
constexpr Carried kCarried[] = {{DataRate::kbps(300), 320, 180},
                                {DataRate::kbps(1000), 640, 360},
                                {DataRate::kbps(3000), 1280, 720},
                                {DataRate::kbps(8000), 1280, 720}};

TEST_P(AdaptiveSim, AReceiverGetsTheLargestLayerThatItsLineCarriesAndTheWholeSound) {
  for (const Carried& carried : kCarried) {
    SCOPED_TRACE(carried.line.bps());
    SimWorld world(GetParam());
    world.join(source());
    SimPerson& viewer = world.join(watcher(1), thin(carried.line));
    world.run_for(8s);
    const ReceiverStats before = picture(viewer);
    const ReceiverStats heard = sound(viewer);
    world.run_for(20s);
    const uint64_t best = picture(viewer).decodable_of(carried.width, carried.height) -
                          before.decodable_of(carried.width, carried.height);
    EXPECT_GE(best, 570U) << "of 600 pictures; decodable: " << picture(viewer).decodable - before.decodable;
    EXPECT_EQ(sound(viewer).lost, heard.lost);
    EXPECT_GE(sound(viewer).packets - heard.packets, 999U);
    expect_unbroken(viewer);
  }
}

TEST_P(AdaptiveSim, WhenTheLineGetsThinThePictureGetsSmallerAndComesBack) {
  SimWorld world(GetParam());
  world.join(source());
  SimPerson& viewer = world.join(watcher(1), thin(DataRate::kbps(3000)));
  world.run_for(15s);
  EXPECT_GT(picture(viewer).decodable_of(1280, 720), 200U);
  LinkCondition down = world.network().down(viewer.node).condition();
  const uint64_t lost = sound(viewer).lost;
  down.rate = DataRate::kbps(500);
  world.network().down(viewer.node).set(down);
  world.run_for(4s);
  ReceiverStats before = picture(viewer);
  world.run_for(10s);
  EXPECT_GE(picture(viewer).decodable_of(320, 180) - before.decodable_of(320, 180), 285U);
  EXPECT_EQ(picture(viewer).decodable_of(1280, 720), before.decodable_of(1280, 720));
  down.rate = DataRate::kbps(3000);
  world.network().down(viewer.node).set(down);
  world.run_for(10s);
  before = picture(viewer);
  world.run_for(5s);
  EXPECT_GE(picture(viewer).decodable_of(1280, 720) - before.decodable_of(1280, 720), 142U);
  EXPECT_LE(sound(viewer).lost - lost, 14U) << "1 % of 1,400";
}

// Longer than any history reaches: there is nothing left to send once more for a probe.
TEST_P(AdaptiveSim, APictureThatWasHeldBackForLongComesBackWithTheLine) {
  SimWorld world(GetParam());
  world.join(source());
  SimPerson& viewer = world.join(watcher(1), thin(DataRate::kbps(3000)));
  world.run_for(10s);
  LinkCondition down = world.network().down(viewer.node).condition();
  down.rate = DataRate::kbps(80);
  world.network().down(viewer.node).set(down);
  world.run_for(30s);
  ReceiverStats before = picture(viewer);
  const ReceiverStats heard = sound(viewer);
  world.run_for(30s);
  EXPECT_EQ(picture(viewer).decodable, before.decodable) << "sound alone fills more than half of this line";
  EXPECT_GE(sound(viewer).packets - heard.packets, 1485U) << "of 1,500";
  down.rate = DataRate::kbps(3000);
  world.network().down(viewer.node).set(down);
  world.run_for(10s);
  before = picture(viewer);
  world.run_for(5s);
  EXPECT_GE(picture(viewer).decodable_of(1280, 720) - before.decodable_of(1280, 720), 142U);
  expect_unbroken(viewer);
}

TEST_P(AdaptiveSim, OneThinLineIsNobodyElsesMatter) {
  SimWorld world(GetParam());
  world.join(source());
  std::vector<SimPerson*> others;
  for (int i = 0; i < 7; ++i) others.push_back(&world.join(watcher(1)));
  world.run_for(8s);
  SimPerson& unlucky = world.join(watcher(1), thin(DataRate::kbps(200)));
  std::vector<ReceiverStats> before;
  for (const SimPerson* other : others) before.push_back(picture(*other));
  const uint64_t requests = world.router().counters().key_frame_requests_out;
  world.run_for(20s);
  for (size_t i = 0; i < others.size(); ++i) {
    const ReceiverStats& now = picture(*others[i]);
    EXPECT_EQ(now.decodable_of(1280, 720) - before[i].decodable_of(1280, 720), now.frames - before[i].frames);
    EXPECT_GE(now.frames - before[i].frames, 599U);
    EXPECT_EQ(now.lost, 0U);
  }
  EXPECT_LE(world.router().counters().key_frame_requests_out - requests, 7U) << "one each 3 s";
  EXPECT_GE(sound(unlucky).packets * 100, (sound(unlucky).packets + sound(unlucky).lost) * 99);
  EXPECT_GT(picture(unlucky).decodable_of(320, 180), 0U);
}

}  // namespace
}  // namespace eir
