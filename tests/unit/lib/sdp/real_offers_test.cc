// Every offer in tests/fixtures/sdp goes through negotiation. Expected numbers are read off the offers' text.
#include <gtest/gtest.h>

#include <filesystem>

#include "lib/sdp/client_session.h"
#include "tests/unit/lib/sdp/sdp_fixtures.h"

namespace eir::sdp {
namespace {

Plan plan_of(const std::string& name, const Policy& policy = {}) {
  const auto offer = parse(read_offer(name));
  EXPECT_TRUE(offer.has_value()) << name;
  if (!offer) return {};
  auto planned = plan(*offer, policy);
  EXPECT_TRUE(planned.has_value()) << name << (planned ? "" : sdp_error_code(planned.error().error));
  if (!planned) return {};
  return *planned;
}

std::string answer_to(const Plan& planned) { return answer(planned, test_server(), test_slots(planned)).answer; }

// The one codec of a published m-line: payload type, then its RTX (0: none).
void expect_single_codec(const MediaDescription& media, Codec codec, uint8_t payload_type, uint8_t rtx) {
  ASSERT_EQ(media.codecs.size(), 1U);
  EXPECT_EQ(media.codecs[0].codec, codec);
  EXPECT_EQ(media.codecs[0].payload_type, payload_type);
  EXPECT_EQ(media.codecs[0].rtx_payload_type, rtx == 0 ? std::nullopt : std::optional<uint8_t>(rtx));
}

TEST(RealOffers, ChromiumSendingAndReceivingGetsOneCodecEach) {
  const Plan planned = plan_of("chromium156_sendrecv");
  ASSERT_EQ(planned.media.size(), 2U);
  ASSERT_TRUE(planned.remote.has_value());
  EXPECT_EQ(planned.remote->ice, (IceCredentials{"y/tl", "aaqeEcthiLFzCPklKEbLmfKD"}));
  EXPECT_EQ(planned.remote->fingerprint.algorithm, "sha-256");
  EXPECT_EQ(planned.remote->fingerprint.bytes[0], 0x37);
  EXPECT_EQ(planned.remote->fingerprint.bytes[31], 0x1c);
  EXPECT_EQ(planned.remote->candidates.size(), 4U);
  EXPECT_TRUE(planned.rtcp_rsize);

  const MediaDescription& audio = planned.media[0];
  EXPECT_EQ(audio.mid, "0");
  EXPECT_TRUE(audio.receives_from_client && audio.sends_to_client);
  expect_single_codec(audio, Codec::kOpus, 111, 0);
  EXPECT_EQ(audio.codecs[0].fmtp, "minptime=10;useinbandfec=1");
  EXPECT_EQ(audio.codecs[0].feedback, (Feedback{.transport_cc = true}));
  EXPECT_EQ(audio.receive_extensions.id(ExtensionKind::kAudioLevel), 1);
  EXPECT_EQ(audio.receive_extensions.id(ExtensionKind::kAbsSendTime), 2);
  EXPECT_EQ(audio.receive_extensions.id(ExtensionKind::kTransportSequence), 3);
  EXPECT_EQ(audio.receive_extensions.id(ExtensionKind::kMid), 4);
  EXPECT_EQ(audio.send_extensions, audio.receive_extensions);
  EXPECT_EQ(audio.sources, (std::vector<SourcePair>{{Ssrc(2957251021), std::nullopt}}));
  EXPECT_EQ(audio.cname, "YFKxKqNuSxAVQN5E");
  EXPECT_EQ(audio.stream_id, "f7db30bf-903f-4b21-b635-36ed4d18b04c");
  EXPECT_EQ(audio.track_id, "6e53e280-3905-4730-9973-4e7f24095a12");

  const MediaDescription& video = planned.media[1];
  expect_single_codec(video, Codec::kVp8, 96, 97);
  EXPECT_EQ(video.codecs[0].feedback,
            (Feedback{.nack = true, .nack_pli = true, .ccm_fir = true, .transport_cc = true, .goog_remb = false}));
  EXPECT_EQ(video.receive_extensions.id(ExtensionKind::kVideoOrientation), 13);
  EXPECT_EQ(video.receive_extensions.id(ExtensionKind::kPlayoutDelay), 5);
  EXPECT_EQ(video.receive_extensions.id(ExtensionKind::kVideoContentType), 6);
  EXPECT_EQ(video.receive_extensions.id(ExtensionKind::kRid), 10);
  EXPECT_EQ(video.receive_extensions.id(ExtensionKind::kRepairedRid), 11);
  EXPECT_FALSE(video.receive_extensions.has(ExtensionKind::kDependencyDescriptor));
  EXPECT_TRUE(video.receive_extensions.allow_mixed);
  EXPECT_EQ(video.send_extensions.id(ExtensionKind::kMid), 4);
  EXPECT_FALSE(video.send_extensions.has(ExtensionKind::kRid));
  EXPECT_EQ(video.sources, (std::vector<SourcePair>{{Ssrc(3647116707), Ssrc(2116768576)}}));
  EXPECT_TRUE(video.rids.empty());
  EXPECT_TRUE(planned.client_uses(Ssrc(2116768576)));
  EXPECT_FALSE(planned.client_uses(Ssrc(5)));
}

TEST(RealOffers, ChromiumSimulcastKeepsItsRidsAndLayerExtensions) {
  const Plan planned = plan_of("chromium156_simulcast3");
  ASSERT_EQ(planned.media.size(), 2U);
  const MediaDescription& video = planned.media[1];
  EXPECT_TRUE(video.receives_from_client);
  EXPECT_FALSE(video.sends_to_client);
  EXPECT_EQ(video.rids, (std::vector<std::string>{"q", "h", "f"}));
  EXPECT_TRUE(video.sources.empty());
  EXPECT_EQ(video.receive_extensions.id(ExtensionKind::kDependencyDescriptor), 12);
  EXPECT_EQ(video.receive_extensions.id(ExtensionKind::kVideoLayersAllocation), 9);
  const std::string text = answer_to(planned);
  EXPECT_TRUE(contains(text, "a=rid:q recv\r\na=rid:h recv\r\na=rid:f recv\r\na=simulcast:recv q;h;f\r\n"));
  EXPECT_TRUE(contains(text, "m=video 9 UDP/TLS/RTP/SAVPF 96 97\r\n"));
  EXPECT_TRUE(contains(text, "a=group:BUNDLE 0 1\r\na=extmap-allow-mixed\r\n"));
  EXPECT_FALSE(contains(text, "a=ssrc"));
  EXPECT_FALSE(contains(text, "toffset"));
}

TEST(RealOffers, ChromiumSlotKeepsEveryCodecThatAllCanDecode) {
  const Plan planned = plan_of("chromium156_recvonly");
  ASSERT_EQ(planned.media.size(), 2U);
  const MediaDescription& video = planned.media[1];
  EXPECT_FALSE(video.receives_from_client);
  EXPECT_TRUE(video.sends_to_client);
  ASSERT_EQ(video.codecs.size(), 4U);
  EXPECT_EQ(video.codecs[0].codec, Codec::kVp8);
  EXPECT_EQ(video.codecs[0].payload_type, 96);
  EXPECT_EQ(video.codecs[1].codec, Codec::kVp9);
  EXPECT_EQ(video.codecs[1].payload_type, 98);
  EXPECT_EQ(video.codecs[2].codec, Codec::kH264);
  EXPECT_EQ(video.codecs[2].payload_type, 108);
  EXPECT_EQ(video.codecs[2].rtx_payload_type, 109);
  EXPECT_EQ(video.codecs[2].h264, (H264Format{.profile_level_id = 0x42e01f, .packetization_mode = 1}));
  EXPECT_EQ(video.codecs[3].codec, Codec::kAv1);
  EXPECT_EQ(video.codecs[3].payload_type, 45);
  EXPECT_FALSE(video.send_extensions.has(ExtensionKind::kRid));
  EXPECT_EQ(video.send_extensions.id(ExtensionKind::kTransportSequence), 3);
  EXPECT_FALSE(video.receive_extensions.has(ExtensionKind::kMid));
  const std::string text = answer_to(planned);
  EXPECT_TRUE(contains(text, "m=video 9 UDP/TLS/RTP/SAVPF 96 97 98 99 108 109 45 46\r\n"));
  EXPECT_TRUE(contains(text,
                       "a=ssrc-group:FID 1001 2001\r\na=ssrc:1001 cname:server-cname\r\n"
                       "a=ssrc:1001 msid:stream-a track-1\r\na=ssrc:2001 cname:server-cname\r\n"));
  EXPECT_TRUE(contains(text, "a=ssrc:1000 cname:server-cname\r\n"));
  EXPECT_FALSE(contains(text, "2000"));  // no codec of the audio slot has RTX
  EXPECT_TRUE(contains(text, "a=msid:stream-a track-0\r\n"));
  EXPECT_FALSE(contains(text, "sdes:rtp-stream-id"));
}

TEST(RealOffers, ChromiumWithOneCodecPreferredGetsThatCodec) {
  expect_single_codec(plan_of("chromium156_simulcast3_pref_H264").media.at(0), Codec::kH264, 108, 109);
  expect_single_codec(plan_of("chromium156_simulcast3_pref_VP8").media.at(0), Codec::kVp8, 96, 97);
  expect_single_codec(plan_of("chromium156_simulcast3_pref_VP9").media.at(0), Codec::kVp9, 98, 99);
  expect_single_codec(plan_of("chromium156_simulcast3_pref_AV1").media.at(0), Codec::kAv1, 45, 46);
  for (const char* name : {"chromium156_svc_L1T3_AV1", "chromium156_svc_L3T3_AV1", "chromium156_svc_L3T3_KEY_AV1",
                           "chromium156_svc_S3T3_AV1"}) {
    expect_single_codec(plan_of(name).media.at(0), Codec::kAv1, 45, 46);
  }
  for (const char* name : {"chromium156_svc_L1T3_VP9", "chromium156_svc_L3T3_VP9", "chromium156_svc_L3T3_KEY_VP9",
                           "chromium156_svc_S3T3_VP9"}) {
    const Plan planned = plan_of(name);
    expect_single_codec(planned.media.at(0), Codec::kVp9, 98, 99);
    EXPECT_EQ(planned.media[0].receive_extensions.id(ExtensionKind::kDependencyDescriptor), 13) << name;
    EXPECT_TRUE(contains(answer_to(planned), "a=fmtp:98 profile-id=0\r\n")) << name;
  }
  expect_single_codec(plan_of("chromium156_svc_L1T2_VP8").media.at(0), Codec::kVp8, 96, 0);
}

TEST(RealOffers, ThePoliciesPreferenceDecidesNotTheOffers) {
  const Policy h264_first = {.publish_video_codecs = {Codec::kH264, Codec::kVp8}};
  const Plan planned = plan_of("chromium156_sendrecv", h264_first);
  expect_single_codec(planned.media.at(1), Codec::kH264, 108, 109);
  EXPECT_TRUE(contains(answer_to(planned),
                       "a=fmtp:108 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f\r\n"));
  const Policy vp9_only = {.publish_video_codecs = {Codec::kVp9}};
  expect_single_codec(plan_of("firefox153_sendrecv", vp9_only).media.at(1), Codec::kVp9, 121, 125);
}

TEST(RealOffers, DataChannelsAreAnsweredWithPortZeroOutsideTheBundle) {
  for (const char* name : {"chromium156_full_av_dc", "firefox153_full_av_dc"}) {
    const Plan planned = plan_of(name);
    ASSERT_EQ(planned.media.size(), 3U) << name;
    EXPECT_EQ(planned.media[2].kind, SectionKind::kApplication);
    EXPECT_EQ(planned.media[2].rejected, MediaRejection::kKindUnsupported);
    const std::string text = answer_to(planned);
    EXPECT_TRUE(contains(text, "m=application 0 UDP/DTLS/SCTP webrtc-datachannel\r\n")) << name;
    EXPECT_TRUE(contains(text, "a=group:BUNDLE 0 1\r\n")) << name;
  }
  for (const char* name : {"chromium156_datachannel", "firefox153_datachannel"}) {
    const Plan planned = plan_of(name);
    ASSERT_EQ(planned.media.size(), 1U) << name;
    EXPECT_FALSE(planned.media[0].accepted());
    EXPECT_FALSE(contains(answer_to(planned), "a=group:")) << name;
  }
}

TEST(RealOffers, FirefoxSimulcastKeepsDirectionsOfItsExtensions) {
  const Plan planned = plan_of("firefox153_simulcast3");
  ASSERT_EQ(planned.media.size(), 2U);
  EXPECT_EQ(planned.remote->ice.ufrag, "5e029053");
  EXPECT_EQ(planned.remote->fingerprint.bytes[0], 0xa3);  // at session level
  EXPECT_FALSE(planned.rtcp_rsize);                       // the audio m-line lacks it
  expect_single_codec(planned.media[0], Codec::kOpus, 109, 0);
  const MediaDescription& video = planned.media[1];
  expect_single_codec(video, Codec::kVp8, 120, 124);
  EXPECT_EQ(video.rids, (std::vector<std::string>{"q", "h", "f"}));
  EXPECT_EQ(video.receive_extensions.id(ExtensionKind::kMid), 3);
  EXPECT_EQ(video.receive_extensions.id(ExtensionKind::kTransportSequence), 7);
  EXPECT_EQ(video.receive_extensions.id(ExtensionKind::kDependencyDescriptor), 8);
  EXPECT_EQ(video.receive_extensions.id(ExtensionKind::kRid), 9);
  EXPECT_FALSE(video.receive_extensions.has(ExtensionKind::kPlayoutDelay));
  EXPECT_EQ(video.sources, (std::vector<SourcePair>{{Ssrc(433879274), Ssrc(454935300)},
                                                    {Ssrc(541671960), Ssrc(1396831536)},
                                                    {Ssrc(3356083856), Ssrc(3781137420)}}));
  const std::string text = answer_to(planned);
  EXPECT_TRUE(contains(text, "a=extmap:8/recvonly https://aomediacodec"));
  EXPECT_TRUE(contains(text, "a=extmap:3 urn:ietf:params:rtp-hdrext:sdes:mid\r\n"));
  EXPECT_FALSE(contains(text, "csrc-audio-level"));
  EXPECT_FALSE(contains(text, "max-fs"));
  EXPECT_EQ(count(text, "a=extmap-allow-mixed\r\n"), 2U);  // in each m-line, as offered
  EXPECT_TRUE(contains(text, "a=fmtp:109 maxplaybackrate=48000;stereo=1;useinbandfec=1\r\n"));
}

TEST(RealOffers, FirefoxSendrecvTakesPlayoutDelayFromTheServerOnly) {
  const Plan planned = plan_of("firefox153_sendrecv");
  const MediaDescription& video = planned.media.at(1);
  EXPECT_EQ(video.send_extensions.id(ExtensionKind::kPlayoutDelay), 6);
  EXPECT_FALSE(video.receive_extensions.has(ExtensionKind::kPlayoutDelay));
  EXPECT_TRUE(contains(answer_to(planned), "a=extmap:6/sendonly http"));
  EXPECT_EQ(video.sources, (std::vector<SourcePair>{{Ssrc(93682072), Ssrc(1523962906)}}));
}

TEST(RealOffers, FirefoxSlotsNameAnSsrcThatNoSlotMayTake) {
  const Plan planned = plan_of("firefox153_recvonly");
  const MediaDescription& video = planned.media.at(1);
  ASSERT_EQ(video.codecs.size(), 3U);
  EXPECT_EQ(video.codecs[0].payload_type, 120);
  EXPECT_EQ(video.codecs[1].payload_type, 121);
  EXPECT_EQ(video.codecs[2].payload_type, 99);
  EXPECT_EQ(video.codecs[2].rtx_payload_type, 100);
  EXPECT_TRUE(video.sources.empty());
  EXPECT_TRUE(planned.client_uses(Ssrc(1598199824)));
}

TEST(RealOffers, FirefoxPreferencesAreMet) {
  expect_single_codec(plan_of("firefox153_simulcast3_pref_VP8").media.at(0), Codec::kVp8, 120, 124);
  expect_single_codec(plan_of("firefox153_simulcast3_pref_VP9").media.at(0), Codec::kVp9, 121, 125);
  expect_single_codec(plan_of("firefox153_simulcast3_pref_AV1").media.at(0), Codec::kAv1, 99, 100);
}

TEST(RealOffers, OffersBeforeGatheringNeedNoCandidates) {
  for (const char* name : {"chromium156_max_bundle_no_ice", "firefox153_max_bundle_no_ice"}) {
    const Plan planned = plan_of(name);
    ASSERT_TRUE(planned.remote.has_value()) << name;
    EXPECT_TRUE(planned.remote->candidates.empty()) << name;
  }
}

TEST(RealOffers, GstreamersBundleOnlyLineIsAccepted) {
  for (const char* name : {"gstreamer122_sendrecv", "gstreamer122_whip"}) {
    const Plan planned = plan_of(name);
    ASSERT_EQ(planned.media.size(), 2U) << name;
    EXPECT_EQ(planned.media[0].mid, "video0");
    expect_single_codec(planned.media[0], Codec::kVp8, 96, 0);
    // transport-cc is offered without its header extension, so nothing could be reported.
    EXPECT_EQ(planned.media[0].codecs[0].feedback, (Feedback{.nack_pli = true, .ccm_fir = true}));
    EXPECT_EQ(planned.media[0].track_id, "webrtctransceiver0");  // from the a=ssrc line
    EXPECT_TRUE(planned.media[1].accepted());
    expect_single_codec(planned.media[1], Codec::kOpus, 111, 0);
    const std::string text = answer_to(planned);
    EXPECT_TRUE(contains(text, "a=group:BUNDLE video0 audio1\r\n")) << name;
    EXPECT_TRUE(contains(text, "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n")) << name;
    EXPECT_TRUE(contains(text, "a=rtpmap:111 OPUS/48000/2\r\n")) << name;
    EXPECT_FALSE(contains(text, "sprop-")) << name;
  }
}

TEST(RealOffers, PionGetsRembBecauseItOffersNoTransportFeedback) {
  const Plan planned = plan_of("pion3156_sendrecv");
  const MediaDescription& video = planned.media.at(0);
  expect_single_codec(video, Codec::kVp8, 96, 97);
  EXPECT_EQ(video.codecs[0].feedback,
            (Feedback{.nack = true, .nack_pli = true, .ccm_fir = true, .transport_cc = false, .goog_remb = true}));
  EXPECT_EQ(video.receive_extensions.id(ExtensionKind::kMid), 0);
  EXPECT_EQ(video.cname, "s");
  const Policy h264_only = {.publish_video_codecs = {Codec::kH264}};
  expect_single_codec(plan_of("pion3156_sendrecv", h264_only).media.at(0), Codec::kH264, 125, 107);
}

TEST(RealOffers, SmallStacksAreAnsweredWithWhatTheyHave) {
  const Plan libdatachannel = plan_of("node-datachannel_sendonly");
  expect_single_codec(libdatachannel.media.at(0), Codec::kVp8, 96, 0);
  EXPECT_EQ(libdatachannel.media[0].sources, (std::vector<SourcePair>{{Ssrc(4242), std::nullopt}}));
  EXPECT_EQ(libdatachannel.remote->fingerprint.bytes[0], 0x82);
  EXPECT_EQ(libdatachannel.remote->ice.password, "E4n+VSgcrKbMlQyZ1r1d7x");
  EXPECT_TRUE(libdatachannel.remote->end_of_candidates);

  const Plan werift = plan_of("werift_sendonly");
  expect_single_codec(werift.media.at(0), Codec::kVp8, 98, 0);
  EXPECT_TRUE(werift.media[0].codecs[0].feedback.goog_remb);
  EXPECT_FALSE(werift.rtcp_rsize);

  const Plan aiortc = plan_of("aiortc140_sendrecv");
  expect_single_codec(aiortc.media.at(0), Codec::kVp8, 97, 98);
  EXPECT_EQ(aiortc.media[0].receive_extensions.id(ExtensionKind::kMid), 1);
  EXPECT_EQ(aiortc.media[0].receive_extensions.id(ExtensionKind::kAbsSendTime), 2);

  const Plan wrtc = plan_of("roamhq_wrtc_simulcast");
  expect_single_codec(wrtc.media.at(0), Codec::kVp8, 96, 97);
  EXPECT_EQ(wrtc.media[0].rids, (std::vector<std::string>{"q", "h", "f"}));
  EXPECT_EQ(wrtc.media[0].receive_extensions.id(ExtensionKind::kMid), 9);
  EXPECT_EQ(wrtc.media[0].track_id, "f86b2927-32f3-4442-b47c-21279a1a298c");
}

TEST(RealOffers, ScreenshareWithoutSimulcastIsOneStream) {
  for (const char* name : {"chromium156_screenshare_detail", "firefox153_screenshare_detail"}) {
    const Plan planned = plan_of(name);
    ASSERT_EQ(planned.media.size(), 1U) << name;
    EXPECT_TRUE(planned.media[0].rids.empty()) << name;
    ASSERT_EQ(planned.media[0].sources.size(), 1U) << name;
    EXPECT_TRUE(planned.media[0].sources[0].rtx_ssrc.has_value()) << name;
  }
}

// The answer's own text, read by the client's side, must say what the typed result says.
void expect_answer_agrees(const std::string& name) {
  const Plan planned = plan_of(name);
  const Negotiated done = answer(planned, test_server(), test_slots(planned));
  const auto read = parse_answer(done.answer);
  ASSERT_TRUE(read.has_value()) << name << " " << sdp_error_code(read.error().error);
  ASSERT_EQ(read->media.size(), planned.offer.media.size()) << name;
  EXPECT_TRUE(read->ice_lite);
  for (size_t i = 0; i < done.media.size(); ++i) {
    const MediaDescription& ours = done.media[i];
    const AnsweredMedia& theirs = read->media[i];
    EXPECT_EQ(theirs.mid, ours.mid) << name;
    EXPECT_EQ(theirs.kind, ours.kind) << name;
    EXPECT_EQ(theirs.accepted, ours.accepted()) << name;
    if (!ours.accepted()) continue;
    EXPECT_EQ(theirs.client_sends, ours.receives_from_client) << name;
    EXPECT_EQ(theirs.client_receives, ours.sends_to_client) << name;
    EXPECT_EQ(theirs.rids, ours.rids) << name;
    EXPECT_EQ(theirs.rtcp_rsize, ours.rtcp_rsize) << name;
    EXPECT_EQ(theirs.extensions.allow_mixed, ours.receive_extensions.allow_mixed) << name;
    ASSERT_EQ(theirs.codecs.size(), ours.codecs.size()) << name;
    for (size_t k = 0; k < ours.codecs.size(); ++k) {
      EXPECT_EQ(theirs.codecs[k].payload_type, ours.codecs[k].payload_type) << name;
      EXPECT_EQ(theirs.codecs[k].codec, ours.codecs[k].codec) << name;
      EXPECT_EQ(theirs.codecs[k].rtx_payload_type, ours.codecs[k].rtx_payload_type) << name;
      EXPECT_EQ(theirs.codecs[k].feedback, ours.codecs[k].feedback) << name;
      EXPECT_EQ(theirs.codecs[k].h264, ours.codecs[k].h264) << name;
    }
    if (!ours.sends_to_client) continue;
    ASSERT_TRUE(ours.slot.has_value()) << name;
    ASSERT_EQ(theirs.sources.size(), 1U) << name;
    EXPECT_EQ(theirs.sources[0].ssrc, ours.slot->ssrc) << name;
    EXPECT_EQ(theirs.stream_id, ours.slot->stream_id) << name;
    EXPECT_EQ(theirs.track_id, ours.slot->track_id) << name;
    EXPECT_EQ(theirs.cname, "server-cname") << name;
  }
}

TEST(RealOffers, EveryAnswerIsReadBackAsMeantAndHasNoFec) {
  size_t offers = 0;
  for (const auto& entry : std::filesystem::directory_iterator(std::string(EIR_SOURCE_DIR) + "/tests/fixtures/sdp")) {
    if (entry.path().extension() != ".sdp") continue;
    ++offers;
    const std::string name = entry.path().stem().string();
    expect_answer_agrees(name);
    const std::string text = answer_to(plan_of(name));
    EXPECT_FALSE(contains(text, " red/")) << name;
    EXPECT_FALSE(contains(text, "ulpfec")) << name;
    EXPECT_FALSE(contains(text, "flexfec")) << name;
    // Of the extended reports only the round trip, and only where it was offered.
    EXPECT_EQ(contains(text, "a=rtcp-xr:rcvr-rtt=all"), contains(read_offer(name), "a=rtcp-xr:rcvr-rtt=all")) << name;
    EXPECT_FALSE(contains(text, "actpass")) << name;
  }
  EXPECT_EQ(offers, 37U);
}

}  // namespace
}  // namespace eir::sdp
