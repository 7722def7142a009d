#include <algorithm>
#include <vector>

#include "tests/sim/sim_test.h"

namespace eir {
namespace {

using PairSim = SimTest;
INSTANTIATE_TEST_SUITE_P(Seeds, PairSim, testing::Values(1, 2, 3));

// What was told of pictures, in its order.
std::vector<PairSilence> told(const SimWorld& world, const SimPerson& receiver, MediaKind kind) {
  std::vector<PairSilence> silences;
  for (const RouterEvent& event : world.events()) {
    const auto* changed = std::get_if<PairSilenceChanged>(&event);
    if (changed != nullptr && changed->receiver == receiver.id && changed->kind == kind) {
      silences.push_back(changed->silence);
    }
  }
  return silences;
}
using Silences = std::vector<PairSilence>;

TEST_P(PairSim, WhatFlowsIsNoNews) {
  SimWorld world(GetParam());
  world.join(publisher());
  world.join(publisher());
  SimPerson& listener = world.join(watcher(2));
  world.run_for(60s);
  for (const auto kind : {MediaKind::kAudio, MediaKind::kVideo}) EXPECT_EQ(told(world, listener, kind), Silences{});
  EXPECT_EQ(world.router().counters().pair_silences, 0U);
}

TEST_P(PairSim, APublisherThatStopsIsTheSource) {
  SimWorld world(GetParam());
  SimPerson& speaker = world.join(publisher());
  SimPerson& listener = world.join(watcher(1));
  world.run_for(5s);
  for (const auto& sender : speaker.client->senders()) speaker.client->set_sending(world.now(), sender->mid(), false);
  world.run_for(4s);
  EXPECT_EQ(told(world, listener, MediaKind::kAudio), Silences{});
  world.run_for(2s);
  EXPECT_EQ(told(world, listener, MediaKind::kAudio), Silences{PairSilence::kSource});
  EXPECT_EQ(told(world, listener, MediaKind::kVideo), Silences{PairSilence::kSource});
  for (const auto& sender : speaker.client->senders()) speaker.client->set_sending(world.now(), sender->mid(), true);
  world.run_for(1s);
  EXPECT_EQ(told(world, listener, MediaKind::kAudio), (Silences{PairSilence::kSource, PairSilence::kNone}));
}

TEST_P(PairSim, AReceiverThatNothingReachesIsOnADeadLine) {
  SimWorld world(GetParam());
  world.join(publisher());
  SimPerson& listener = world.join(watcher(1));
  SimPerson& other = world.join(watcher(1));
  world.run_for(5s);
  world.network().down(listener.node).set({.is_down = true});
  world.run_for(4s);
  EXPECT_EQ(told(world, listener, MediaKind::kAudio), Silences{});
  world.run_for(4s);
  EXPECT_EQ(told(world, listener, MediaKind::kAudio), Silences{PairSilence::kLine});
  world.network().down(listener.node).set({});
  world.run_for(3s);
  EXPECT_EQ(told(world, listener, MediaKind::kAudio), (Silences{PairSilence::kLine, PairSilence::kNone}));
  EXPECT_EQ(told(world, other, MediaKind::kAudio), Silences{});
}

TEST_P(PairSim, APictureWithoutAKeyFrameStopsInTheServerAndOneIsAskedFor) {
  SimWorld world(GetParam());
  ClientOptions options = publisher();
  options.video[0].answers_key_frame_requests = false;  // and sends the first one alone
  SimPerson& speaker = world.join(options);
  world.run_for(3s);
  SimPerson& late = world.join(watcher(1));
  world.run_for(7s);
  EXPECT_EQ(told(world, late, MediaKind::kVideo), Silences{PairSilence::kServer});
  EXPECT_EQ(told(world, late, MediaKind::kAudio), Silences{});
  // It is asked for as long as it is missing.
  const SenderStats& sent = speaker.client->senders()[1]->encodings()[0].stats();
  const uint64_t requests = sent.plis;
  world.run_for(2s);
  EXPECT_GT(sent.plis, requests);
  speaker.client->find_sender("1")->request_key_frame();
  world.run_for(1s);
  EXPECT_EQ(told(world, late, MediaKind::kVideo), (Silences{PairSilence::kServer, PairSilence::kNone}));
}

}  // namespace
}  // namespace eir
