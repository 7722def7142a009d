#include "server/api/sdp_fragment.h"

#include <gtest/gtest.h>

#include <vector>

namespace eir {
namespace {

TEST(SdpFragment, CredentialsAndCandidatesOfAnSectionAreRead) {
  // RFC 9725 section 4.3.2.
  const auto fragment = parse_sdp_fragment(
      "a=ice-ufrag:EsAw\r\n"
      "a=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1\r\n"
      "m=audio 9 RTP/AVP 0\r\n"
      "a=mid:0\r\n"
      "a=candidate:1387637174 1 udp 2122260223 192.0.2.1 61764 typ host generation 0 ufrag EsAw network-id 1\r\n"
      "a=candidate:473322822 1 tcp 1518280447 192.0.2.1 9 typ host tcptype active generation 0\r\n"
      "a=end-of-candidates\r\n");
  ASSERT_TRUE(fragment);
  EXPECT_EQ(fragment->ufrag, "EsAw");
  EXPECT_EQ(fragment->password, "P2uYro0UCOQ4zxjKXaWCBui1");
  EXPECT_EQ(fragment->candidates, 2U);
}

TEST(SdpFragment, NothingAtAllAndLinesWithoutCarriageReturnsAreFine) {
  ASSERT_TRUE(parse_sdp_fragment(""));
  EXPECT_TRUE(parse_sdp_fragment("")->ufrag.empty());
  const auto fragment = parse_sdp_fragment("a=ice-ufrag:abcd\na=ice-pwd:0123456789012345678901");
  ASSERT_TRUE(fragment);
  EXPECT_EQ(fragment->password, "0123456789012345678901");
}

TEST(SdpFragment, EachSectionMayRepeatTheCredentialsButNotContradictThem) {
  const std::string credentials = "a=ice-ufrag:abcd\r\na=ice-pwd:0123456789012345678901\r\n";
  EXPECT_TRUE(parse_sdp_fragment(credentials + "m=audio 9 RTP/AVP 0\r\n" + credentials));
  EXPECT_FALSE(parse_sdp_fragment(credentials + "a=ice-ufrag:abce\r\n"));
  EXPECT_FALSE(parse_sdp_fragment(credentials + "a=ice-pwd:1123456789012345678901\r\n"));
}

TEST(SdpFragment, LengthsAreThoseOfTheRfc) {
  // RFC 8839 section 5.4: ufrag 4 to 256, password 22 to 256 ice-chars.
  const auto parses = [](size_t ufrag, size_t password) {
    return parse_sdp_fragment("a=ice-ufrag:" + std::string(ufrag, 'u') + "\r\na=ice-pwd:" + std::string(password, 'p'))
        .has_value();
  };
  EXPECT_TRUE(parses(4, 22));
  EXPECT_TRUE(parses(256, 256));
  EXPECT_FALSE(parses(3, 22));
  EXPECT_FALSE(parses(257, 22));
  EXPECT_FALSE(parses(4, 21));
  EXPECT_FALSE(parses(4, 257));
}

TEST(SdpFragment, MalformedOnesAreRefused) {
  for (const char* text :
       {"nonsense", "a", "=x\r\n", "A=x\r\n", "\r\n\r\n", "a=ice-ufrag:abcd\r\n",
        "a=ice-pwd:0123456789012345678901\r\n", "a=ice-ufrag:ab d\r\n", "a=x\r\n\x01=y\r\n", "a=tab\there\r\n",
        "a=candidate:1\r\n", "a=candidate:1 1 udp x 192.0.2.1 9 typ host\r\n",
        "a=candidate:1 1 udp 1 192.0.2.1 9 host typ\r\n", "a=candidate:1 1  udp 1 192.0.2.1 9 typ host\r\n"}) {
    EXPECT_FALSE(parse_sdp_fragment(text)) << text;
  }
}

TEST(SdpFragment, NumbersOfLinesAndCandidatesAreBounded) {
  const auto repeated = [](const std::string& line, size_t times) {
    std::string text;
    for (size_t i = 0; i < times; ++i) text += line;
    return parse_sdp_fragment(text).has_value();
  };
  EXPECT_TRUE(repeated("a=x\r\n", kFragmentLinesMax));
  EXPECT_FALSE(repeated("a=x\r\n", kFragmentLinesMax + 1));
  const std::string candidate = "a=candidate:1 1 udp 1 192.0.2.1 9 typ host\r\n";
  EXPECT_TRUE(repeated(candidate, kFragmentCandidatesMax));
  EXPECT_FALSE(repeated(candidate, kFragmentCandidatesMax + 1));
}

TEST(SdpFragment, WhatIsPrintedCanBeRead) {
  const std::vector<std::string> candidates = {"1 1 udp 2130706431 192.0.2.9 40000 typ host"};
  const std::string text =
      print_sdp_fragment("ufrag", "0123456789012345678901", "m=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:0\r\n", candidates);
  EXPECT_EQ(text,
            "a=ice-lite\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:0\r\na=ice-ufrag:ufrag\r\n"
            "a=ice-pwd:0123456789012345678901\r\na=candidate:1 1 udp 2130706431 192.0.2.9 40000 typ host\r\n"
            "a=end-of-candidates\r\n");
  ASSERT_TRUE(parse_sdp_fragment(text));
  EXPECT_EQ(parse_sdp_fragment(text)->ufrag, "ufrag");
}

TEST(SdpFragment, TheUfragOfAnOfferIsItsFirst) {
  EXPECT_EQ(ice_ufrag_of("v=0\r\nm=audio 9 x 0\r\na=ice-ufrag:one1\r\nm=video 9 x 0\r\na=ice-ufrag:two2\r\n"), "one1");
  EXPECT_EQ(ice_ufrag_of("v=0\r\n"), "");
}

}  // namespace
}  // namespace eir
