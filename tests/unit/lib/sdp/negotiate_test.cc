#include "lib/sdp/negotiate.h"

#include <gtest/gtest.h>

#include "tests/unit/lib/sdp/sdp_fixtures.h"

namespace eir::sdp {
namespace {

constexpr std::string_view kFingerprintLine =
    "a=fingerprint:sha-256 00:01:02:03:04:05:06:07:08:09:0A:0B:0C:0D:0E:0F:"
    "10:11:12:13:14:15:16:17:18:19:1A:1B:1C:1D:1E:1F\r\n";

Result<Plan, SdpRefusal> plan_text(std::string_view text, const Policy& policy = {}) {
  const auto offer = parse(text);
  if (!offer) return offer.error();
  return plan(*offer, policy);
}

SdpRefusal refusal_of(std::string_view text, const Policy& policy = {}) {
  const auto planned = plan_text(text, policy);
  EXPECT_FALSE(planned.has_value());
  return planned.has_value() ? SdpRefusal{SdpError::kSyntax, 9999} : planned.error();
}

std::string answer_text(const Plan& planned) { return answer(planned, test_server(), test_slots(planned)).answer; }

// One m-line of an offer that bundles `mids`, in the order given by the calls.
std::string media_lines(std::string_view mid, std::string_view kind, std::string_view direction,
                        std::string_view codecs) {
  const bool is_audio = kind == "audio";
  std::string text = "m=" + std::string(kind) + " 9 UDP/TLS/RTP/SAVPF " + (is_audio ? "111" : "96") + "\r\n";
  text += "a=mid:" + std::string(mid) + "\r\na=" + std::string(direction) + "\r\na=rtcp-mux\r\n";
  return text + std::string(codecs);
}
constexpr std::string_view kVp8Lines = "a=rtpmap:96 VP8/90000\r\n";
constexpr std::string_view kOpusLines = "a=rtpmap:111 opus/48000/2\r\n";

std::string session_lines(std::string_view mids) {
  return "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE " + std::string(mids) +
         "\r\na=ice-ufrag:abcd\r\na=ice-pwd:0123456789012345678901\r\na=setup:actpass\r\n" +
         std::string(kFingerprintLine);
}

// An m-line with these formats and attributes in place of the small offer's VP8.
std::string small_offer_with(std::string_view formats, std::string_view attributes) {
  std::string text = replaced(kSmallOffer, "SAVPF 96", "SAVPF " + std::string(formats));
  return replaced(text, "a=rtpmap:96 VP8/90000\r\n", attributes);
}

TEST(Negotiation, SmallOfferIsAnsweredLineByLine) {
  const auto planned = plan_text(kSmallOffer);
  ASSERT_TRUE(planned.has_value());
  EXPECT_EQ(answer_text(*planned),
            "v=0\r\n"
            "o=- 77 5 IN IP4 127.0.0.1\r\n"
            "s=-\r\n"
            "t=0 0\r\n"
            "a=ice-lite\r\n"
            "a=group:BUNDLE 0\r\n"
            "a=msid-semantic: WMS *\r\n"
            "m=video 9 UDP/TLS/RTP/SAVPF 96\r\n"
            "c=IN IP4 0.0.0.0\r\n"
            "a=mid:0\r\n"
            "a=recvonly\r\n"
            "a=ice-ufrag:srvufrag\r\n"
            "a=ice-pwd:server-password-of-24-chr\r\n" +
                std::string(kFingerprintLine) +
                "a=setup:passive\r\n"
                "a=candidate:1 1 udp 2130706431 192.0.2.7 3478 typ host\r\n"
                "a=candidate:2 1 tcp 1671430143 2001:db8::7 443 typ host tcptype passive\r\n"
                "a=end-of-candidates\r\n"
                "a=rtcp-mux\r\n"
                "a=rtpmap:96 VP8/90000\r\n");
}

TEST(Negotiation, EveryRefusalHasItsOwnCode) {
  std::vector<std::string_view> codes;
  for (int i = 0; i <= static_cast<int>(SdpError::kMediaReordered); ++i) {
    codes.push_back(sdp_error_code(static_cast<SdpError>(i)));
    EXPECT_FALSE(codes.back().empty()) << i;
  }
  std::sort(codes.begin(), codes.end());
  EXPECT_EQ(std::adjacent_find(codes.begin(), codes.end()), codes.end());
  EXPECT_EQ(sdp_error_code(SdpError::kBundleRequired), "bundle_required");
  EXPECT_EQ(sdp_error_code(SdpError::kExtensionIdConflict), "extension_id_conflict");
  EXPECT_EQ(sdp_error_code(SdpError::kCodecNone), "codec_none");
}

TEST(Negotiation, OfferWithoutMediaIsRefused) {
  EXPECT_EQ(refusal_of(session_lines("0")), (SdpRefusal{SdpError::kNoMedia, 0}));
}

TEST(Negotiation, BundleIsRequired) {
  EXPECT_EQ(refusal_of(replaced(kSmallOffer, "a=group:BUNDLE 0\r\n", "")), (SdpRefusal{SdpError::kBundleRequired, 5}));
  EXPECT_EQ(refusal_of(replaced(kSmallOffer, "BUNDLE 0", "BUNDLE 1")), (SdpRefusal{SdpError::kBundleRequired, 6}));
  const std::string two = session_lines("0") + media_lines("0", "video", "sendonly", kVp8Lines) +
                          media_lines("1", "audio", "sendonly", kOpusLines);
  EXPECT_EQ(refusal_of(two).error, SdpError::kBundleRequired);
}

TEST(Negotiation, MidsAreRequiredDistinctAndShort) {
  EXPECT_EQ(refusal_of(replaced(kSmallOffer, "a=mid:0\r\n", "")), (SdpRefusal{SdpError::kMidMissing, 6}));
  const std::string twice = session_lines("0") + media_lines("0", "video", "sendonly", kVp8Lines) +
                            media_lines("0", "audio", "sendonly", kOpusLines);
  EXPECT_EQ(refusal_of(twice), (SdpRefusal{SdpError::kMidDuplicate, 15}));
  const std::string fits =
      replaced(replaced(kSmallOffer, "BUNDLE 0", "BUNDLE 0123456789abcdef"), "mid:0", "mid:0123456789abcdef");
  EXPECT_TRUE(plan_text(fits).has_value());
  const std::string longer =
      replaced(replaced(kSmallOffer, "BUNDLE 0", "BUNDLE 0123456789abcdefg"), "mid:0", "mid:0123456789abcdefg");
  EXPECT_EQ(refusal_of(longer), (SdpRefusal{SdpError::kMidTooLong, 6}));
}

TEST(Negotiation, RtcpMuxIsRequired) {
  EXPECT_EQ(refusal_of(replaced(kSmallOffer, "a=rtcp-mux\r\n", "")), (SdpRefusal{SdpError::kRtcpMuxRequired, 6}));
}

TEST(Negotiation, OnlyDtlsSrtpWithFeedbackIsServed) {
  for (const char* protocol : {"RTP/AVP", "RTP/AVPF", "RTP/SAVP", "RTP/SAVPF", "UDP/TLS/RTP/SAVP"}) {
    EXPECT_EQ(refusal_of(replaced(kSmallOffer, "UDP/TLS/RTP/SAVPF", protocol)),
              (SdpRefusal{SdpError::kTransportUnsupported, 6}))
        << protocol;
  }
  const std::string keys = std::string(kSmallOffer) + "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:abc\r\n";
  EXPECT_EQ(refusal_of(keys), (SdpRefusal{SdpError::kTransportUnsupported, 6}));
}

TEST(Negotiation, IceCredentialsAreRequiredAndLongEnough) {
  EXPECT_EQ(refusal_of(replaced(kSmallOffer, "a=ice-ufrag:abcd\r\n", "")), (SdpRefusal{SdpError::kIceMissing, 6}));
  EXPECT_EQ(refusal_of(replaced(kSmallOffer, "a=ice-pwd:0123456789012345678901\r\n", "")).error, SdpError::kIceMissing);
  EXPECT_EQ(refusal_of(replaced(kSmallOffer, "ufrag:abcd", "ufrag:abc")), (SdpRefusal{SdpError::kIceInvalid, 6}));
  EXPECT_EQ(refusal_of(replaced(kSmallOffer, "pwd:0123456789012345678901", "pwd:012345678901234567890")).error,
            SdpError::kIceInvalid);
  const std::string at_most = std::string(256, 'u');
  EXPECT_TRUE(plan_text(replaced(kSmallOffer, "ufrag:abcd", "ufrag:" + at_most)).has_value());
  EXPECT_EQ(refusal_of(replaced(kSmallOffer, "ufrag:abcd", "ufrag:u" + at_most)).error, SdpError::kIceInvalid);
}

TEST(Negotiation, FingerprintMustBeSha256OrStronger) {
  EXPECT_EQ(refusal_of(replaced(kSmallOffer, kFingerprintLine, "")), (SdpRefusal{SdpError::kFingerprintMissing, 6}));
  const std::string sha1 = "a=fingerprint:sha-1 00:01:02:03:04:05:06:07:08:09:0A:0B:0C:0D:0E:0F:10:11:12:13\r\n";
  EXPECT_EQ(refusal_of(replaced(kSmallOffer, kFingerprintLine, sha1)), (SdpRefusal{SdpError::kFingerprintWeak, 6}));
  // A SHA-256 of the wrong length is none.
  EXPECT_EQ(refusal_of(replaced(kSmallOffer, ":1E:1F", ":1E")).error, SdpError::kFingerprintWeak);
  std::string sha384 = "a=fingerprint:SHA-384 FF";
  for (int i = 1; i < 48; ++i) sha384 += ":FF";
  const auto both = plan_text(std::string(kSmallOffer) + sha1 + sha384 + "\r\n");
  ASSERT_TRUE(both.has_value());
  EXPECT_EQ(both->remote->fingerprint.algorithm, "sha-384");
  EXPECT_EQ(both->remote->fingerprint.size, 48);
}

TEST(Negotiation, TheClientMustBeAbleToBeTheDtlsClient) {
  EXPECT_EQ(refusal_of(replaced(kSmallOffer, "setup:actpass", "setup:passive")),
            (SdpRefusal{SdpError::kSetupUnsupported, 6}));
  EXPECT_EQ(refusal_of(replaced(kSmallOffer, "setup:actpass", "setup:holdconn")).error, SdpError::kSetupUnsupported);
  const auto active = plan_text(replaced(kSmallOffer, "setup:actpass", "setup:active"));
  ASSERT_TRUE(active.has_value());
  EXPECT_TRUE(contains(answer_text(*active), "a=setup:passive\r\n"));
}

TEST(Negotiation, AnIdForTwoExtensionsWithinTheBundleIsRefused) {
  // As one stack offers audio with video: id 2 is audio level in one m-line and abs-send-time in the other.
  const std::string text = session_lines("0 1") + media_lines("0", "audio", "sendonly", kOpusLines) +
                           "a=extmap:1 urn:ietf:params:rtp-hdrext:sdes:mid\r\n"
                           "a=extmap:2 urn:ietf:params:rtp-hdrext:ssrc-audio-level\r\n" +
                           media_lines("1", "video", "sendonly", kVp8Lines) +
                           "a=extmap:1 urn:ietf:params:rtp-hdrext:sdes:mid\r\n"
                           "a=extmap:2 http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time\r\n";
  EXPECT_EQ(refusal_of(text), (SdpRefusal{SdpError::kExtensionIdConflict, 9 + 5 + 2 + 5 + 2}));
  // Not so if the second m-line is disabled.
  EXPECT_TRUE(plan_text(replaced(text, "m=video 9", "m=video 0")).has_value());
}

TEST(Negotiation, AnExtensionWithTwoIdsKeepsTheFirst) {
  const std::string text = session_lines("0 1") + media_lines("0", "audio", "sendonly", kOpusLines) +
                           "a=extmap:1 urn:ietf:params:rtp-hdrext:sdes:mid\r\n" +
                           media_lines("1", "video", "sendonly", kVp8Lines) +
                           "a=extmap:5 urn:ietf:params:rtp-hdrext:sdes:mid\r\n";
  const auto planned = plan_text(text);
  ASSERT_TRUE(planned.has_value());
  EXPECT_EQ(planned->bundle_extensions.id(ExtensionKind::kMid), 1);
  EXPECT_EQ(planned->media[0].receive_extensions.id(ExtensionKind::kMid), 1);
  EXPECT_FALSE(planned->media[1].receive_extensions.has(ExtensionKind::kMid));
  EXPECT_EQ(count(answer_text(*planned), "a=extmap:"), 1U);
}

TEST(Negotiation, ExtensionIdsBeyondAPacketAreLeftOut) {
  const auto planned = plan_text(std::string(kSmallOffer) +
                                 "a=extmap:16 urn:ietf:params:rtp-hdrext:sdes:mid\r\n"
                                 "a=extmap:256 urn:3gpp:video-orientation\r\n"
                                 "a=extmap:15 http://www.webrtc.org/experiments/rtp-hdrext/playout-delay\r\n");
  ASSERT_TRUE(planned.has_value());
  EXPECT_EQ(planned->media[0].receive_extensions.id(ExtensionKind::kMid), 16);
  EXPECT_FALSE(planned->media[0].receive_extensions.has(ExtensionKind::kVideoOrientation));
  EXPECT_FALSE(planned->media[0].receive_extensions.has(ExtensionKind::kPlayoutDelay));
  EXPECT_EQ(count(answer_text(*planned), "a=extmap:"), 1U);
}

TEST(Negotiation, NothingButUnknownCodecsIsRefused) {
  EXPECT_EQ(refusal_of(replaced(kSmallOffer, "VP8/90000", "H265/90000")), (SdpRefusal{SdpError::kCodecNone, 6}));
  const Policy only_av1 = {.publish_video_codecs = {Codec::kAv1}};
  EXPECT_EQ(refusal_of(kSmallOffer, only_av1).error, SdpError::kCodecNone);
}

TEST(Negotiation, OneLineWithoutACodecIsRejectedAndTheOthersStay) {
  const std::string text = session_lines("0 1") + media_lines("0", "video", "sendonly", "a=rtpmap:96 H265/90000\r\n") +
                           media_lines("1", "audio", "sendonly", kOpusLines);
  const auto planned = plan_text(text);
  ASSERT_TRUE(planned.has_value());
  EXPECT_EQ(planned->media[0].rejected, MediaRejection::kCodecNone);
  EXPECT_TRUE(planned->media[1].accepted());
  const std::string reply = answer_text(*planned);
  EXPECT_TRUE(contains(reply, "a=group:BUNDLE 1\r\n"));
  EXPECT_TRUE(contains(reply,
                       "m=video 0 UDP/TLS/RTP/SAVPF 96\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\na=inactive\r\n"
                       "a=rtpmap:96 H265/90000\r\nm=audio 9"));
  // The candidates move to the first m-line that is left.
  EXPECT_LT(reply.find("m=audio"), reply.find("a=candidate:1"));
}

TEST(Negotiation, H264MeansConstrainedBaselineAndModeOneIfThereIsAChoice) {
  const std::string both =
      small_offer_with("96 97 98",
                       "a=rtpmap:96 H264/90000\r\na=fmtp:96 packetization-mode=1;profile-level-id=640032\r\n"
                       "a=rtpmap:97 H264/90000\r\na=fmtp:97 packetization-mode=0;profile-level-id=42e01f\r\n"
                       "a=rtpmap:98 H264/90000\r\na=fmtp:98 packetization-mode=1;profile-level-id=42c02a\r\n");
  const auto planned = plan_text(both);
  ASSERT_TRUE(planned.has_value());
  ASSERT_EQ(planned->media[0].codecs.size(), 1U);
  EXPECT_EQ(planned->media[0].codecs[0].payload_type, 98);
  EXPECT_EQ(planned->media[0].codecs[0].h264, (H264Format{.profile_level_id = 0x42c02a, .packetization_mode = 1}));

  const auto mode_0 =
      plan_text(small_offer_with("97", "a=rtpmap:97 H264/90000\r\na=fmtp:97 profile-level-id=42e01f\r\n"));
  ASSERT_TRUE(mode_0.has_value());
  EXPECT_EQ(mode_0->media[0].codecs[0].h264, (H264Format{.profile_level_id = 0x42e01f, .packetization_mode = 0}));

  for (const char* other : {"profile-level-id=42001f", "profile-level-id=4d001f", "profile-level-id=f4001f",
                            "profile-level-id=42e0", "profile-level-id=42e01f;packetization-mode=2"}) {
    const std::string text =
        small_offer_with("97", "a=rtpmap:97 H264/90000\r\na=fmtp:97 " + std::string(other) + "\r\n");
    EXPECT_EQ(refusal_of(text).error, SdpError::kCodecNone) << other;
  }
}

TEST(Negotiation, SlotTakesH264InOneModeOnly) {
  const std::string text =
      replaced(small_offer_with("97 98",
                                "a=rtpmap:97 H264/90000\r\na=fmtp:97 packetization-mode=0;profile-level-id=42e01f\r\n"
                                "a=rtpmap:98 H264/90000\r\na=fmtp:98 packetization-mode=1;profile-level-id=42e01f\r\n"),
               "sendonly", "recvonly");
  const auto planned = plan_text(text);
  ASSERT_TRUE(planned.has_value());
  ASSERT_EQ(planned->media[0].codecs.size(), 1U);
  EXPECT_EQ(planned->media[0].codecs[0].payload_type, 98);
}

TEST(Negotiation, ProfilesThatNotAllDecodeAreLeftOut) {
  for (const char* lines : {"a=rtpmap:96 VP9/90000\r\na=fmtp:96 profile-id=2\r\n",
                            "a=rtpmap:96 AV1/90000\r\na=fmtp:96 level-idx=5;profile=1;tier=0\r\n"}) {
    EXPECT_EQ(refusal_of(small_offer_with("96", lines)).error, SdpError::kCodecNone) << lines;
  }
  EXPECT_TRUE(plan_text(small_offer_with("96", "a=rtpmap:96 AV1/90000\r\n")).has_value());
  EXPECT_TRUE(plan_text(small_offer_with("96", "a=rtpmap:96 VP9/90000\r\n")).has_value());
}

TEST(Negotiation, G711IsTakenOnlyWithoutOpusAndIfAllowed) {
  const std::string gateway =
      session_lines("0") + "m=audio 9 UDP/TLS/RTP/SAVPF 8 0\r\na=mid:0\r\na=sendrecv\r\na=rtcp-mux\r\n";
  const auto planned = plan_text(gateway);
  ASSERT_TRUE(planned.has_value());
  ASSERT_EQ(planned->media[0].codecs.size(), 1U);
  EXPECT_EQ(planned->media[0].codecs[0].codec, Codec::kPcma);
  EXPECT_EQ(refusal_of(gateway, Policy{.allow_g711 = false}).error, SdpError::kCodecNone);
  const auto with_opus = plan_text(replaced(gateway, "SAVPF 8 0", "SAVPF 8 0 111") + "a=rtpmap:111 opus/48000/2\r\n");
  ASSERT_TRUE(with_opus.has_value());
  EXPECT_EQ(with_opus->media[0].codecs[0].codec, Codec::kOpus);
}

TEST(Negotiation, OpusKeepsNackIfOffered) {
  const auto planned = plan_text(session_lines("0") + media_lines("0", "audio", "sendonly", kOpusLines) +
                                 "a=rtcp-fb:111 nack\r\na=rtcp-fb:111 nack pli\r\n");
  ASSERT_TRUE(planned.has_value());
  EXPECT_EQ(planned->media[0].codecs[0].feedback, (Feedback{.nack = true}));
}

TEST(Negotiation, ThePolicyForbidsKindsAndDirections) {
  const std::string text = session_lines("0 1 2") + media_lines("0", "video", "sendonly", kVp8Lines) +
                           media_lines("1", "video", "sendrecv", kVp8Lines) +
                           media_lines("2", "audio", "recvonly", kOpusLines);
  const auto viewer = plan_text(text, Policy{.publish_audio = false, .publish_video = false});
  ASSERT_TRUE(viewer.has_value());
  EXPECT_EQ(viewer->media[0].rejected, MediaRejection::kNotAllowed);
  EXPECT_FALSE(viewer->media[1].receives_from_client);
  EXPECT_TRUE(viewer->media[1].sends_to_client);
  EXPECT_TRUE(viewer->media[2].sends_to_client);
  EXPECT_TRUE(contains(answer_text(*viewer), "a=group:BUNDLE 1 2\r\n"));

  const auto silent = plan_text(text, Policy{.publish_audio = false, .receive_audio = false});
  ASSERT_TRUE(silent.has_value());
  EXPECT_EQ(silent->media[2].rejected, MediaRejection::kNotAllowed);
}

TEST(Negotiation, ThePolicyLimitsTracksAndSlots) {
  const std::string text = session_lines("0 1 2") + media_lines("0", "video", "sendrecv", kVp8Lines) +
                           media_lines("1", "video", "sendrecv", kVp8Lines) +
                           media_lines("2", "video", "sendonly", kVp8Lines);
  const auto planned = plan_text(text, Policy{.publish_media_max = 1, .receive_media_max = 2});
  ASSERT_TRUE(planned.has_value());
  EXPECT_TRUE(planned->media[0].receives_from_client && planned->media[0].sends_to_client);
  EXPECT_FALSE(planned->media[1].receives_from_client);
  EXPECT_TRUE(planned->media[1].sends_to_client);
  EXPECT_EQ(planned->media[2].rejected, MediaRejection::kTooMany);
}

TEST(Negotiation, InactiveLinesKeepTheirPlace) {
  const auto planned = plan_text(replaced(kSmallOffer, "sendonly", "inactive"));
  ASSERT_TRUE(planned.has_value());
  EXPECT_TRUE(planned->media[0].accepted());
  EXPECT_FALSE(planned->media[0].receives_from_client || planned->media[0].sends_to_client);
  EXPECT_TRUE(contains(answer_text(*planned), "a=inactive\r\n"));
}

TEST(Negotiation, DisabledLinesNeedNeitherMidNorBundle) {
  const auto planned = plan_text(std::string(kSmallOffer) + "m=audio 0 UDP/TLS/RTP/SAVPF 0\r\n");
  ASSERT_TRUE(planned.has_value());
  EXPECT_EQ(planned->media[1].rejected, MediaRejection::kDisabledByOffer);
  EXPECT_TRUE(contains(answer_text(*planned), "m=audio 0 UDP/TLS/RTP/SAVPF 0\r\n"));
  const auto all_disabled = plan_text("v=0\r\nm=audio 0 UDP/TLS/RTP/SAVPF 0\r\n");
  ASSERT_TRUE(all_disabled.has_value());
  EXPECT_FALSE(all_disabled->remote.has_value());
  EXPECT_TRUE(contains(answer_text(*all_disabled), "m=audio 0 "));
}

TEST(Negotiation, LayersBeyondThePolicyAreDropped) {
  const std::string text = std::string(kSmallOffer) +
                           "a=extmap:10 urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id\r\n"
                           "a=rid:a send\r\na=rid:b send pt=96;max-width=640\r\na=rid:c send\r\na=rid:d send\r\n"
                           "a=simulcast:send d;b;c;a\r\n";
  const auto planned = plan_text(text);
  ASSERT_TRUE(planned.has_value());
  EXPECT_EQ(planned->media[0].rids, (std::vector<std::string>{"d", "b", "c"}));
  const std::string reply = answer_text(*planned);
  EXPECT_TRUE(contains(reply, "a=rid:d recv\r\na=rid:b recv pt=96;max-width=640\r\na=rid:c recv\r\n"));
  EXPECT_TRUE(contains(reply, "a=simulcast:recv d;b;c\r\n"));
  const auto four = plan_text(text, Policy{.simulcast_layers_max = 4});
  ASSERT_TRUE(four.has_value());
  EXPECT_EQ(four->media[0].rids.size(), 4U);
}

TEST(Negotiation, RidsThatCannotBeToldApartAreNotTaken) {
  const std::string_view extension = "a=extmap:10 urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id\r\n";
  const std::string layers =
      "a=rid:a send pt=97\r\na=rid:b send\r\na=rid:b12345678901234567 send\r\n"
      "a=simulcast:send a;b;b;undeclared;b12345678901234567\r\n";
  const auto planned = plan_text(std::string(kSmallOffer) + std::string(extension) + layers);
  ASSERT_TRUE(planned.has_value());
  EXPECT_EQ(planned->media[0].rids, std::vector<std::string>{"b"});
  const auto without = plan_text(std::string(kSmallOffer) + layers);
  ASSERT_TRUE(without.has_value());
  EXPECT_TRUE(without->media[0].rids.empty());
  EXPECT_FALSE(contains(answer_text(*without), "simulcast"));
}

TEST(Negotiation, LegacySimulcastGroupIsNoted) {
  const auto planned = plan_text(std::string(kSmallOffer) +
                                 "a=ssrc-group:SIM 1 2\r\na=ssrc-group:FID 1 11\r\na=ssrc-group:FID 2 12\r\n"
                                 "a=ssrc:1 cname:c\r\na=ssrc:2 cname:c\r\na=ssrc:11 cname:c\r\na=ssrc:12 cname:c\r\n");
  ASSERT_TRUE(planned.has_value());
  EXPECT_EQ(planned->media[0].simulcast_ssrcs, (std::vector<Ssrc>{Ssrc(1), Ssrc(2)}));
  EXPECT_EQ(planned->media[0].sources, (std::vector<SourcePair>{{Ssrc(1), Ssrc(11)}, {Ssrc(2), Ssrc(12)}}));
  EXPECT_EQ(planned->media[0].client_ssrcs.size(), 4U);
}

TEST(Negotiation, PayloadTypesAreLookedUpWithTheirRtx) {
  const auto planned = plan_text(
      small_offer_with("96 97", "a=rtpmap:96 VP8/90000\r\na=rtpmap:97 rtx/90000\r\na=fmtp:97 rtx-time=200;apt=96\r\n"));
  ASSERT_TRUE(planned.has_value());
  const auto& codecs = planned->media[0].codecs;
  const auto media = find_payload_type(codecs, 96);
  ASSERT_TRUE(media.has_value());
  EXPECT_FALSE(media->is_rtx);
  const auto rtx = find_payload_type(codecs, 97);
  ASSERT_TRUE(rtx.has_value());
  EXPECT_TRUE(rtx->is_rtx);
  EXPECT_EQ(rtx->codec->codec, Codec::kVp8);
  EXPECT_FALSE(find_payload_type(codecs, 98).has_value());
}

TEST(OneWay, AnOfferOfBothWaysMayBeServedInOne) {
  const std::string both = session_lines("a v") + media_lines("a", "audio", "sendrecv", kOpusLines) +
                           media_lines("v", "video", "sendonly", kVp8Lines);
  const auto planned = plan_text(both, {.receive_audio = false, .receive_video = false});
  ASSERT_TRUE(planned.has_value());
  EXPECT_FALSE(check_one_way(*planned, Direction::kSendOnly).has_value());
  for (const MediaDescription& media : planned->media) {
    EXPECT_TRUE(media.receives_from_client && !media.sends_to_client) << media.mid;
  }
}

TEST(OneWay, ALineOfTheOtherWayIsRefusedWithItsPlace) {
  for (const std::string_view other : {"recvonly", "inactive"}) {
    const auto planned = plan_text(session_lines("a v") + media_lines("a", "audio", "sendonly", kOpusLines) +
                                   media_lines("v", "video", other, kVp8Lines));
    ASSERT_TRUE(planned.has_value());
    const auto refusal = check_one_way(*planned, Direction::kSendOnly);
    ASSERT_TRUE(refusal.has_value());
    EXPECT_EQ(refusal->error, SdpError::kDirectionNotAllowed);
    EXPECT_EQ(refusal->line, 15U);  // nine lines of the session, five of the sound
  }
}

TEST(OneWay, WhatIsNotAcceptedIsRefusedInsteadOfLeftOut) {
  const std::string h265 = "a=rtpmap:96 H265/90000\r\n";
  const auto planned = plan_text(session_lines("a v") + media_lines("a", "audio", "sendonly", kOpusLines) +
                                 media_lines("v", "video", "sendonly", h265));
  ASSERT_TRUE(planned.has_value());
  const auto refusal = check_one_way(*planned, Direction::kSendOnly);
  ASSERT_TRUE(refusal.has_value());
  EXPECT_EQ(refusal->error, SdpError::kCodecNone);
}

TEST(Renegotiation, MediaLinesStayWhereTheyAre) {
  const auto first = plan_text(session_lines("0 1") + media_lines("0", "video", "sendonly", kVp8Lines) +
                               media_lines("1", "audio", "sendonly", kOpusLines));
  ASSERT_TRUE(first.has_value());
  EXPECT_FALSE(check_renegotiation(first->media, *first).has_value());

  const auto more =
      plan_text(session_lines("0 1 2") + media_lines("0", "video", "sendonly", kVp8Lines) +
                media_lines("1", "audio", "sendonly", kOpusLines) + media_lines("2", "video", "recvonly", kVp8Lines));
  ASSERT_TRUE(more.has_value());
  EXPECT_FALSE(check_renegotiation(first->media, *more).has_value());
  EXPECT_EQ(check_renegotiation(more->media, *first), (SdpRefusal{SdpError::kMediaRemoved, 0}));

  const auto swapped = plan_text(session_lines("0 1") + media_lines("1", "audio", "sendonly", kOpusLines) +
                                 media_lines("0", "video", "sendonly", kVp8Lines));
  ASSERT_TRUE(swapped.has_value());
  EXPECT_EQ(check_renegotiation(first->media, *swapped), (SdpRefusal{SdpError::kMediaReordered, 10}));
}

TEST(Renegotiation, ADisabledLineMayBeRecycledUnderANewMid) {
  const std::string second_line = media_lines("1", "audio", "sendonly", kOpusLines);
  const auto stopped = plan_text(session_lines("1") + "m=video 0 UDP/TLS/RTP/SAVPF 96\r\na=mid:0\r\n" + second_line);
  ASSERT_TRUE(stopped.has_value());
  const auto recycled =
      plan_text(session_lines("2 1") + media_lines("2", "video", "recvonly", kVp8Lines) + second_line);
  ASSERT_TRUE(recycled.has_value());
  EXPECT_FALSE(check_renegotiation(stopped->media, *recycled).has_value());
  EXPECT_TRUE(recycled->media[0].sends_to_client);
  // Not while the line is in use.
  EXPECT_EQ(check_renegotiation(recycled->media, *stopped).value_or(SdpRefusal{}).error, SdpError::kMediaReordered);
}

}  // namespace
}  // namespace eir::sdp
