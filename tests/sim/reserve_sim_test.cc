#include <algorithm>

#include "tests/sim/sim_test.h"

namespace eir {
namespace {

using ReserveSim = SimTest;
INSTANTIATE_TEST_SUITE_P(Seeds, ReserveSim, testing::Values(1, 2, 3));

constexpr std::string_view kSecondPicture = "2";  // mid, after microphone and camera

// As a browser that keeps an m-line for a second camera or a screen: it is there, and nothing comes of it.
SimPerson& join_with_reserve(SimWorld& world) {
  ClientOptions options = publisher();
  options.video.push_back(options.video[0]);
  SimPerson& person = world.join(options);
  person.client->set_encoding_active(kSecondPicture, "", false);
  return person;
}

// Whose second picture the viewer is told to see, 0 for nobody's.
uint32_t second_picture_of(const SimPerson& viewer) {
  const auto extra = std::find_if(viewer.slots.begin(), viewer.slots.end(), [](const SlotInfo& slot) {
    return slot.source && slot.label == TrackLabel::kExtraCamera;
  });
  return extra == viewer.slots.end() ? 0 : extra->source.value;
}

TEST_P(ReserveSim, APictureThatIsSentTakesTheSlotOfOneThatIsInReserve) {
  SimWorld world(GetParam());
  SimPerson& first = join_with_reserve(world);
  SimPerson& second = join_with_reserve(world);
  SimPerson& viewer = world.join(watcher(3));  // two cameras, and one slot for two second pictures
  world.run_for(3s);
  for (SimPerson* sender : {&second, &first}) {
    SimPerson& other = sender == &first ? second : first;
    other.client->set_encoding_active(kSecondPicture, "", false);
    sender->client->set_encoding_active(kSecondPicture, "", true);
    world.run_for(5s);
    EXPECT_EQ(second_picture_of(viewer), sender->id.value);
    const uint64_t before = slot_stats(viewer, MediaKind::kVideo, 2).packets;
    world.run_for(1s);
    EXPECT_GT(slot_stats(viewer, MediaKind::kVideo, 2).packets, before);
    expect_unbroken(viewer);
  }
}

}  // namespace
}  // namespace eir
