#include "lib/sdp/client_session.h"

#include <gtest/gtest.h>

#include "tests/unit/lib/sdp/sdp_fixtures.h"

namespace eir::sdp {
namespace {

OfferParameters test_offer() {
  OfferParameters offer;
  offer.ice = {"cliufrag", "client-password-of-24-chr"};
  offer.fingerprint = test_server().fingerprint;

  OfferedMedia audio;
  audio.mid = "a";
  audio.kind = MediaKind::kAudio;
  audio.direction = Direction::kSendOnly;
  audio.codecs = {offered_codec(Codec::kOpus, 111)};
  audio.extensions.add(4, ExtensionKind::kMid);
  audio.extensions.add(1, ExtensionKind::kAudioLevel);
  audio.extensions.add(3, ExtensionKind::kTransportSequence);
  audio.sources = {{Ssrc(10), std::nullopt}};
  audio.cname = "client-cname";
  audio.stream_id = "cam";
  audio.track_id = "mic";

  OfferedMedia video;
  video.mid = "v";
  video.codecs = {offered_codec(Codec::kVp8, 96, 97), offered_codec(Codec::kH264, 108, 109)};
  video.extensions.add(4, ExtensionKind::kMid);
  video.extensions.add(10, ExtensionKind::kRid);
  video.extensions.add(11, ExtensionKind::kRepairedRid);
  video.extensions.add(3, ExtensionKind::kTransportSequence);
  video.rids = {"q", "h", "f"};

  OfferedMedia slot;
  slot.mid = "s";
  slot.direction = Direction::kRecvOnly;
  slot.codecs = {offered_codec(Codec::kVp8, 96, 97), offered_codec(Codec::kVp9, 98, 99),
                 offered_codec(Codec::kAv1, 45, 46)};
  slot.extensions = video.extensions;

  offer.media = {audio, video, slot};
  return offer;
}

TEST(ClientSession, ItsOfferIsAcceptedAndTheAnswerSaysWhatItNeeds) {
  const auto offer = parse(write_offer(test_offer()));
  ASSERT_TRUE(offer.has_value());
  const auto planned = plan(*offer, Policy{});
  ASSERT_TRUE(planned.has_value()) << sdp_error_code(planned.error().error);
  EXPECT_TRUE(planned->rtcp_rsize);
  EXPECT_EQ(planned->remote->ice, (IceCredentials{"cliufrag", "client-password-of-24-chr"}));
  EXPECT_EQ(planned->media[0].sources, (std::vector<SourcePair>{{Ssrc(10), std::nullopt}}));
  EXPECT_EQ(planned->media[0].cname, "client-cname");
  EXPECT_EQ(planned->media[0].track_id, "mic");

  const auto read = parse_answer(answer(*planned, test_server(), test_slots(*planned)).answer);
  ASSERT_TRUE(read.has_value()) << sdp_error_code(read.error().error);
  EXPECT_EQ(read->ice, (IceCredentials{"srvufrag", "server-password-of-24-chr"}));
  EXPECT_TRUE(read->ice_lite);
  EXPECT_EQ(read->fingerprint, test_server().fingerprint);
  EXPECT_EQ(read->setup, DtlsSetup::kPassive);
  EXPECT_EQ(read->candidates, test_server().candidates);
  EXPECT_TRUE(read->end_of_candidates);
  ASSERT_EQ(read->media.size(), 3U);

  EXPECT_TRUE(read->media[0].client_sends);
  EXPECT_EQ(read->media[0].extensions.id(ExtensionKind::kAudioLevel), 1);
  EXPECT_TRUE(read->media[0].codecs[0].feedback.transport_cc);

  const AnsweredMedia& video = read->media[1];
  EXPECT_EQ(video.rids, (std::vector<std::string>{"q", "h", "f"}));
  ASSERT_EQ(video.codecs.size(), 1U);
  EXPECT_EQ(video.codecs[0].codec, Codec::kVp8);
  EXPECT_EQ(video.codecs[0].rtx_payload_type, 97);
  EXPECT_EQ(video.extensions.id(ExtensionKind::kRepairedRid), 11);

  const AnsweredMedia& slot = read->media[2];
  EXPECT_TRUE(slot.client_receives);
  EXPECT_FALSE(slot.client_sends);
  ASSERT_EQ(slot.codecs.size(), 3U);
  EXPECT_EQ(slot.codecs[2].codec, Codec::kAv1);
  EXPECT_EQ(slot.sources, (std::vector<SourcePair>{{Ssrc(1002), Ssrc(2002)}}));
  EXPECT_EQ(slot.cname, "server-cname");
  EXPECT_EQ(slot.stream_id, "stream-a");
  EXPECT_EQ(slot.track_id, "track-s");
  EXPECT_FALSE(slot.extensions.has(ExtensionKind::kRid));
}

TEST(ClientSession, DisabledLinesAreOfferedWithPortZero) {
  OfferParameters parameters = test_offer();
  parameters.media[0].disabled = true;
  const std::string text = write_offer(parameters);
  EXPECT_TRUE(contains(text, "a=group:BUNDLE v s\r\n"));
  EXPECT_TRUE(contains(text, "m=audio 0 UDP/TLS/RTP/SAVPF 111\r\n"));
  const auto planned = plan(*parse(text), Policy{});
  ASSERT_TRUE(planned.has_value());
  EXPECT_EQ(planned->media[0].rejected, MediaRejection::kDisabledByOffer);
}

TEST(ClientSession, AnswersThatNoBrowserWouldTakeAreRefused) {
  const auto planned = plan(*parse(write_offer(test_offer())), Policy{});
  ASSERT_TRUE(planned.has_value());
  const std::string text = answer(*planned, test_server(), test_slots(*planned)).answer;
  const auto refusal = [&text](std::string_view from, std::string_view to) {
    const auto read = parse_answer(replaced(text, from, to));
    return read.has_value() ? SdpError::kNoMedia : read.error().error;
  };
  EXPECT_EQ(refusal("setup:passive", "setup:actpass"), SdpError::kSetupUnsupported);
  EXPECT_EQ(refusal("a=setup:passive\r\n", ""), SdpError::kSetupUnsupported);
  EXPECT_EQ(refusal("a=ice-ufrag:srvufrag\r\n", ""), SdpError::kIceMissing);
  EXPECT_EQ(refusal("BUNDLE a v s", "BUNDLE a v"), SdpError::kBundleRequired);
  EXPECT_EQ(refusal("a=rtcp-mux\r\n", ""), SdpError::kRtcpMuxRequired);
  EXPECT_EQ(refusal("sha-256", "sha-1"), SdpError::kFingerprintWeak);
  EXPECT_EQ(refusal("v=0", "v=1"), SdpError::kSyntax);
}

TEST(ClientSession, OfferedCodecsAreOnesThatTheServerKnows) {
  for (const Codec codec :
       {Codec::kOpus, Codec::kPcmu, Codec::kPcma, Codec::kVp8, Codec::kH264, Codec::kVp9, Codec::kAv1}) {
    OfferParameters parameters = test_offer();
    OfferedMedia& media = parameters.media[0];
    media.kind = kind_of(codec);
    media.codecs = {offered_codec(codec, 100, 101)};
    const auto planned = plan(*parse(write_offer(parameters)), Policy{});
    ASSERT_TRUE(planned.has_value());
    ASSERT_EQ(planned->media[0].codecs.size(), 1U) << encoding_name(codec);
    EXPECT_EQ(planned->media[0].codecs[0].codec, codec);
    EXPECT_EQ(planned->media[0].codecs[0].rtx_payload_type, 101);
    EXPECT_EQ(planned->media[0].codecs[0].h264, offered_codec(codec, 100).h264);
  }
}

}  // namespace
}  // namespace eir::sdp
