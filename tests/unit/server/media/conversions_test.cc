#include "server/media/conversions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace eir {
namespace {

using testing::ElementsAre;

TEST(Conversions, RightsAreBitsInTheRouterAndNamesOnTheChannel) {
  const channel::Rights rights{
      {channel::RightKind::kAudio, channel::RightKind::kScreen}, {channel::RightKind::kVideo}, 0x8000000000000001U};
  const Rights router = to_router(rights);
  EXPECT_EQ(router.send, right_bit(RightKind::kAudio) | right_bit(RightKind::kScreen));
  EXPECT_EQ(router.receive, right_bit(RightKind::kVideo));
  EXPECT_EQ(router.groups, 0x8000000000000001U);
  const channel::Rights back = to_channel(router);
  EXPECT_EQ(back.send_kinds, rights.send_kinds);
  EXPECT_EQ(back.receive_kinds, rights.receive_kinds);
  EXPECT_EQ(back.groups, rights.groups);
}

TEST(Conversions, EmptyRightsGiveNothing) { EXPECT_EQ(to_router(channel::Rights{}), Rights{}); }

TEST(Conversions, EveryLabelKeepsTheRightItNeeds) {
  for (const channel::TrackLabel label :
       {channel::TrackLabel::kMicrophone, channel::TrackLabel::kCamera, channel::TrackLabel::kExtraCamera,
        channel::TrackLabel::kWound, channel::TrackLabel::kScreen, channel::TrackLabel::kScreenAudio}) {
    EXPECT_THAT(to_right_kinds(right_bit(right_needed(to_router(label)))), ElementsAre(channel::right_needed(label)));
    EXPECT_EQ(to_channel(to_router(label)), label);
  }
}

TEST(Conversions, AWishOfNoSizeIsHidden) {
  const auto wishes = to_router(std::vector<channel::SlotWish>{
      {.mid = "3",
       .source = ParticipantId(7),
       .label = channel::TrackLabel::kScreen,
       .width = 640,
       .height = 360,
       .priority = 2},
      {.mid = "4", .source = {}, .label = channel::TrackLabel::kCamera, .width = 0, .height = 0, .priority = 0}});
  ASSERT_EQ(wishes.size(), 2U);
  EXPECT_EQ(wishes[0].mid, "3");
  EXPECT_EQ(wishes[0].source, ParticipantId(7));
  EXPECT_EQ(wishes[0].label, TrackLabel::kScreen);
  EXPECT_FALSE(wishes[0].hidden);
  EXPECT_EQ(wishes[0].width, 640U);
  EXPECT_EQ(wishes[0].height, 360U);
  EXPECT_EQ(wishes[0].priority, 2U);
  EXPECT_TRUE(wishes[1].hidden);
}

TEST(Conversions, ARefusedOfferTellsCodeAndLine) {
  const channel::Refused refused = to_channel(NegotiationRefusal{
      .code = RouterRefusal::kOfferRefused, .sdp = sdp::SdpRefusal{sdp::SdpError::kBundleRequired, 12}});
  EXPECT_EQ(refused.code, channel::RefusalCode::kOfferRefused);
  EXPECT_EQ(refused.detail, "bundle_required");
  EXPECT_EQ(refused.line, 12U);
}

TEST(Conversions, AnswerTellsTheUseOfEachMediaLine) {
  const channel::Answer answer = to_channel(
      NegotiatedAnswer{.sdp = "v=0\r\n",
                       .media = {{.mid = "0", .kind = sdp::SectionKind::kAudio, .is_track = true, .is_slot = false},
                                 {.mid = "1", .kind = sdp::SectionKind::kVideo, .is_track = false, .is_slot = true},
                                 {.mid = "2", .kind = sdp::SectionKind::kVideo, .is_track = false, .is_slot = false},
                                 {.mid = "3", .kind = sdp::SectionKind::kApplication}}});
  EXPECT_EQ(answer.sdp, "v=0\r\n");
  ASSERT_EQ(answer.media.size(), 4U);
  EXPECT_EQ(answer.media[0].use, channel::MediaUse::kPublished);
  EXPECT_EQ(answer.media[0].kind, MediaKind::kAudio);
  EXPECT_EQ(answer.media[1].use, channel::MediaUse::kSlot);
  EXPECT_EQ(answer.media[1].kind, MediaKind::kVideo);
  EXPECT_EQ(answer.media[2].use, channel::MediaUse::kRejected);
  EXPECT_EQ(answer.media[3].use, channel::MediaUse::kApplication);
}

TEST(Conversions, TransportStateKeepsItsReason) {
  const channel::Event event = to_channel(RouterEvent(TransportStateChanged{.participant = ParticipantId(1),
                                                                            .transport = TransportId(2),
                                                                            .phase = TransportPhase::kClosed,
                                                                            .reason = "consent_lost"}));
  const auto& state = std::get<channel::TransportState>(event);
  EXPECT_EQ(state.participant, ParticipantId(1));
  EXPECT_EQ(state.transport, TransportId(2));
  EXPECT_EQ(state.state, channel::TransportPhase::kClosed);
  EXPECT_EQ(state.reason, "consent_lost");
}

TEST(Conversions, SlotsKeepWhatTheyShow) {
  SlotInfo slot;
  slot.mid = "5";
  slot.track = TrackId(9);
  slot.source = ParticipantId(3);
  slot.kind = MediaKind::kVideo;
  slot.label = TrackLabel::kWound;
  slot.state = SlotState::kCodecUnsupported;
  const channel::Event event = to_channel(RouterEvent(SlotsChanged{ParticipantId(4), {slot}}));
  const auto& changed = std::get<channel::SlotsChanged>(event);
  EXPECT_EQ(changed.participant, ParticipantId(4));
  ASSERT_EQ(changed.slots.size(), 1U);
  EXPECT_EQ(changed.slots[0].mid, "5");
  EXPECT_EQ(changed.slots[0].track, TrackId(9));
  EXPECT_EQ(changed.slots[0].source, ParticipantId(3));
  EXPECT_EQ(changed.slots[0].kind, MediaKind::kVideo);
  EXPECT_EQ(changed.slots[0].label, channel::TrackLabel::kWound);
  EXPECT_EQ(changed.slots[0].state, channel::SlotState::kCodecUnsupported);
}

TEST(Conversions, MediaStartedIsNeverNegativeAndNeverWraps) {
  const auto elapsed = [](int64_t ms) {
    const channel::Event event = to_channel(RouterEvent(MediaStarted{ParticipantId(1), "0", ms}));
    return std::get<channel::MediaStarted>(event).elapsed_ms;
  };
  EXPECT_EQ(elapsed(187), 187U);
  EXPECT_EQ(elapsed(-1), 0U);
  EXPECT_EQ(elapsed(int64_t{1} << 40), 0xffffffffU);
}

TEST(Conversions, LayersKeepTheirOrder) {
  const channel::Event event =
      to_channel(RouterEvent(LayersWanted{ParticipantId(4), TrackId(9), "1", std::vector<std::string>{"q", "h"}}));
  const auto& layers = std::get<channel::LayersWanted>(event);
  EXPECT_EQ(layers.participant, ParticipantId(4));
  EXPECT_EQ(layers.track, TrackId(9));
  EXPECT_EQ(layers.mid, "1");
  EXPECT_THAT(layers.rids, ElementsAre("q", "h"));
}

TEST(Conversions, SpeakersKeepTheirOrder) {
  const channel::Event event = to_channel(RouterEvent(ActiveSpeakers{RoomId(1), {ParticipantId(8), ParticipantId(2)}}));
  EXPECT_THAT(std::get<channel::ActiveSpeakers>(event).participants, ElementsAre(ParticipantId(8), ParticipantId(2)));
}

}  // namespace
}  // namespace eir
