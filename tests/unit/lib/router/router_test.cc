#include "lib/router/router.h"

#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <sstream>

#include "lib/sdp/client_session.h"

namespace eir {
namespace {

Timestamp at(Duration d) { return Timestamp(50s + d); }
constexpr Rights kAll{.send = kAllKinds, .receive = kAllKinds, .groups = 1};

std::string real_offer(const std::string& name) {
  std::ifstream file(std::string(EIR_SOURCE_DIR) + "/tests/fixtures/sdp/" + name);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

struct OfferShape {
  int audio_out = 1;
  int video_out = 1;
  int audio_in = 0;
  int video_in = 0;
  Codec video = Codec::kVp8;
  uint8_t fingerprint = 1;
  std::string ufrag = "abcd";
};

std::string offer(const OfferShape& shape) {
  sdp::OfferParameters p;
  p.ice = {.ufrag = shape.ufrag, .password = "0123456789012345678901"};
  p.fingerprint = {.algorithm = "sha-256", .bytes = {shape.fingerprint}, .size = 32};
  int mid = 0;
  const auto add = [&](int count, MediaKind kind, sdp::Direction direction) {
    for (int i = 0; i < count; ++i) {
      sdp::OfferedMedia media{.mid = std::to_string(mid++), .kind = kind, .direction = direction};
      media.codecs = {kind == MediaKind::kAudio ? sdp::offered_codec(Codec::kOpus, 111)
                                                : sdp::offered_codec(shape.video, 96, 97)};
      p.media.push_back(media);
    }
  };
  add(shape.audio_out, MediaKind::kAudio, sdp::Direction::kSendOnly);
  add(shape.video_out, MediaKind::kVideo, sdp::Direction::kSendOnly);
  add(shape.audio_in, MediaKind::kAudio, sdp::Direction::kRecvOnly);
  add(shape.video_in, MediaKind::kVideo, sdp::Direction::kRecvOnly);
  return sdp::write_offer(p);
}

class RouterTest : public testing::Test {
 protected:
  DtlsCertificate certificate_ = DtlsCertificate::generate(1'700'000'000);
  DtlsContext dtls_{certificate_};
  SeededRandom random_{1};
  Router router_{{}, dtls_, random_};
  TransmitQueue out_{64, 64 * TransmitQueue::kDatagramMax};
  std::map<uint32_t, std::vector<SlotInfo>> slots_;  // by participant
  std::map<std::pair<uint32_t, std::string>, TrackId> tracks_;
  std::vector<TrackId> ended_;

  void SetUp() override { ASSERT_TRUE(router_.open_room(RoomId(1), {.tag = "c_1"})); }

  void poll() {
    while (const auto event = router_.poll_event()) {
      if (const auto* changed = std::get_if<SlotsChanged>(&*event)) slots_[changed->participant.value] = changed->slots;
      if (const auto* ended = std::get_if<TrackEnded>(&*event)) ended_.push_back(ended->track);
      if (const auto* published = std::get_if<TrackPublished>(&*event)) {
        tracks_[{published->track.participant.value, published->track.mid}] = published->track.track;
      }
    }
  }
  void join(uint32_t id, const OfferShape& shape, Rights rights = kAll) {
    ASSERT_TRUE(router_.join(at(0ms), RoomId(1), ParticipantId(id), rights, {.tag = "p"}));
    ASSERT_TRUE(negotiate(id, id, shape));
    poll();
  }
  Result<NegotiatedAnswer, NegotiationRefusal> negotiate(uint32_t participant, uint32_t transport,
                                                         const OfferShape& shape) {
    const std::string text = offer(shape);
    return router_.negotiate(
        at(0ms), {.participant = ParticipantId(participant), .transport = TransportId(transport), .offer = text});
  }
  const SlotInfo& slot(uint32_t participant, size_t index) { return slots_[participant].at(index); }
};

TEST_F(RouterTest, PairKShowsOnePublisherInPictureAndSound) {
  join(1, {.audio_in = 2, .video_in = 2});  // slots: audio, audio, video, video
  join(2, {});
  join(3, {});
  EXPECT_EQ(slot(1, 0).source, ParticipantId(2));
  EXPECT_EQ(slot(1, 2).source, ParticipantId(2));
  EXPECT_EQ(slot(1, 1).source, ParticipantId(3));
  EXPECT_EQ(slot(1, 3).source, ParticipantId(3));
  EXPECT_EQ(slot(1, 0).track, (tracks_[{2, "0"}]));
  EXPECT_EQ(slot(1, 2).track, (tracks_[{2, "1"}]));
}

TEST_F(RouterTest, ALeavingPublisherMovesNobodyElse) {
  join(1, {.audio_in = 3, .video_in = 3});
  join(2, {});
  join(3, {});
  ASSERT_TRUE(router_.leave(at(1s), ParticipantId(2), out_));
  poll();
  EXPECT_EQ(slot(1, 0).source, ParticipantId());
  EXPECT_EQ(slot(1, 0).state, SlotState::kEmpty);
  EXPECT_EQ(slot(1, 1).source, ParticipantId(3));
  EXPECT_EQ(ended_.size(), 2U);
  join(4, {});
  EXPECT_EQ(slot(1, 0).source, ParticipantId(4));
  EXPECT_EQ(slot(1, 1).source, ParticipantId(3));
}

TEST_F(RouterTest, OwnTracksAreNeverShown) {
  join(1, {.audio_in = 1, .video_in = 1});
  EXPECT_EQ(slot(1, 0).state, SlotState::kEmpty);
}

TEST_F(RouterTest, EchoShowsOwnTracks) {
  ASSERT_TRUE(router_.join(at(0ms), RoomId(1), ParticipantId(1), kAll, {.tag = "p", .echo = true}));
  ASSERT_TRUE(negotiate(1, 1, {.audio_in = 1, .video_in = 1}));
  poll();
  EXPECT_EQ(slot(1, 0).source, ParticipantId(1));
}

TEST_F(RouterTest, WithoutTheRightASlotStaysEmpty) {
  join(1, {.audio_in = 1, .video_in = 1}, {.send = 0, .receive = right_bit(RightKind::kAudio), .groups = 1});
  join(2, {});
  EXPECT_EQ(slot(1, 0).source, ParticipantId(2));
  EXPECT_EQ(slot(1, 1).source, ParticipantId());
  ASSERT_TRUE(router_.set_rights(at(1s), ParticipantId(2), {.send = 0, .receive = 0, .groups = 1}));
  poll();
  EXPECT_EQ(slot(1, 0).source, ParticipantId());
}

TEST_F(RouterTest, ParticipantsOfDifferentGroupsDoNotMeet) {
  join(1, {.audio_in = 1, .video_in = 1}, {.send = kAllKinds, .receive = kAllKinds, .groups = 0b01});
  join(2, {}, {.send = kAllKinds, .receive = kAllKinds, .groups = 0b10});
  EXPECT_EQ(slot(1, 0).source, ParticipantId());
  ASSERT_TRUE(router_.set_rights(at(1s), ParticipantId(2), {.send = kAllKinds, .receive = 0, .groups = 0b11}));
  poll();
  EXPECT_EQ(slot(1, 0).source, ParticipantId(2));
}

TEST_F(RouterTest, AHostsMuteIsToldAndKeepsTheSlot) {
  join(1, {.audio_in = 1, .video_in = 1});
  join(2, {});
  ASSERT_TRUE(router_.set_mute(at(1s), ParticipantId(2), right_bit(RightKind::kAudio)));
  poll();
  EXPECT_EQ(slot(1, 0).state, SlotState::kMuted);
  EXPECT_EQ(slot(1, 0).source, ParticipantId(2));
  EXPECT_NE(slot(1, 1).state, SlotState::kMuted);
}

TEST_F(RouterTest, AWishPutsASourceIntoTheSlotItNames) {
  join(1, {.audio_in = 1, .video_in = 2});  // mids 0..4: video slots are 3 and 4
  join(2, {});
  join(3, {});
  std::vector<SlotWish> wishes = {{.mid = "3", .source = ParticipantId(3)}};
  ASSERT_TRUE(router_.set_view(at(1s), ParticipantId(1), wishes));
  poll();
  EXPECT_EQ(slot(1, 1).source, ParticipantId(3));
  EXPECT_EQ(router_.set_view(at(1s), ParticipantId(1), {{.mid = "9"}}).error(), RouterRefusal::kUnknownMid);
  ASSERT_TRUE(router_.set_view(at(2s), ParticipantId(1), {{.mid = "3", .hidden = true}}));
  poll();
  EXPECT_EQ(slot(1, 1).state, SlotState::kPaused);
}

TEST_F(RouterTest, AScreenTakesTheLastFreeVideoSlot) {
  join(1, {.audio_in = 1, .video_in = 3});
  join(2, {.video_out = 2});
  ASSERT_TRUE(router_.set_label(at(1s), ParticipantId(2), "2", TrackLabel::kScreen));
  poll();
  EXPECT_EQ(slot(1, 1).label, TrackLabel::kCamera);
  EXPECT_EQ(slot(1, 3).label, TrackLabel::kScreen);
  EXPECT_EQ(slot(1, 3).source, ParticipantId(2));
  EXPECT_EQ(router_.set_label(at(1s), ParticipantId(2), "0", TrackLabel::kScreen).error(), RouterRefusal::kNotPossible);
}

TEST_F(RouterTest, ASecondPictureIsNotCalledTheCameraBesideTheFirst) {
  join(1, {.video_out = 2});
  const auto set = [&](std::string_view mid, TrackLabel label) {
    return router_.set_label(at(1s), ParticipantId(1), mid, label);
  };
  EXPECT_TRUE(set("1", TrackLabel::kCamera)) << "it is already";
  EXPECT_EQ(set("2", TrackLabel::kCamera).error(), RouterRefusal::kNotPossible);
  ASSERT_TRUE(set("1", TrackLabel::kExtraCamera));
  EXPECT_TRUE(set("2", TrackLabel::kCamera)) << "they have changed places";
  EXPECT_EQ(set("1", TrackLabel::kCamera).error(), RouterRefusal::kNotPossible);
}

TEST_F(RouterTest, WhatASlotCannotDecodeIsSaidAndNotBlack) {
  join(1, {.audio_in = 1, .video_in = 1, .video = Codec::kVp8});
  join(2, {.video = Codec::kVp9});
  EXPECT_EQ(slot(1, 1).state, SlotState::kCodecUnsupported);
  EXPECT_EQ(slot(1, 1).source, ParticipantId(2));
}

TEST_F(RouterTest, MoreVoicesThanSlotsFillNoSlotTwice) {
  join(1, {.audio_in = 2, .video_in = 2});
  for (uint32_t id = 2; id < 8; ++id) join(id, {});
  EXPECT_TRUE(slot(1, 0).source && slot(1, 1).source);
  EXPECT_NE(slot(1, 0).source, slot(1, 1).source);
  EXPECT_EQ(slot(1, 2).source, ParticipantId(2));
  EXPECT_EQ(slot(1, 3).source, ParticipantId(3));
}

TEST_F(RouterTest, ALaterOfferKeepsTheSlotsOfItsMids) {
  ASSERT_TRUE(router_.join(at(0ms), RoomId(1), ParticipantId(1), kAll, {.tag = "p"}));
  const auto first = negotiate(1, 1, {.audio_in = 1, .video_in = 1});
  const auto second = negotiate(1, 1, {.audio_in = 1, .video_in = 2});
  ASSERT_TRUE(first && second);
  const auto a = sdp::parse_answer(first->sdp);
  const auto b = sdp::parse_answer(second->sdp);
  ASSERT_TRUE(a && b);
  EXPECT_EQ(a->media[3].sources, b->media[3].sources);
  EXPECT_EQ(a->ice.ufrag, b->ice.ufrag);
  ASSERT_EQ(b->media.size(), 5U);
  EXPECT_NE(b->media[4].sources, b->media[3].sources);
  EXPECT_EQ(a->media[2].stream_id, a->media[3].stream_id);
}

TEST_F(RouterTest, ANewUfragIsAnIceRestartAndANewCertificateIsRefused) {
  ASSERT_TRUE(router_.join(at(0ms), RoomId(1), ParticipantId(1), kAll, {.tag = "p"}));
  const auto first = negotiate(1, 1, {});
  const auto restarted = negotiate(1, 1, {.ufrag = "efgh"});
  ASSERT_TRUE(first && restarted);
  EXPECT_NE(sdp::parse_answer(first->sdp)->ice.ufrag, sdp::parse_answer(restarted->sdp)->ice.ufrag);
  EXPECT_EQ(negotiate(1, 1, {.fingerprint = 2, .ufrag = "efgh"}).error().code, RouterRefusal::kNotPossible);
}

TEST_F(RouterTest, ATransportBelongsToOneParticipant) {
  join(1, {});
  ASSERT_TRUE(router_.join(at(0ms), RoomId(1), ParticipantId(2), kAll, {.tag = "p"}));
  EXPECT_EQ(negotiate(2, 1, {}).error().code, RouterRefusal::kNotPossible);
}

TEST_F(RouterTest, AParticipantHasAtMostFourSessions) {
  ASSERT_TRUE(router_.join(at(0ms), RoomId(1), ParticipantId(1), kAll, {.tag = "p"}));
  for (uint32_t transport = 1; transport <= Participant::kSessionsMax; ++transport) {
    EXPECT_TRUE(negotiate(1, transport, {}));
  }
  EXPECT_EQ(negotiate(1, 99, {}).error().code, RouterRefusal::kLimitReached);
}

TEST_F(RouterTest, ARefusedOfferSaysWhyAndLeavesNothingBehind) {
  ASSERT_TRUE(router_.join(at(0ms), RoomId(1), ParticipantId(1), kAll, {.tag = "p"}));
  const auto refused = router_.negotiate(
      at(0ms), {.participant = ParticipantId(1), .transport = TransportId(1), .offer = "v=0\r\nnonsense\r\n"});
  EXPECT_EQ(refused.error().code, RouterRefusal::kOfferRefused);
  EXPECT_TRUE(refused.error().sdp.has_value());
  EXPECT_EQ(router_.transport_count(), 0U);
}

TEST_F(RouterTest, AnAudioOnlyRoomRefusesVideoLines) {
  ASSERT_TRUE(router_.open_room(RoomId(2), {.tag = "", .audio_only = true}));
  ASSERT_TRUE(router_.join(at(0ms), RoomId(2), ParticipantId(1), kAll, {.tag = "p"}));
  const auto answer = negotiate(1, 1, {.audio_in = 1, .video_in = 1});
  ASSERT_TRUE(answer);
  EXPECT_TRUE(answer->media[0].is_track);
  EXPECT_FALSE(answer->media[1].is_track);
  EXPECT_TRUE(answer->media[2].is_slot);
  EXPECT_FALSE(answer->media[3].is_slot);
}

TEST_F(RouterTest, RealOffersOfBothBrowsersAreAnswered) {
  uint32_t id = 0;
  for (const char* name : {"chromium156_simulcast3.sdp", "firefox153_simulcast3.sdp", "chromium156_recvonly.sdp",
                           "firefox153_sendrecv.sdp", "gstreamer122_whip.sdp", "pion3156_sendrecv.sdp"}) {
    SCOPED_TRACE(name);
    ++id;
    ASSERT_TRUE(router_.join(at(0ms), RoomId(1), ParticipantId(id), kAll, {.tag = "p"}));
    const std::string text = real_offer(name);
    EXPECT_TRUE(
        router_.negotiate(at(0ms), {.participant = ParticipantId(id), .transport = TransportId(id), .offer = text}));
  }
}

TEST_F(RouterTest, DrainingTakesNobodyNewAndLeavesTheOthersAlone) {
  join(1, {.audio_in = 1, .video_in = 1});
  router_.drain();
  EXPECT_EQ(router_.open_room(RoomId(7), {}).error(), RouterRefusal::kDraining);
  EXPECT_EQ(router_.join(at(0ms), RoomId(1), ParticipantId(9), kAll, {.tag = "p"}).error(), RouterRefusal::kDraining);
  EXPECT_TRUE(negotiate(1, 1, {.audio_in = 1, .video_in = 2}));
}

TEST_F(RouterTest, UnknownIdsAreRefused) {
  EXPECT_EQ(router_.close_room(at(0ms), RoomId(9), out_).error(), RouterRefusal::kUnknownRoom);
  EXPECT_EQ(router_.leave(at(0ms), ParticipantId(9), out_).error(), RouterRefusal::kUnknownParticipant);
  EXPECT_EQ(router_.close_transport(at(0ms), TransportId(9), out_).error(), RouterRefusal::kUnknownTransport);
  EXPECT_EQ(router_.open_room(RoomId(1), {}).error(), RouterRefusal::kAlreadyThere);
}

TEST_F(RouterTest, ATransportThatIsNeverCheckedIsFreedAfterThirtySeconds) {
  join(1, {});
  for (Duration t = 0ms; t < 29s; t += 100ms) router_.handle_timeout(at(t), out_);
  EXPECT_EQ(router_.transport_count(), 1U);
  for (Duration t = 29s; t < 45s; t += 100ms) router_.handle_timeout(at(t), out_);
  EXPECT_EQ(router_.transport_count(), 0U);
}

TEST_F(RouterTest, GarbageFromStrangersIsCountedAndUnanswered) {
  join(1, {});
  PacketPool pool(4);
  const Path stranger{.socket = 0, .remote = SocketAddress::v4({192, 0, 2, 9}, 9)};
  for (const uint8_t first : {0x00, 0x16, 0x80, 0x40, 0xff}) {
    PacketPtr packet = pool.allocate();
    const std::array<uint8_t, 40> bytes{first, 96};
    ASSERT_TRUE(packet->assign(bytes));
    router_.handle_datagram(at(0ms), std::move(packet), stranger, out_);
  }
  const RouterCounters& counters = router_.counters();
  EXPECT_EQ(counters.drop_stun_malformed, 1U);
  EXPECT_EQ(counters.drop_unknown_path, 2U);
  EXPECT_EQ(counters.drop_unclassified, 2U);
  EXPECT_TRUE(out_.empty());
}

TEST(Rights, PassNeedsSenderReceiverAndASharedGroup) {
  EXPECT_TRUE(passes(kAll, RightKind::kAudio, kAll));
  EXPECT_FALSE(passes({.send = 0, .receive = kAllKinds, .groups = 1}, RightKind::kAudio, kAll));
  EXPECT_FALSE(passes(kAll, RightKind::kVideo, {.send = kAllKinds, .receive = 1, .groups = 1}));
  EXPECT_FALSE(passes(kAll, RightKind::kAudio, {.send = kAllKinds, .receive = kAllKinds, .groups = 2}));
  EXPECT_FALSE(passes({}, RightKind::kAudio, kAll));
}

}  // namespace
}  // namespace eir
