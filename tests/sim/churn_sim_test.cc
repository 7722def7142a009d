#include <algorithm>
#include <vector>

#include "lib/router/slot_assigner.h"
#include "tests/sim/sim_test.h"

namespace eir {
namespace {

using ChurnSim = SimTest;
INSTANTIATE_TEST_SUITE_P(Seeds, ChurnSim, testing::Values(1, 2, 3));

TEST_P(ChurnSim, WhoStaysLosesNothingWhileOthersComeAndGo) {
  SimWorld world(GetParam());
  SimPerson& first = world.join(two_way(4));
  SimPerson& second = world.join(two_way(4));
  world.run_for(1s);
  for (int i = 0; i < 6; ++i) {
    SimPerson& guest = world.join(two_way(4));
    world.run_for(700ms);
    world.leave(guest);
    world.run_for(200ms);
  }
  for (const SimPerson* person : {&first, &second}) {
    expect_unbroken(*person);
    for (const auto& receiver : person->client->receivers()) {
      EXPECT_EQ(receiver->stats().lost + receiver->missing(), 0U) << receiver->mid();
      EXPECT_EQ(receiver->stats().duplicates, receiver->stats().rtx_packets) << "probes alone: " << receiver->mid();
    }
    EXPECT_LE(slot_stats(*person, MediaKind::kAudio).frame_gap_max, 40ms);
    EXPECT_LE(slot_stats(*person, MediaKind::kVideo).frame_gap_max, 150ms);
  }
  EXPECT_EQ(world.router().participant_count(), 2U);
  EXPECT_EQ(world.router().transport_count(), 2U);
}

// Clients that vanish without a word are forgotten, and their memory with them.
TEST_P(ChurnSim, WhoVanishesIsForgottenAfterTheConsentRanOut) {
  SimWorld world(GetParam());
  SimPerson& stays = world.join(two_way(1));
  SimPerson& vanishes = world.join(two_way(1));
  world.run_for(2s);
  vanishes.is_gone = true;  // its client is not driven any more
  world.run_for(45s);
  EXPECT_EQ(world.router().transport_count(), 1U);
  const uint64_t packets = slot_stats(stays, MediaKind::kVideo).packets;
  world.run_for(1s);
  EXPECT_EQ(slot_stats(stays, MediaKind::kVideo).packets, packets);
}

class CrowdSim : public SimTest {};
INSTANTIATE_TEST_SUITE_P(Sizes, CrowdSim, testing::Values(2, 5, 12, 50));

// The parameter is the number of people, all joining at once, as at the start of a lesson.
TEST_P(CrowdSim, AllJoinAtOnceAndHearWithin300MillisecondsAndSeeWithin900) {
  const auto people = static_cast<size_t>(GetParam());
  const size_t slots = std::min<size_t>(people - 1, 4);
  SimWorld world(people, 65536);
  ClientOptions options = two_way(slots);
  options.video[0].encodings[0].bitrate = DataRate::kbps(150);
  options.video[0].fps = 10;
  for (size_t i = 0; i < people; ++i) world.join(options);
  world.run_for(3s);
  std::set<uint32_t> tags;
  for (const auto& person : world.people()) {
    expect_unbroken(*person);
    EXPECT_LE(slot_stats(*person, MediaKind::kAudio).first_packet - person->joined, 300ms);
    EXPECT_LE(slot_stats(*person, MediaKind::kVideo).first_decodable - person->joined, 900ms);
    for (const auto& receiver : person->client->receivers()) {
      EXPECT_EQ(receiver->stats().lost + receiver->missing(), 0U);
      for (const CsrcCount& csrc : receiver->stats().csrcs) EXPECT_NE(csrc.sender_tag, person->id.value);
    }
    // At most two key-frame requests a second reach a publisher.
    EXPECT_LE(person->client->senders()[1]->encodings()[0].stats().plis, 6U);
  }
}

// True if a plan of all slots, made now, is what they show.
bool is_as_planned(SimWorld& world) {
  std::vector<PublishedTrack*> tracks;
  const Room& room = *world.router().rooms().at(SimWorld::kRoom);
  for (const auto& participant : room.participants()) {
    for (const auto& session : participant->sessions()) {
      for (const auto& track : session->tracks()) tracks.push_back(track.get());
    }
  }
  std::sort(tracks.begin(), tracks.end(), [](const auto* a, const auto* b) { return a->id() < b->id(); });
  for (const auto& participant : room.participants()) {
    for (const auto& session : participant->sessions()) {
      const SlotPlan plan = plan_slots(world.now(), *session, tracks);
      for (size_t i = 0; i < plan.size(); ++i) {
        if (session->slots()[i]->track() != plan[i]) return false;
      }
    }
  }
  return true;
}

ClientOptions talker(Duration talk, Duration silence, Duration quiet_first) {
  ClientOptions options = two_way(3);
  options.video[0].fps = 5;
  options.video[0].encodings[0].bitrate = DataRate::kbps(50);
  options.audio[0].talk = talk;
  options.audio[0].silence = silence;
  options.audio[0].quiet_first = quiet_first;
  return options;
}

// More voices than slots: planning only those for whom somebody louder waits comes to what planning everybody at every
// tick comes to.
TEST_P(ChurnSim, AfterEachTickTheSlotsAreAsAPlanOfTheWholeRoomWouldHaveThem) {
  SimWorld world(GetParam());
  for (int i = 0; i < 8; ++i) world.join(talker(700ms + i * 130ms, 2s + i * 90ms, i * 400ms));
  // The room ticks from its first join on.
  Timestamp tick = world.now();
  for (int i = 0; i < 80; ++i) {
    tick += Room::kTick;
    world.run_until(tick);
    EXPECT_TRUE(is_as_planned(world)) << "after tick " << i;
    if (i == 30) world.leave(*world.people()[2]);
    if (i == 40) world.join(talker(3s, 1s, 0s));
    if (i == 50) world.set_rights(*world.people()[4], Rights{.send = 0, .receive = kAllKinds, .groups = 1});
  }
  // 8 joins and their offers, a leave, a join and a change of rights plan less than 200 times.
  EXPECT_GT(world.router().counters().slot_plans, 300U) << "voices did move slots";
}

TEST_P(ChurnSim, WhileNobodyElseSpeaksNothingIsPlanned) {
  SimWorld world(GetParam(), 65536);
  for (int i = 0; i < 20; ++i) world.join(talker(i < 3 ? 60s : 20ms, i < 3 ? 0s : 60s, 0s));
  world.run_for(6s);
  const uint64_t plans = world.router().counters().slot_plans;
  world.run_for(10s);
  EXPECT_EQ(world.router().counters().slot_plans, plans);
}

}  // namespace
}  // namespace eir
