#include "lib/sdp/printer.h"

#include <gtest/gtest.h>

#include "lib/sdp/parser.h"
#include "tests/unit/lib/sdp/sdp_fixtures.h"

namespace eir::sdp {
namespace {

TEST(SdpPrinter, WritesEachKindOfLine) {
  SessionDescription session;
  session.session_id = "12";
  session.session_version = 3;
  session.ice_lite = true;
  session.bundle = {"a"};
  session.extmap_allow_mixed = true;
  MediaSection& media = session.media.emplace_back();
  media.kind = SectionKind::kVideo;
  media.kind_text = "video";
  media.protocol = "UDP/TLS/RTP/SAVPF";
  media.mid = "a";
  media.direction = Direction::kRecvOnly;
  media.transport.ice = {"uf", "pw"};
  media.transport.fingerprints.push_back({.algorithm = "sha-256", .bytes = {0xab, 0x01}, .size = 2});
  media.transport.setup = DtlsSetup::kPassive;
  media.candidates.push_back(
      {.foundation = "f", .tcp = true, .priority = 7, .address = "::1", .port = 443, .tcp_type = "passive"});
  media.end_of_candidates = true;
  media.rtcp_mux = media.rtcp_rsize = media.receiver_rtt = true;
  media.extensions.push_back({.id = 3, .direction = Direction::kRecvOnly, .has_direction = true, .uri = "urn:x"});
  media.codecs.push_back({.payload_type = 96,
                          .name = "VP8",
                          .clock_rate = 90000,
                          .fmtp = "k=v",
                          .feedback = {.nack = true, .nack_pli = true, .ccm_fir = true, .transport_cc = true}});
  media.rids.push_back({"q", false, "max-fps=30"});
  media.simulcast_recv = {"q", "h"};
  media.stream_id = "s";
  media.track_id = "t";
  media.ssrc_groups.push_back({"FID", {Ssrc(1), Ssrc(2)}});
  media.ssrcs.push_back({Ssrc(1), "c", "s", "t"});

  EXPECT_EQ(print(session),
            "v=0\r\n"
            "o=- 12 3 IN IP4 127.0.0.1\r\n"
            "s=-\r\n"
            "t=0 0\r\n"
            "a=ice-lite\r\n"
            "a=group:BUNDLE a\r\n"
            "a=extmap-allow-mixed\r\n"
            "a=msid-semantic: WMS *\r\n"
            "m=video 9 UDP/TLS/RTP/SAVPF 96\r\n"
            "c=IN IP4 0.0.0.0\r\n"
            "a=mid:a\r\n"
            "a=recvonly\r\n"
            "a=ice-ufrag:uf\r\n"
            "a=ice-pwd:pw\r\n"
            "a=fingerprint:sha-256 AB:01\r\n"
            "a=setup:passive\r\n"
            "a=candidate:f 1 tcp 7 ::1 443 typ host tcptype passive\r\n"
            "a=end-of-candidates\r\n"
            "a=rtcp-mux\r\n"
            "a=rtcp-rsize\r\n"
            "a=rtcp-xr:rcvr-rtt=all\r\n"
            "a=extmap:3/recvonly urn:x\r\n"
            "a=msid:s t\r\n"
            "a=rtpmap:96 VP8/90000\r\n"
            "a=rtcp-fb:96 transport-cc\r\n"
            "a=rtcp-fb:96 ccm fir\r\n"
            "a=rtcp-fb:96 nack\r\n"
            "a=rtcp-fb:96 nack pli\r\n"
            "a=fmtp:96 k=v\r\n"
            "a=rid:q recv max-fps=30\r\n"
            "a=simulcast:recv q;h\r\n"
            "a=ssrc-group:FID 1 2\r\n"
            "a=ssrc:1 cname:c\r\n"
            "a=ssrc:1 msid:s t\r\n");
}

TEST(SdpPrinter, WhatIsPrintedReadsTheSameAgain) {
  for (const char* name : {"chromium156_full_av_dc", "firefox153_simulcast3", "gstreamer122_whip"}) {
    const auto first = parse(read_offer(name));
    ASSERT_TRUE(first.has_value()) << name;
    const std::string text = print(*first);
    const auto second = parse(text);
    ASSERT_TRUE(second.has_value()) << name;
    EXPECT_EQ(print(*second), text) << name;
    EXPECT_EQ(second->media.size(), first->media.size()) << name;
  }
}

}  // namespace
}  // namespace eir::sdp
