#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "lib/client/client.h"
#include "lib/sdp/parser.h"
#include "lib/transport/dtls_certificate.h"

// A client that answers: slots as a server's offer has them.
namespace eir {
namespace {

constexpr Timestamp kStart{Duration(1000s)};

constexpr std::string_view kSession =
    "v=0\r\no=- 1 1 IN IP4 192.0.2.2\r\ns=-\r\nt=0 0\r\na=group:BUNDLE a1 v1\r\na=ice-lite\r\n"
    "a=fingerprint:sha-256 00:01:02:03:04:05:06:07:08:09:0A:0B:0C:0D:0E:0F:"
    "10:11:12:13:14:15:16:17:18:19:1A:1B:1C:1D:1E:1F\r\n";
constexpr std::string_view kTransport =
    "c=IN IP4 192.0.2.2\r\na=rtcp-mux\r\na=ice-ufrag:abcd\r\na=ice-pwd:0123456789012345678901\r\na=setup:actpass\r\n"
    "a=candidate:1 1 udp 2015363327 192.0.2.2 46319 typ host\r\n";

std::string audio_line(std::string_view direction) {
  return "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:a1\r\na=" + std::string(direction) +
         "\r\na=rtpmap:111 opus/48000/2\r\na=extmap:5 urn:ietf:params:rtp-hdrext:sdes:mid\r\n"
         "a=ssrc:1001 cname:far\r\n" +
         std::string(kTransport);
}
std::string video_line(std::string_view codec) {
  return "m=video 9 UDP/TLS/RTP/SAVPF 96 97\r\na=mid:v1\r\na=sendonly\r\na=rtpmap:96 " + std::string(codec) +
         "/90000\r\na=rtcp-fb:96 nack\r\na=rtcp-fb:96 nack pli\r\na=rtcp-fb:96 goog-remb\r\n"
         "a=rtpmap:97 rtx/90000\r\na=fmtp:97 apt=96\r\n"
         "a=extmap:9 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01\r\n"
         "a=extmap:13 urn:3gpp:video-orientation\r\n"
         "a=ssrc-group:FID 1002 1003\r\na=ssrc:1002 cname:far\r\na=ssrc:1003 cname:far\r\n" +
         std::string(kTransport);
}
std::string offer_text(std::string_view codec = "VP8", std::string_view audio_direction = "sendonly") {
  return std::string(kSession) + audio_line(audio_direction) + video_line(codec);
}

class ClientAnswer : public testing::Test {
 protected:
  static ClientOptions publisher() {
    ClientOptions options;
    options.audio.emplace_back();
    return options;
  }

  DtlsCertificate certificate_ = DtlsCertificate::generate(1'700'000'000);
  DtlsContext context_{certificate_};
  SeededRandom random_{1};
  Client client_{ClientOptions{}, context_, random_};
};

TEST_F(ClientAnswer, EveryLineThatTheServerSendsOnBecomesASlot) {
  ASSERT_TRUE(client_.handle_offer(kStart, offer_text()));
  ASSERT_EQ(client_.receivers().size(), 2U);
  const ClientReceiver& audio = *client_.receivers()[0];
  EXPECT_EQ(audio.mid(), "a1");
  EXPECT_EQ(audio.kind(), MediaKind::kAudio);
  EXPECT_TRUE(audio.is_agreed());
  EXPECT_EQ(audio.ssrc(), Ssrc(1001));
  const ClientReceiver& video = *client_.receivers()[1];
  EXPECT_EQ(video.mid(), "v1");
  EXPECT_EQ(video.ssrc(), Ssrc(1002));
  EXPECT_EQ(video.rtx_ssrc(), Ssrc(1003));
}

TEST_F(ClientAnswer, TheAnswerReceivesWithTheOffersNumbersAndIsTheDtlsClient) {
  const auto text = client_.handle_offer(kStart, offer_text());
  ASSERT_TRUE(text);
  const auto answer = sdp::parse(*text);
  ASSERT_TRUE(answer);
  ASSERT_EQ(answer->media.size(), 2U);
  const sdp::MediaSection& video = answer->media[1];
  EXPECT_EQ(video.mid, "v1");
  EXPECT_EQ(video.direction, sdp::Direction::kRecvOnly);
  EXPECT_EQ(video.transport.setup, sdp::DtlsSetup::kActive);
  EXPECT_EQ(video.transport.ice.ufrag, client_.local_ice().ufrag);
  ASSERT_EQ(video.codecs.size(), 2U);
  EXPECT_EQ(video.codecs[0].payload_type, 96);
  EXPECT_EQ(video.codecs[0].feedback, (sdp::Feedback{.nack = true, .nack_pli = true}));
  EXPECT_EQ(video.codecs[1].payload_type, 97);
  // Of the two extensions it knows one.
  ASSERT_EQ(video.extensions.size(), 1U);
  EXPECT_EQ(video.extensions[0].id, 9U);
}

TEST_F(ClientAnswer, ItChecksThePathAtOnce) {
  ASSERT_TRUE(client_.handle_offer(kStart, offer_text()));
  client_.handle_timeout(kStart);
  std::array<uint8_t, Client::kDatagramMax> out{};
  Path path;
  ASSERT_GT(client_.poll_transmit(out, path), 0U);
  EXPECT_EQ(path.remote, SocketAddress::v4({192, 0, 2, 2}, 46319));
}

TEST_F(ClientAnswer, ACodecThatASlotCannotDecodeIsRefusedAlone) {
  const auto text = client_.handle_offer(kStart, offer_text("AV1"));
  ASSERT_TRUE(text);
  const auto answer = sdp::parse(*text);
  ASSERT_TRUE(answer);
  EXPECT_FALSE(answer->media[0].is_disabled());
  EXPECT_TRUE(answer->media[1].is_disabled());
}

TEST_F(ClientAnswer, ALineOnWhichTheServerWantsToReceiveIsRefused) {
  const auto text = client_.handle_offer(kStart, offer_text("VP8", "recvonly"));
  ASSERT_TRUE(text);
  EXPECT_TRUE(sdp::parse(*text)->media[0].is_disabled());
  EXPECT_FALSE(client_.receivers()[0]->is_agreed());
}

TEST_F(ClientAnswer, OnlyAClientWithoutLinesOfItsOwnAnswers) {
  Client busy(publisher(), context_, random_);
  EXPECT_EQ(busy.handle_offer(kStart, offer_text()).error(), ClientRefusal::kAnswerMismatch);
  ASSERT_TRUE(client_.handle_offer(kStart, offer_text()));
  EXPECT_EQ(client_.handle_offer(kStart, offer_text()).error(), ClientRefusal::kAnswerMismatch);
}

TEST_F(ClientAnswer, AServerThatWillBeTheDtlsClientIsRefused) {
  std::string text = offer_text();
  for (size_t at = text.find("actpass"); at != std::string::npos; at = text.find("actpass")) {
    text.replace(at, 7, "active");
  }
  EXPECT_EQ(client_.handle_offer(kStart, text).error(), ClientRefusal::kAnswerMalformed);
  EXPECT_EQ(client_.handle_offer(kStart, "v=0\r\n").error(), ClientRefusal::kAnswerMalformed);
}

TEST_F(ClientAnswer, AnOfferWithoutAddressIsRefused) {
  std::string text = offer_text();
  for (size_t at = text.find("a=candidate"); at != std::string::npos; at = text.find("a=candidate")) {
    text.erase(at, text.find('\n', at) + 1 - at);
  }
  EXPECT_EQ(client_.handle_offer(kStart, text).error(), ClientRefusal::kNoCandidate);
}

TEST_F(ClientAnswer, AddressesAreToldAsHostCandidatesByPriority) {
  ClientOptions options = publisher();
  options.addresses = {SocketAddress::v4({127, 0, 0, 1}, 4000),
                       SocketAddress{{0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, 4001}};
  const auto offer = sdp::parse(Client(options, context_, random_).write_offer());
  ASSERT_TRUE(offer);
  const auto& candidates = offer->media[0].candidates;
  ASSERT_EQ(candidates.size(), 2U);
  EXPECT_EQ(candidates[0].address, "127.0.0.1");
  EXPECT_EQ(candidates[0].port, 4000);
  // 126 · 2^24 + 65535 · 2^8 + 255 (RFC 8445 section 5.1.2.1).
  EXPECT_EQ(candidates[0].priority, 2130706431U);
  EXPECT_EQ(candidates[0].type, "host");
  EXPECT_EQ(candidates[1].address, "2001:db8:0:0:0:0:0:1");
  EXPECT_EQ(candidates[1].priority, 2130706175U);
}

TEST_F(ClientAnswer, AnOfferSaysActiveWhereItIsToldTo) {
  ClientOptions options = publisher();
  EXPECT_NE(Client(options, context_, random_).write_offer().find("a=setup:actpass"), std::string::npos);
  options.offers_dtls_active = true;
  EXPECT_NE(Client(options, context_, random_).write_offer().find("a=setup:active\r\n"), std::string::npos);
}

}  // namespace
}  // namespace eir
