#include <array>
#include <map>
#include <set>
#include <tuple>
#include <vector>

#include "lib/media/send_stream.h"
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

// Looks at every RTP packet, retransmissions too, at the moment of the send call: whose it is, its CSRC says.
class SendWatch {
 public:
  explicit SendWatch(SimWorld& world) : world_(world) {
    world.on_send = [this](SimNetwork::NodeId to, ByteView bytes) { note(to, bytes); };
  }
  ~SendWatch() { world_.on_send = nullptr; }
  SendWatch(const SendWatch&) = delete;
  SendWatch& operator=(const SendWatch&) = delete;

  // The rights as the test gave them last; without an entry there are none.
  std::map<uint32_t, Rights> rights;
  uint64_t against_rights() const { return against_rights_; }
  uint64_t nameless() const { return nameless_; }
  uint64_t sent(const SimPerson& to, const SimPerson& from, TrackLabel label) const {
    const auto it = sent_.find({to.id.value, from.id.value, label});
    return it == sent_.end() ? 0 : it->second;
  }

 private:
  // Nobody's: no CSRC, and behind the header padding and the tag of AES-GCM alone.
  static bool is_padding_of_a_probe(ByteView bytes) {
    constexpr uint8_t kFirst = 0xb0;  // version 2, padding, extension, no CSRC
    constexpr size_t kTag = 16;
    if (bytes.size() < 16 || bytes[0] != kFirst) return false;
    const size_t header = 16 + size_t{4} * load_u16(&bytes[14]);
    return bytes.size() == header + SendStream::kProbePadding + kTag;
  }
  // The rule in the words of the API, not in those of lib/router.
  bool may_pass(uint32_t from, RightKind kind, uint32_t to) {
    const uint32_t bit = uint32_t{1} << static_cast<uint32_t>(kind);
    const bool may_send = (rights[from].send & bit) != 0;
    const bool may_receive = (rights[to].receive & bit) != 0;
    return may_send && may_receive && (rights[from].groups & rights[to].groups) != 0;
  }

  void note(SimNetwork::NodeId node, ByteView bytes) {
    if (classify(bytes) != PacketClass::kRtp) return;
    for (; events_seen_ < world_.events().size(); ++events_seen_) {
      const auto* told = std::get_if<TrackPublished>(&world_.events()[events_seen_]);
      if (told != nullptr) tracks_[told->track.track.value] = told->track;
    }
    if (is_padding_of_a_probe(bytes)) return;
    constexpr uint8_t kCsrcCount = 0x0f;
    const auto track = (bytes[0] & kCsrcCount) == 1 ? tracks_.find(load_u32(&bytes[12])) : tracks_.end();
    if (track == tracks_.end()) {
      ++nameless_;
      return;
    }
    for (const auto& person : world_.people()) {
      if (person->node != node) continue;
      const TrackInfo& info = track->second;
      ++sent_[{person->id.value, info.participant.value, info.label}];
      if (!may_pass(info.participant.value, right_needed(info.label), person->id.value)) ++against_rights_;
    }
  }

  SimWorld& world_;
  size_t events_seen_ = 0;
  std::map<uint32_t, TrackInfo> tracks_;
  std::map<std::tuple<uint32_t, uint32_t, TrackLabel>, uint64_t> sent_;
  uint64_t against_rights_ = 0;
  uint64_t nameless_ = 0;
};

// Microphone, camera, second camera and screen.
ClientOptions four_tracks() {
  ClientOptions options = publisher();
  for (int i = 0; i < 2; ++i) options.video.push_back(options.video[0]);
  for (VideoTrackOptions& video : options.video) video.encodings[0].bitrate = DataRate::kbps(200);
  options.audio_slots = 3;
  options.video_slots = 9;
  return options;
}
constexpr std::array kFourLabels = {TrackLabel::kMicrophone, TrackLabel::kCamera, TrackLabel::kExtraCamera,
                                    TrackLabel::kScreen};

SimPerson& join_with_four_tracks(SimWorld& world, const Rights& rights = SimWorld::kAllRights) {
  AccessLine line;
  line.up.loss = line.down.loss = 0.1;
  line.up.jitter = line.down.jitter = 10ms;
  line.up.reorders = line.down.reorders = true;
  SimPerson& person = world.join(four_tracks(), line, rights);
  EIR_CHECK(world.router().set_label(world.now(), person.id, "3", TrackLabel::kScreen).has_value());
  return person;
}

// What is taken from whom, and which of the speaker's tracks the viewer may go on seeing.
struct Withdrawal {
  const char* name;
  Rights speaker;
  Rights viewer;
  std::set<TrackLabel> left;
};

std::vector<Withdrawal> withdrawals() {
  const Rights all = SimWorld::kAllRights;
  const std::set<TrackLabel> every(kFourLabels.begin(), kFourLabels.end());
  std::vector<Withdrawal> list;
  for (const TrackLabel label : kFourLabels) {
    Withdrawal send{"to send a kind", all, all, every};
    send.speaker.send &= ~right_bit(right_needed(label));
    send.left.erase(label);
    list.push_back(send);
    Withdrawal receive{"to receive a kind", all, all, every};
    receive.viewer.receive &= ~right_bit(right_needed(label));
    receive.left.erase(label);
    list.push_back(receive);
  }
  list.push_back({"the speaker's group", {.send = kAllKinds, .receive = kAllKinds, .groups = 2}, all, {}});
  list.push_back({"the viewer's group", all, {.send = kAllKinds, .receive = kAllKinds, .groups = 6}, {}});
  list.push_back({"everything of the speaker", {}, all, {}});
  list.push_back({"everything of the viewer", all, {}, {}});
  return list;
}

// Packets that a viewer gets of somebody after they left, over a lossy line.
uint64_t repeated_after_leaving(uint64_t seed, bool is_revoked) {
  SimWorld world(seed);
  SendWatch watch(world);
  SimPerson& speaker = join_with_four_tracks(world);
  SimPerson& viewer = join_with_four_tracks(world);
  world.run_for(2s);
  const auto sent_to_viewer = [&] {
    uint64_t sent = 0;
    for (const TrackLabel label : kFourLabels) sent += watch.sent(viewer, speaker, label);
    return sent;
  };
  world.leave(speaker);
  if (is_revoked) world.set_rights(viewer, Rights{});
  const uint64_t before = sent_to_viewer();
  world.run_for(1s);
  return sent_to_viewer() - before;
}

TEST(RetiredRightsSim, WhatHasEndedIsRepeatedToWhoLostItButNotAgainstTheirRights) {
  uint64_t with_rights = 0;
  for (uint64_t seed = 1; seed <= 12; ++seed) {
    SCOPED_TRACE(seed);
    with_rights += repeated_after_leaving(seed, false);
    EXPECT_EQ(repeated_after_leaving(seed, true), 0U);
  }
  EXPECT_GT(with_rights, 0U) << "otherwise there would be nothing to withhold";
}

TEST_P(RightsSim, WhateverIsWithdrawnNoPacketOfItIsSentAndTheRestGoesOn) {
  uint64_t late_nacks = 0;
  uint64_t seed = GetParam() * 100;
  for (const Withdrawal& withdrawal : withdrawals()) {
    SCOPED_TRACE(withdrawal.name);
    SimWorld world(seed++);
    SendWatch watch(world);
    SimPerson& speaker = join_with_four_tracks(world);
    SimPerson& viewer = join_with_four_tracks(world);
    watch.rights = {{speaker.id.value, SimWorld::kAllRights}, {viewer.id.value, SimWorld::kAllRights}};
    const auto all_flow = [&] {
      return std::all_of(kFourLabels.begin(), kFourLabels.end(),
                         [&](TrackLabel label) { return watch.sent(viewer, speaker, label) > 20; });
    };
    ASSERT_TRUE(world.run_until(all_flow, 10s));
    world.run_for(1s);
    ASSERT_GT(world.router().counters().rtx_out, 0U);
    world.set_rights(speaker, withdrawal.speaker);
    world.set_rights(viewer, withdrawal.viewer);
    watch.rights = {{speaker.id.value, withdrawal.speaker}, {viewer.id.value, withdrawal.viewer}};
    std::map<TrackLabel, uint64_t> before;
    for (const TrackLabel label : kFourLabels) before[label] = watch.sent(viewer, speaker, label);
    const uint64_t asked = world.router().counters().nacks_in;
    world.run_for(3s);
    late_nacks += world.router().counters().nacks_in - asked;
    for (const TrackLabel label : kFourLabels) {
      const uint64_t after = watch.sent(viewer, speaker, label) - before[label];
      if (withdrawal.left.contains(label)) {
        EXPECT_GT(after, 20U) << static_cast<int>(label);
      } else {
        EXPECT_EQ(after, 0U) << static_cast<int>(label);
      }
    }
    EXPECT_EQ(watch.against_rights(), 0U);
    EXPECT_EQ(watch.nameless(), 0U);
  }
  EXPECT_GT(late_nacks, 0U) << "what was sent before was asked for after, among others";
}

TEST_P(RightsSim, TwoOfDifferentGroupsGetNothingOfEachOtherWhileAThirdGetsBoth) {
  SimWorld world(GetParam());
  SendWatch watch(world);
  std::vector<SimPerson*> people;
  for (const uint64_t groups : {1U, 2U, 3U}) {
    const Rights rights{.send = kAllKinds, .receive = kAllKinds, .groups = groups};
    people.push_back(&join_with_four_tracks(world, rights));
    watch.rights[people.back()->id.value] = rights;
  }
  world.run_for(3s);
  for (const TrackLabel label : kFourLabels) {
    EXPECT_EQ(watch.sent(*people[0], *people[1], label), 0U);
    EXPECT_EQ(watch.sent(*people[1], *people[0], label), 0U);
    for (const size_t one : {0U, 1U}) {
      EXPECT_GT(watch.sent(*people[2], *people[one], label), 20U);
      EXPECT_GT(watch.sent(*people[one], *people[2], label), 20U);
    }
  }
  EXPECT_EQ(watch.against_rights(), 0U);
}

// Rights change four times a second for four people, also while the router waits with entries for room in the queue.
TEST_P(RightsSim, OfAnyStoryOfRightsNoPacketIsSentAgainstThem) {
  SimWorld world(GetParam(), 16384, 2);
  SeededRandom random(GetParam() * 7919);
  SendWatch watch(world);
  const auto roll = [&random] {
    const auto kinds = [&random] {
      return random.below(3) == 0 ? static_cast<uint32_t>(random.below(kAllKinds + 1)) : kAllKinds;
    };
    return Rights{.send = kinds(), .receive = kinds(), .groups = 1 + random.below(3)};
  };
  for (int i = 0; i < 4; ++i) watch.rights[join_with_four_tracks(world).id.value] = SimWorld::kAllRights;
  const auto change_one = [&] {
    const auto& person = world.people()[random.below(4)];
    const Rights rights = roll();
    EIR_CHECK(world.router().set_rights(world.now(), person->id, rights).has_value());
    watch.rights[person->id.value] = rights;
  };
  uint64_t within_flush = 0;
  world.on_queue_full = [&] {
    if (random.below(5) != 0) return;
    ++within_flush;
    change_one();
  };
  for (int i = 0; i < 60; ++i) {
    world.run_for(250ms);
    change_one();
    EXPECT_EQ(watch.against_rights(), 0U) << i;
  }
  EXPECT_GT(within_flush, 5U);
  EXPECT_GT(world.router().counters().rtx_out, 100U);
  EXPECT_GT(world.router().counters().drop_revoked, 0U) << "entries that waited when their right was taken";
  EXPECT_GT(world.rtp_sent(), 5000U);
  EXPECT_EQ(watch.nameless(), 0U);
}

}  // namespace
}  // namespace eir
