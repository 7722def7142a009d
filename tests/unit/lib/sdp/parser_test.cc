#include "lib/sdp/parser.h"

#include <gtest/gtest.h>

#include "tests/unit/lib/sdp/sdp_fixtures.h"

namespace eir::sdp {
namespace {

SdpRefusal refusal_of(std::string_view text) {
  const auto parsed = parse(text);
  EXPECT_FALSE(parsed.has_value());
  return parsed.has_value() ? SdpRefusal{SdpError::kNoMedia, 9999} : parsed.error();
}

SdpRefusal refusal_with_line(std::string_view attribute) {
  return refusal_of(std::string(kSmallOffer) + std::string(attribute) + "\r\n");
}

constexpr SdpRefusal kSyntaxInLine16 = {SdpError::kSyntax, 16};

std::string many(std::string_view prefix, size_t count, std::string_view suffix) {
  std::string text(kSmallOffer);
  for (size_t i = 0; i < count; ++i) text += std::string(prefix) + std::to_string(i + 1) + std::string(suffix) + "\r\n";
  return text;
}

TEST(SdpParser, ReadsWhatTheSmallOfferSays) {
  const auto parsed = parse(kSmallOffer);
  ASSERT_TRUE(parsed.has_value());
  EXPECT_EQ(parsed->session_id, "1");
  EXPECT_EQ(parsed->session_version, 1U);
  EXPECT_EQ(parsed->bundle, std::vector<std::string>{"0"});
  ASSERT_EQ(parsed->media.size(), 1U);
  const MediaSection& media = parsed->media[0];
  EXPECT_EQ(media.line, 6U);
  EXPECT_EQ(media.kind, SectionKind::kVideo);
  EXPECT_EQ(media.port, 9);
  EXPECT_EQ(media.protocol, "UDP/TLS/RTP/SAVPF");
  EXPECT_EQ(media.mid, "0");
  EXPECT_EQ(media.direction, Direction::kSendOnly);
  EXPECT_TRUE(media.rtcp_mux);
  EXPECT_FALSE(media.rtcp_rsize);
  EXPECT_EQ(media.transport.ice, (IceCredentials{"abcd", "0123456789012345678901"}));
  ASSERT_EQ(media.transport.fingerprints.size(), 1U);
  EXPECT_EQ(media.transport.fingerprints[0].size, 32);
  EXPECT_EQ(media.transport.fingerprints[0].bytes[31], 0x1f);
  EXPECT_EQ(media.transport.setup, DtlsSetup::kActpass);
  ASSERT_NE(media.codec(96), nullptr);
  EXPECT_EQ(media.codec(96)->name, "VP8");
  EXPECT_EQ(media.codec(97), nullptr);
}

TEST(SdpParser, LinesMayEndWithoutCarriageReturnAndTheLastWithoutAnything) {
  std::string text(kSmallOffer);
  std::erase(text, '\r');
  text.pop_back();
  const auto parsed = parse(text);
  ASSERT_TRUE(parsed.has_value());
  EXPECT_EQ(parsed->media[0].codecs[0].name, "VP8");
}

TEST(SdpParser, TextOf64KilobytesPassesAndOneByteMoreDoesNot) {
  std::string text(kSmallOffer);
  text += "a=x:";
  text.resize(kBytesMax, 'x');
  EXPECT_TRUE(parse(text).has_value());
  text += 'x';
  EXPECT_EQ(refusal_of(text), (SdpRefusal{SdpError::kTooLarge, 0}));
}

TEST(SdpParser, TwoThousandLinesPassAndOneMoreDoesNot) {
  std::string text(kSmallOffer);  // 15 lines
  for (size_t i = 15; i < kLinesMax; ++i) text += "a=x\n";
  EXPECT_TRUE(parse(text).has_value());
  text += "a=x\n";
  EXPECT_EQ(refusal_of(text), (SdpRefusal{SdpError::kTooManyLines, 2001}));
}

TEST(SdpParser, SixtyFourMediaLinesPassAndOneMoreDoesNot) {
  std::string text(kSmallOffer);  // one m-line
  for (size_t i = 1; i < kMediaMax; ++i) text += "m=audio 0 UDP/TLS/RTP/SAVPF 0\r\n";
  EXPECT_TRUE(parse(text).has_value());
  text += "m=audio 0 UDP/TLS/RTP/SAVPF 0\r\n";
  EXPECT_EQ(refusal_of(text), (SdpRefusal{SdpError::kTooManyMedia, 15 + 64}));
}

TEST(SdpParser, ListsOfAMediaLineAreLimited) {
  EXPECT_TRUE(parse(many("a=extmap:", kExtensionsMax, " urn:x")).has_value());
  EXPECT_EQ(refusal_of(many("a=extmap:", kExtensionsMax + 1, " urn:x")),
            (SdpRefusal{SdpError::kTooManyExtensions, 15 + 65}));
  EXPECT_TRUE(parse(many("a=rid:", kRidsMax, " send")).has_value());
  EXPECT_EQ(refusal_of(many("a=rid:", kRidsMax + 1, " send")).error, SdpError::kTooManyRids);
  EXPECT_TRUE(parse(many("a=ssrc:", kSsrcsMax, " cname:x")).has_value());
  EXPECT_EQ(refusal_of(many("a=ssrc:", kSsrcsMax + 1, " cname:x")).error, SdpError::kTooManySsrcs);
  EXPECT_TRUE(parse(many("a=ssrc-group:FID ", kSsrcsMax, " 9")).has_value());
  EXPECT_EQ(refusal_of(many("a=ssrc-group:FID ", kSsrcsMax + 1, " 9")).error, SdpError::kTooManySsrcs);
  EXPECT_TRUE(parse(many("a=candidate:1 1 udp 1 192.0.2.1 ", kCandidatesMax, " typ host")).has_value());
  EXPECT_EQ(refusal_of(many("a=candidate:1 1 udp 1 192.0.2.1 ", kCandidatesMax + 1, " typ host")).error,
            SdpError::kTooManyCandidates);
  EXPECT_TRUE(parse(many("a=fingerprint:sha-1 0", kFingerprintsMax - 1, "")).has_value());
  EXPECT_EQ(refusal_of(many("a=fingerprint:sha-1 0", kFingerprintsMax, "")).error, SdpError::kTooManyFingerprints);
}

TEST(SdpParser, ManyLinesOfOneSsrcAreOneEntry) {
  const auto parsed = parse(std::string(kSmallOffer) + "a=ssrc:7 cname:c\r\na=ssrc:7 msid:s t\r\na=ssrc:7 label:t\r\n");
  ASSERT_TRUE(parsed.has_value());
  ASSERT_EQ(parsed->media[0].ssrcs.size(), 1U);
  EXPECT_EQ(parsed->media[0].ssrcs[0].ssrc, Ssrc(7));
  EXPECT_EQ(parsed->media[0].ssrcs[0].cname, "c");
  EXPECT_EQ(parsed->media[0].ssrcs[0].stream_id, "s");
  EXPECT_EQ(parsed->media[0].ssrcs[0].track_id, "t");
}

TEST(SdpParser, NonDataFormatsAreLimited) {
  std::string text = "v=0\r\nm=application 9 UDP/DTLS/SCTP";
  for (size_t i = 0; i < kCodecsMax; ++i) text += " x";
  EXPECT_TRUE(parse(text).has_value());
  EXPECT_EQ(refusal_of(text + " x"), (SdpRefusal{SdpError::kTooManyCodecs, 2}));
}

TEST(SdpParser, PayloadTypesAreSevenBitsAndDistinct) {
  EXPECT_EQ(refusal_of("v=0\nm=audio 9 UDP/TLS/RTP/SAVPF 128\n"), (SdpRefusal{SdpError::kSyntax, 2}));
  EXPECT_EQ(refusal_of("v=0\nm=audio 9 UDP/TLS/RTP/SAVPF 8 8\n"), (SdpRefusal{SdpError::kSyntax, 2}));
  EXPECT_TRUE(parse("v=0\nm=audio 9 UDP/TLS/RTP/SAVPF 127\n").has_value());
}

TEST(SdpParser, StaticPayloadTypesNeedNoRtpmap) {
  const auto parsed = parse("v=0\nm=audio 9 UDP/TLS/RTP/SAVPF 0 8\n");
  ASSERT_TRUE(parsed.has_value());
  EXPECT_EQ(parsed->media[0].codecs[0].name, "PCMU");
  EXPECT_EQ(parsed->media[0].codecs[1].name, "PCMA");
  EXPECT_EQ(parsed->media[0].codecs[1].clock_rate, 8000U);
}

TEST(SdpParser, MalformedLinesAreNamedByTheirNumber) {
  EXPECT_EQ(refusal_of(""), (SdpRefusal{SdpError::kSyntax, 0}));
  EXPECT_EQ(refusal_of("hello"), (SdpRefusal{SdpError::kSyntax, 1}));
  EXPECT_EQ(refusal_of("v=1\n"), (SdpRefusal{SdpError::kSyntax, 1}));
  EXPECT_EQ(refusal_of("o=- 1 1 IN IP4 0.0.0.0\nv=0\n"), (SdpRefusal{SdpError::kSyntax, 1}));
  EXPECT_EQ(refusal_of("v=0\no=- x\n"), (SdpRefusal{SdpError::kSyntax, 2}));
  EXPECT_EQ(refusal_of("v=0\nm=audio\n"), (SdpRefusal{SdpError::kSyntax, 2}));
  EXPECT_EQ(refusal_of("v=0\nm=audio 9 UDP/TLS/RTP/SAVPF\n"), (SdpRefusal{SdpError::kSyntax, 2}));
  EXPECT_EQ(refusal_of("v=0\nm=audio 65536 UDP/TLS/RTP/SAVPF 0\n"), (SdpRefusal{SdpError::kSyntax, 2}));
  EXPECT_EQ(refusal_of("v=0\nm=audio 9/2 UDP/TLS/RTP/SAVPF 0\n"), (SdpRefusal{SdpError::kSyntax, 2}));
  for (const std::string_view line : {"x",
                                      "ab",
                                      "a=mid:",
                                      "a=mid:1",
                                      "a=rtpmap:96",
                                      "a=rtpmap:96 VP8",
                                      "a=rtpmap:x VP8/90000",
                                      "a=rtpmap:128 VP8/90000",
                                      "a=rtpmap:96 VP8/90000/x",
                                      "a=fmtp:x a=1",
                                      "a=rtcp-fb:96",
                                      "a=rtcp-fb:*",
                                      "a=extmap:0 urn:x",
                                      "a=extmap:1",
                                      "a=extmap:1/up urn:x",
                                      "a=extmap:65536 urn:x",
                                      "a=rid:q",
                                      "a=rid:q sideways",
                                      "a=simulcast:send",
                                      "a=simulcast:send ;q",
                                      "a=simulcast:both q",
                                      "a=msid:",
                                      "a=ssrc:1",
                                      "a=ssrc:4294967296 cname:x",
                                      "a=ssrc-group:",
                                      "a=ssrc-group:FID x",
                                      "a=candidate:1 1 udp 1 192.0.2.1 1",
                                      "a=candidate:1 1 udp 1 192.0.2.1 70000 typ host",
                                      "a=candidate:1 1 udp x 192.0.2.1 1 typ host",
                                      "a=fingerprint:sha-256",
                                      "a=fingerprint:sha-256 0",
                                      "a=fingerprint:sha-256 000",
                                      "a=fingerprint:sha-256 00:",
                                      "a=fingerprint:sha-256 00:0G",
                                      "a=fingerprint:sha-256 00:00 00",
                                      "a=setup:maybe"}) {
    EXPECT_EQ(refusal_with_line(line), kSyntaxInLine16) << line;
  }
}

TEST(SdpParser, ControlCharactersAreRefusedSoThatNothingMirroredBreaksALine) {
  EXPECT_EQ(refusal_with_line("a=fmtp:96 x=1\ra=evil"), kSyntaxInLine16);
  EXPECT_EQ(refusal_with_line(std::string_view("a=x:\0", 5)), kSyntaxInLine16);
  EXPECT_EQ(refusal_with_line("a=x:\x7f"), kSyntaxInLine16);
  EXPECT_TRUE(parse(std::string(kSmallOffer) + "a=x:\xc3\xa9\r\n").has_value());
}

TEST(SdpParser, AFingerprintLongerThanAnyKnownHashIsSkipped) {
  std::string at_most = "a=fingerprint:sha-512 FF";
  for (int i = 1; i < 64; ++i) at_most += ":FF";
  const auto parsed = parse(std::string(kSmallOffer) + at_most + "\r\n" + at_most + ":FF\r\n");
  ASSERT_TRUE(parsed.has_value());
  ASSERT_EQ(parsed->media[0].transport.fingerprints.size(), 2U);  // the offer's own and the first of these
  EXPECT_EQ(parsed->media[0].transport.fingerprints[1].size, 64);
}

TEST(SdpParser, UnknownLinesAndAttributesAreSkipped) {
  EXPECT_TRUE(
      parse(std::string(kSmallOffer) + "b=AS:500\r\nz=0\r\na=unknown\r\na=unknown:value\r\na=\r\n").has_value());
}

TEST(SdpParser, FeedbackForAllCodecsReachesEachOfThem) {
  const auto parsed = parse("v=0\nm=video 9 UDP/TLS/RTP/SAVPF 96 97\na=rtcp-fb:* nack pli\na=rtcp-fb:97 nack \n");
  ASSERT_TRUE(parsed.has_value());
  EXPECT_TRUE(parsed->media[0].codec(96)->feedback.nack_pli);
  EXPECT_FALSE(parsed->media[0].codec(96)->feedback.nack);
  EXPECT_TRUE(parsed->media[0].codec(97)->feedback.nack_pli);
  EXPECT_TRUE(parsed->media[0].codec(97)->feedback.nack);
}

TEST(SdpParser, SimulcastListsTakeTheFirstAlternativeOfEachLayer) {
  const auto parsed = parse("v=0\nm=video 9 UDP/TLS/RTP/SAVPF 96\na=simulcast:send a,b;~c recv d\n");
  ASSERT_TRUE(parsed.has_value());
  EXPECT_EQ(parsed->media[0].simulcast_send, (std::vector<std::string>{"a", "c"}));
  EXPECT_EQ(parsed->media[0].simulcast_recv, std::vector<std::string>{"d"});
}

TEST(SdpParser, TheSessionsDirectionHoldsForMediaThatNameNone) {
  const auto parsed = parse("v=0\na=recvonly\nm=audio 9 RTP/AVP 0\nm=audio 9 RTP/AVP 0\na=inactive\n");
  ASSERT_TRUE(parsed.has_value());
  EXPECT_EQ(parsed->media[0].direction, Direction::kRecvOnly);
  EXPECT_EQ(parsed->media[1].direction, Direction::kInactive);
}

TEST(SdpParser, OnlyTheFirstBundleGroupCounts) {
  const auto parsed = parse("v=0\na=group:LS 9\na=group:BUNDLE a b\na=group:BUNDLE c\nm=audio 9 RTP/AVP 0\n");
  ASSERT_TRUE(parsed.has_value());
  EXPECT_EQ(parsed->bundle, (std::vector<std::string>{"a", "b"}));
}

TEST(SdpParser, CandidatesOfUnknownTransportsAreSkipped) {
  const auto parsed = parse(
      "v=0\nm=audio 9 RTP/AVP 0\n"
      "a=candidate:1 1 sctp 1 192.0.2.1 1 typ host\n"
      "a=candidate:2 1 TCP 5 2001:db8::1 9 typ host tcptype active generation 0\n");
  ASSERT_TRUE(parsed.has_value());
  ASSERT_EQ(parsed->media[0].candidates.size(), 1U);
  EXPECT_EQ(parsed->media[0].candidates[0], (Candidate{.foundation = "2",
                                                       .component = 1,
                                                       .tcp = true,
                                                       .priority = 5,
                                                       .address = "2001:db8::1",
                                                       .port = 9,
                                                       .type = "host",
                                                       .tcp_type = "active"}));
}

}  // namespace
}  // namespace eir::sdp
