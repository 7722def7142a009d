#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <vector>

#include "lib/base/packet.h"
#include "lib/client/client.h"
#include "lib/sdp/negotiate.h"
#include "lib/sdp/parser.h"
#include "lib/transport/dtls_certificate.h"
#include "lib/transport/srtp_crypto.h"
#include "lib/transport/transport.h"

// A Client against a Transport alone, over a line that loses datagrams: ICE, DTLS and SRTP of both sides, no router.
namespace eir {
namespace {

constexpr Timestamp kStart{Duration(1000s)};
const SocketAddress kServerAddress = SocketAddress::v4({198, 51, 100, 1}, 3478);
const SocketAddress kClientAddress = SocketAddress::v4({203, 0, 113, 9}, 4444);

struct Identity {
  DtlsCertificate certificate = DtlsCertificate::generate(1'700'000'000);
  DtlsContext context{certificate};
};

ClientOptions one_track() {
  ClientOptions options;
  options.audio = {AudioTrackOptions{}};
  options.video = {VideoTrackOptions{}};
  return options;
}

class Pair {
 public:
  Pair(uint64_t seed, double loss)
      : random_(seed),
        loss_(loss),
        client(one_track(), client_identity.context, random_),
        server_credentials_(make_ice_credentials(random_)),
        server(kStart, TransportId(1), server_identity.context, server_credentials_) {}

  bool negotiate() {
    const auto offer = sdp::parse(client.write_offer());
    if (!offer) return false;
    const auto planned = sdp::plan(*offer, sdp::Policy{});
    if (!planned) return false;
    sdp::ServerParameters parameters;
    parameters.ice = {server_credentials_.ufrag, server_credentials_.pwd};
    parameters.cname = "server";
    parameters.fingerprint = fingerprint_line(server_identity.context.fingerprint());
    const sdp::Negotiated done = sdp::answer(*planned, parameters, {});
    const auto client_fingerprint =
        CertificateFingerprint::parse("sha-256", client_identity.context.fingerprint().text());
    server.set_rtcp_ssrc(Ssrc(7));
    server.set_remote(done.remote->ice.ufrag, expected.value_or(*client_fingerprint));
    return client.handle_answer(now, done.answer, std::array{kServerAddress}).has_value();
  }

  void run(Duration length) {
    const Timestamp end = now + length;
    step();
    while (next() <= end) {
      now = std::max(now, next());
      step();
    }
    now = end;
  }

  Timestamp now = kStart;
  Identity client_identity;
  Identity server_identity;

 private:
  SeededRandom random_;
  double loss_;

 public:
  Client client;

 private:
  IceCredentials server_credentials_;

 public:
  Transport server;
  std::optional<CertificateFingerprint> expected;
  uint64_t rtp = 0;
  uint64_t rtcp = 0;
  std::vector<uint32_t> ssrcs;

 private:
  struct InFlight {
    bool to_server;
    std::vector<uint8_t> bytes;
  };

  static sdp::Fingerprint fingerprint_line(const CertificateFingerprint& from) {
    sdp::Fingerprint line;
    line.algorithm = from.algorithm();
    line.bytes = from.bytes;
    line.size = static_cast<uint8_t>(from.size());
    return line;
  }

  Timestamp next() const {
    const Timestamp arrival = flying_.empty() ? kNever : flying_.begin()->first;
    return std::min({arrival, client.next_timeout(), server.next_timeout()});
  }

  void send(bool to_server, ByteView bytes) {
    if (random_.chance(loss_)) return;
    flying_.emplace(now + 20ms, InFlight{to_server, {bytes.begin(), bytes.end()}});
  }

  void step() {
    while (!flying_.empty() && flying_.begin()->first <= now) {
      InFlight datagram = std::move(flying_.begin()->second);
      flying_.erase(flying_.begin());
      if (datagram.to_server) {
        give_server(datagram.bytes);
      } else {
        client.handle_datagram(now, datagram.bytes, {0, kServerAddress});
      }
    }
    client.handle_timeout(now);
    server.handle_timeout(now);
    std::array<uint8_t, Client::kDatagramMax> buffer{};
    Path path;
    while (const size_t size = client.poll_transmit(buffer, path)) send(true, ByteView(buffer).first(size));
    while (const auto out = server.poll_transmit()) send(false, out->bytes);
    while (server.poll_event()) {
    }
  }

  void give_server(ByteView bytes) {
    const Path path{0, kClientAddress};
    PacketPtr packet = pool_.allocate();
    ASSERT_TRUE(packet->assign(bytes));
    switch (classify(bytes)) {
      case PacketClass::kStun: {
        std::array<uint8_t, 512> reply{};
        const auto outcome = server.handle_stun(now, *StunMessage::parse(bytes), path, reply);
        if (outcome.reply_size > 0) send(false, ByteView(reply).first(outcome.reply_size));
        return;
      }
      case PacketClass::kDtls:
        return server.handle_dtls(now, bytes, path);
      case PacketClass::kRtp:
        if (!server.unprotect_rtp(now, *packet, path)) return;
        ++rtp;
        ssrcs.push_back(load_u32(&packet->bytes()[8]));
        return;
      case PacketClass::kRtcp:
        rtcp += server.unprotect_rtcp(now, *packet, path) ? 1 : 0;
        return;
      case PacketClass::kOther:
        FAIL() << "the client sent noise";
    }
  }

  PacketPool pool_{64};
  std::multimap<Timestamp, InFlight> flying_;
};

class ClientHandshake : public testing::Test {
 protected:
  static void SetUpTestSuite() { ASSERT_TRUE(install_srtp_engine(SrtpEngine::kEvp).has_value()); }
};

TEST_F(ClientHandshake, MediaFlowsWithinThreeRoundTrips) {
  Pair pair(1, 0.0);
  ASSERT_TRUE(pair.negotiate());
  pair.run(130ms);  // 40 ms each for a check and the two of DTLS
  EXPECT_TRUE(pair.client.is_connected());
  EXPECT_TRUE(pair.server.is_connected());
  pair.run(1s);
  EXPECT_GT(pair.rtp, 90U);  // 50 of sound, 2 or 3 per frame of picture
  EXPECT_GE(pair.rtcp, 2U);  // a sender report of each
  std::sort(pair.ssrcs.begin(), pair.ssrcs.end());
  pair.ssrcs.erase(std::unique(pair.ssrcs.begin(), pair.ssrcs.end()), pair.ssrcs.end());
  EXPECT_EQ(pair.ssrcs.size(), 2U);
  EXPECT_EQ(pair.server.counters().drop_auth_failed, 0U);
}

TEST_F(ClientHandshake, ThirtyPercentLossDelaysButDoesNotPrevent) {
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    SCOPED_TRACE(seed);
    Pair pair(seed, 0.3);
    ASSERT_TRUE(pair.negotiate());
    pair.run(10s);
    EXPECT_TRUE(pair.client.is_connected());
    EXPECT_TRUE(pair.server.is_connected());
    EXPECT_GT(pair.rtp, 100U);
  }
}

TEST_F(ClientHandshake, AWrongFingerprintMeansNoMedia) {
  Pair pair(1, 0.0);
  pair.expected = pair.server_identity.context.fingerprint();  // not the client's
  ASSERT_TRUE(pair.negotiate());
  pair.run(5s);
  EXPECT_FALSE(pair.server.is_connected());
  EXPECT_EQ(pair.rtp, 0U);
}

TEST_F(ClientHandshake, ClosingSaysByeAndCloseNotify) {
  Pair pair(1, 0.0);
  ASSERT_TRUE(pair.negotiate());
  pair.run(1s);
  const uint64_t rtcp = pair.rtcp;
  pair.client.close(pair.now);
  pair.run(100ms);
  EXPECT_EQ(pair.rtcp, rtcp + 2);  // a BYE of each stream
  EXPECT_TRUE(pair.server.is_closed());
  const uint64_t rtp = pair.rtp;
  pair.run(5s);
  EXPECT_EQ(pair.rtp, rtp);
  EXPECT_EQ(pair.client.next_timeout(), kNever);
}

TEST_F(ClientHandshake, WhatIsNoAnswerIsRefused) {
  Pair pair(1, 0.0);
  EXPECT_EQ(pair.client.handle_answer(kStart, "v=0\r\n").error(), ClientRefusal::kAnswerMalformed);
}

}  // namespace
}  // namespace eir
