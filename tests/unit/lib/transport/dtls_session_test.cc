#include "lib/transport/dtls_session.h"

#include <gtest/gtest.h>

#include <array>
#include <optional>
#include <vector>

#include "tests/unit/lib/transport/dtls_pair.h"

namespace eir {
namespace {

using Bytes = std::vector<uint8_t>;

void expect_equal(const SrtpMasterKey& a, const SrtpMasterKey& b) {
  EXPECT_EQ(a.key, b.key);
  EXPECT_EQ(a.salt, b.salt);
}

void expect_matching_keys(DtlsPair& pair, SrtpProfile profile) {
  const auto client = pair.client.take_keys();
  const auto server = pair.server.take_keys();
  ASSERT_TRUE(client && server);
  EXPECT_EQ(client->profile, profile);
  EXPECT_EQ(server->profile, profile);
  expect_equal(client->local, server->remote);
  expect_equal(client->remote, server->local);
  EXPECT_NE(client->local.key, client->remote.key);
  EXPECT_FALSE(pair.client.take_keys() || pair.server.take_keys());  // once only
}

std::vector<Bytes> drain(DtlsSession& session) {
  std::vector<Bytes> all;
  for (ByteView out = session.poll_transmit(); !out.empty(); out = session.poll_transmit()) {
    all.emplace_back(out.begin(), out.end());
  }
  return all;
}

TEST(DtlsSession, CleanHandshakeTakesTwoRoundTripsAndYieldsTheSameKeys) {
  DtlsPair pair(1, {});
  pair.start();
  pair.run(30s);
  ASSERT_TRUE(pair.both_are(DtlsState::kConnected));
  EXPECT_EQ(pair.now, Timestamp{} + 40ms);
  EXPECT_EQ(pair.client.counters().retransmits + pair.server.counters().retransmits, 0U);
  expect_matching_keys(pair, SrtpProfile::kAeadAes256Gcm);
}

struct Weather {
  const char* name;
  DtlsNetwork network;
  uint64_t seeds;
};

class DtlsWeather : public testing::TestWithParam<Weather> {};

TEST_P(DtlsWeather, EveryHandshakeCompletes) {
  for (uint64_t seed = 1; seed <= GetParam().seeds; ++seed) {
    SCOPED_TRACE(seed);
    DtlsPair pair(seed, GetParam().network);
    pair.start();
    pair.run(29s);
    ASSERT_TRUE(pair.both_are(DtlsState::kConnected))
        << "client " << static_cast<int>(pair.client.state()) << " server " << static_cast<int>(pair.server.state());
    expect_matching_keys(pair, SrtpProfile::kAeadAes256Gcm);
  }
}

INSTANTIATE_TEST_SUITE_P(
    , DtlsWeather,
    testing::Values(Weather{"Loss30", {.loss = 0.3, .delay_min = 10ms, .delay_max = 10ms}, 120},
                    Weather{"Reordered", {.delay_min = 5ms, .delay_max = 120ms}, 120},
                    Weather{"Duplicated", {.duplicates = 0.5, .delay_min = 5ms, .delay_max = 40ms}, 60},
                    Weather{"All", {.loss = 0.3, .duplicates = 0.3, .delay_min = 5ms, .delay_max = 300ms}, 120}),
    [](const auto& tested) { return tested.param.name; });

TEST(DtlsSession, ALostFlightIsRepeatedAfter50MsDoublingTo1S) {
  DtlsSession client(client_context(), DtlsRole::kClient);
  Timestamp now{};
  client.start(now);
  ASSERT_EQ(drain(client).size(), 1U);
  for (const Duration wait : {50ms, 100ms, 200ms, 400ms, 800ms, 1000ms, 1000ms}) {
    EXPECT_EQ(client.next_timeout(), now + wait);
    client.handle_timeout(now + wait - 1ns);
    EXPECT_TRUE(drain(client).empty());
    now += wait;
    client.handle_timeout(now);
    EXPECT_EQ(drain(client).size(), 1U);
  }
}

TEST(DtlsSession, GivesUpAfterItsTime) {
  for (const DtlsRole role : {DtlsRole::kClient, DtlsRole::kServer}) {
    DtlsSession client(client_context(), DtlsRole::kClient, {}, {.give_up_after = 5s});
    DtlsSession server(server_context(), DtlsRole::kServer, {}, {.give_up_after = 5s});
    DtlsSession& session = role == DtlsRole::kClient ? client : server;
    EXPECT_EQ(session.next_timeout(), kNever);
    client.start(Timestamp{});
    if (role == DtlsRole::kServer) server.handle_datagram(Timestamp{}, drain(client).at(0));
    Timestamp now{};
    while (session.next_timeout() != kNever) {
      now = session.next_timeout();
      session.handle_timeout(now);
    }
    EXPECT_EQ(now, Timestamp{} + 5s);
    EXPECT_EQ(session.state(), DtlsState::kFailed);
    EXPECT_EQ(session.failure(), DtlsFailure::kTimeout);
  }
}

// The peer does not know that we have its Finished until it has ours.
TEST(DtlsSession, ALostLastServerFlightIsRepeatedWhenTheClientRepeatsItsOwn) {
  DtlsPair pair(1, {});
  Timestamp now{};
  pair.client.start(now);
  for (const Bytes& hello : drain(pair.client)) pair.server.handle_datagram(now, hello);
  for (const Bytes& flight : drain(pair.server)) pair.client.handle_datagram(now, flight);
  for (const Bytes& finished : drain(pair.client)) pair.server.handle_datagram(now, finished);
  ASSERT_EQ(pair.server.state(), DtlsState::kConnected);
  EXPECT_FALSE(drain(pair.server).empty());  // lost
  for (int i = 0; i < 2; ++i) {              // and lost again
    now = pair.client.next_timeout();
    pair.client.handle_timeout(now);
    for (const Bytes& again : drain(pair.client)) pair.server.handle_datagram(now, again);
    if (i == 0) {
      EXPECT_FALSE(drain(pair.server).empty());
    }
  }
  for (const Bytes& flight : drain(pair.server)) pair.client.handle_datagram(now, flight);
  ASSERT_TRUE(pair.both_are(DtlsState::kConnected));
  expect_matching_keys(pair, SrtpProfile::kAeadAes256Gcm);
}

TEST(DtlsSession, ARepeatedRecordOfEpoch0HasANumberOfItsOwn) {
  DtlsSession client(client_context(), DtlsRole::kClient);
  client.start(Timestamp{});
  Bytes first = drain(client).at(0);
  client.handle_timeout(client.next_timeout());
  Bytes second = drain(client).at(0);
  EXPECT_EQ(Bytes(first.begin() + 5, first.begin() + 11), Bytes({0, 0, 0, 0, 0, 0}));
  EXPECT_EQ(Bytes(second.begin() + 5, second.begin() + 11), Bytes({0, 0, 0, 0, 0, 1}));
  second[10] = 0;
  EXPECT_EQ(first, second);
}

// RFC 6347 section 4.2.3: two records, each with a fragment of the ClientHello, as both browsers send it.
std::array<Bytes, 2> in_two_fragments(const Bytes& datagram, size_t first_size) {
  constexpr size_t kRecord = 13;
  constexpr size_t kMessage = 12;
  std::array<Bytes, 2> parts;
  const Bytes body(datagram.begin() + kRecord + kMessage, datagram.end());
  for (size_t i = 0; i < 2; ++i) {
    Bytes& part = parts[i];
    part.assign(datagram.begin(), datagram.begin() + kRecord + kMessage);
    const size_t offset = i == 0 ? 0 : first_size;
    const size_t size = i == 0 ? first_size : body.size() - first_size;
    part[10] = static_cast<uint8_t>(i);  // record number
    store_u16(&part[11], static_cast<uint16_t>(kMessage + size));
    store_u24(&part[kRecord + 6], static_cast<uint32_t>(offset));
    store_u24(&part[kRecord + 9], static_cast<uint32_t>(size));
    const auto begin = body.begin() + static_cast<std::ptrdiff_t>(offset);
    part.insert(part.end(), begin, begin + static_cast<std::ptrdiff_t>(size));
  }
  return parts;
}

TEST(DtlsSession, AClientHelloInTwoFragmentsIsAnsweredInEitherOrder) {
  for (const bool is_reversed : {false, true}) {
    DtlsPair pair(1, {});
    pair.start();
    const auto parts = in_two_fragments(drain(pair.client).at(0), 60);
    pair.server.handle_datagram(pair.now, parts[is_reversed ? 1 : 0]);
    EXPECT_TRUE(drain(pair.server).empty());
    pair.server.handle_datagram(pair.now, parts[is_reversed ? 0 : 1]);
    for (const Bytes& flight : drain(pair.server)) pair.client.handle_datagram(pair.now, flight);
    pair.run(10s);
    EXPECT_TRUE(pair.both_are(DtlsState::kConnected));
  }
}

TEST(DtlsSession, GarbageIsDroppedAndTheHandshakeGoesOn) {
  DtlsPair pair(1, {});
  SeededRandom random(5);
  pair.start();
  for (size_t i = 0; i < 300; ++i) {
    Bytes garbage(random.below(200));
    random.fill(garbage);
    if (i % 2 == 0 && garbage.size() > 1) garbage[0] = 22;
    pair.server.handle_datagram(pair.now, garbage);
    pair.client.handle_datagram(pair.now, garbage);
  }
  pair.run(10s);
  EXPECT_TRUE(pair.both_are(DtlsState::kConnected));
  EXPECT_EQ(pair.server.counters().malformed, 300U);
}

TEST(DtlsSession, GarbageAfterTheHandshakeChangesNothing) {
  DtlsPair pair(1, {});
  pair.start();
  pair.run(10s);
  SeededRandom random(6);
  for (uint8_t type = 20; type <= 23; ++type) {
    for (const uint8_t epoch : {0, 1, 2}) {
      Bytes record(13 + 40);
      random.fill(record);
      record[0] = type;
      store_u16(&record[1], 0xfefd);
      store_u16(&record[3], epoch);
      store_u16(&record[11], 40);
      pair.server.handle_datagram(pair.now, record);
      pair.client.handle_datagram(pair.now, record);
    }
  }
  EXPECT_TRUE(pair.both_are(DtlsState::kConnected));
}

// Each would make OpenSSL keep a read buffer of 17 kB; the real Finished must still get through.
TEST(DtlsSession, ForgedEarlyRecordsDoNotKeepTheFinishedOut) {
  DtlsPair pair(1, {});
  pair.start();
  for (const Bytes& hello : drain(pair.client)) pair.server.handle_datagram(pair.now, hello);
  for (uint16_t i = 0; i < 200; ++i) {
    Bytes forged = {20, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1};  // ChangeCipherSpec before its time
    forged[10] = 5;  // a number within the window: epoch 0 is not authenticated, higher ones would close it
    Bytes early(13 + 40, 0x77);
    early[0] = 22;
    store_u16(&early[1], 0xfefd);
    store_u16(&early[3], 1);
    store_u16(&early[9], static_cast<uint16_t>(i + 10));
    store_u16(&early[11], 40);
    forged.insert(forged.end(), early.begin(), early.end());
    pair.server.handle_datagram(pair.now, i % 2 == 0 ? forged : early);
  }
  for (const Bytes& flight : drain(pair.server)) pair.client.handle_datagram(pair.now, flight);
  pair.run(20s);
  ASSERT_TRUE(pair.both_are(DtlsState::kConnected));
  expect_matching_keys(pair, SrtpProfile::kAeadAes256Gcm);
}

TEST(DtlsSession, ASecondClientHelloDuringOrAfterTheHandshakeIsHarmless) {
  DtlsPair pair(1, {});
  DtlsSession other(client_context(), DtlsRole::kClient);
  other.start(pair.now);
  const Bytes second = drain(other).at(0);
  pair.start();
  pair.server.handle_datagram(pair.now, drain(pair.client).at(0));
  pair.server.handle_datagram(pair.now, second);
  pair.run(10s);
  ASSERT_TRUE(pair.both_are(DtlsState::kConnected));
  pair.server.handle_datagram(pair.now, second);
  EXPECT_EQ(pair.server.state(), DtlsState::kConnected);
  expect_matching_keys(pair, SrtpProfile::kAeadAes256Gcm);
}

TEST(DtlsSession, OversizedDatagramsAndMessagesAreDropped) {
  DtlsSession server(server_context(), DtlsRole::kServer);
  Bytes hello(13 + 12 + 100);
  hello[0] = 22;
  store_u16(&hello[1], 0xfefd);
  store_u16(&hello[11], 112);
  hello[13] = 1;
  store_u24(&hello[14], DtlsSession::kHandshakeMessageMax + 1);
  store_u24(&hello[22], 100);
  server.handle_datagram(Timestamp{}, hello);
  server.handle_datagram(Timestamp{}, Bytes(1501, 22));
  EXPECT_EQ(server.counters().oversized, 2U);
  store_u24(&hello[14], 200);
  store_u24(&hello[22], 0);  // an empty fragment of 200 bytes, then 100 bytes that are no message
  server.handle_datagram(Timestamp{}, hello);
  EXPECT_EQ(server.counters().malformed, 1U);
  EXPECT_EQ(server.next_timeout(), kNever);  // none of them began a handshake
}

TEST(DtlsSession, MoreDatagramsThanAHandshakeMayTakeEndIt) {
  DtlsSession server(server_context(), DtlsRole::kServer);
  Bytes fragment(13 + 12 + 1);
  fragment[0] = 22;
  store_u16(&fragment[1], 0xfefd);
  store_u16(&fragment[11], 13);
  fragment[13] = 1;
  store_u24(&fragment[14], 4000);
  store_u24(&fragment[22], 1);
  for (size_t i = 0; i < DtlsSession::kHandshakeDatagramsMax; ++i) {
    store_u16(&fragment[9], static_cast<uint16_t>(i));
    store_u24(&fragment[19], static_cast<uint32_t>(2 * i));
    server.handle_datagram(Timestamp{}, fragment);
    ASSERT_EQ(server.state(), DtlsState::kConnecting) << i;
  }
  server.handle_datagram(Timestamp{}, fragment);
  EXPECT_EQ(server.failure(), DtlsFailure::kTooManyDatagrams);
  EXPECT_EQ(server.next_timeout(), kNever);
}

TEST(DtlsSession, AWrongFingerprintYieldsNoKeysInEitherRole) {
  CertificateFingerprint wrong = server_certificate().fingerprint();
  wrong.bytes[31] ^= 1;
  {
    DtlsPair pair(1, {}, client_context(), server_context(), wrong, client_certificate().fingerprint());
    pair.start();
    pair.run(40s);
    EXPECT_EQ(pair.client.failure(), DtlsFailure::kFingerprintMismatch);
    EXPECT_EQ(pair.server.failure(), DtlsFailure::kPeerAlert);  // RFC 8122: bad_certificate
    EXPECT_FALSE(pair.client.take_keys() || pair.server.take_keys());
  }
  {
    DtlsPair pair(1, {}, client_context(), server_context(), server_certificate().fingerprint(), wrong);
    pair.start();
    pair.run(40s);
    EXPECT_EQ(pair.server.failure(), DtlsFailure::kFingerprintMismatch);
    EXPECT_EQ(pair.client.failure(), DtlsFailure::kPeerAlert);
    EXPECT_FALSE(pair.client.take_keys() || pair.server.take_keys());
  }
}

TEST(DtlsSession, KeysWaitForAFingerprintThatComesLate) {
  DtlsPair pair(1, {}, client_context(), server_context(), server_certificate().fingerprint(), {});
  pair.start();
  pair.run(5s);
  EXPECT_EQ(pair.client.state(), DtlsState::kConnected);
  EXPECT_EQ(pair.server.state(), DtlsState::kConnecting);
  EXPECT_FALSE(pair.server.take_keys());
  pair.server.set_expected_fingerprint(client_certificate().fingerprint());
  EXPECT_EQ(pair.server.state(), DtlsState::kConnected);
  expect_matching_keys(pair, SrtpProfile::kAeadAes256Gcm);
}

TEST(DtlsSession, AWrongFingerprintThatComesLateFailsToo) {
  DtlsPair pair(1, {}, client_context(), server_context(), server_certificate().fingerprint(), {});
  pair.start();
  pair.run(5s);
  pair.server.set_expected_fingerprint(server_certificate().fingerprint());
  EXPECT_EQ(pair.server.failure(), DtlsFailure::kFingerprintMismatch);
  EXPECT_FALSE(pair.server.take_keys());
  pair.run(6s);
  EXPECT_EQ(pair.client.state(), DtlsState::kClosed);  // told by close_notify
}

TEST(DtlsSession, AFingerprintThatNeverComesTimesOut) {
  DtlsPair pair(1, {}, client_context(), server_context(), server_certificate().fingerprint(), {});
  pair.start();
  pair.run(40s);
  EXPECT_EQ(pair.server.failure(), DtlsFailure::kTimeout);
  EXPECT_FALSE(pair.server.take_keys());
}

TEST(DtlsSession, Sha384AndSha512FingerprintsAreChecked) {
  for (const FingerprintHash hash : {FingerprintHash::kSha384, FingerprintHash::kSha512}) {
    const auto fingerprint = fingerprint_of(*client_certificate().x509(), hash);
    DtlsPair pair(1, {}, client_context(), server_context(), server_certificate().fingerprint(), fingerprint);
    pair.start();
    pair.run(5s);
    EXPECT_TRUE(pair.both_are(DtlsState::kConnected));
  }
}

struct ProfileCase {
  std::vector<SrtpProfile> client;
  std::vector<SrtpProfile> server;
  std::optional<SrtpProfile> chosen;
};

TEST(DtlsSession, TheServersFirstCommonProfileIsChosen) {
  constexpr auto kGcm256 = SrtpProfile::kAeadAes256Gcm;
  constexpr auto kGcm128 = SrtpProfile::kAeadAes128Gcm;
  constexpr auto kCm80 = SrtpProfile::kAes128CmSha1_80;
  const std::vector<ProfileCase> cases = {
      {{kCm80, kGcm128, kGcm256}, {kGcm256, kGcm128, kCm80}, kGcm256},  // the client's order does not count
      {{kCm80, kGcm128}, {kGcm256, kGcm128, kCm80}, kGcm128},
      {{kCm80}, {kGcm256, kGcm128, kCm80}, kCm80},
      {{kGcm256, kGcm128}, {kGcm128, kGcm256}, kGcm128},
      {{kCm80}, {kGcm256, kGcm128}, std::nullopt},  // policy forbids CM80
  };
  for (const ProfileCase& c : cases) {
    const DtlsContext client(client_certificate(), c.client);
    const DtlsContext server(server_certificate(), c.server);
    DtlsPair pair(1, {}, client, server, server_certificate().fingerprint(), client_certificate().fingerprint());
    pair.start();
    pair.run(40s);
    if (c.chosen) {
      ASSERT_TRUE(pair.both_are(DtlsState::kConnected));
      expect_matching_keys(pair, *c.chosen);
    } else {
      EXPECT_EQ(pair.server.failure(), DtlsFailure::kNoSrtpProfile);
      EXPECT_FALSE(pair.client.take_keys() || pair.server.take_keys());
    }
  }
}

TEST(DtlsSession, CloseTellsThePeer) {
  for (const bool client_closes : {true, false}) {
    DtlsPair pair(1, {});
    pair.start();
    pair.run(5s);
    (client_closes ? pair.client : pair.server).close(pair.now);
    pair.run(6s);
    EXPECT_TRUE(pair.both_are(DtlsState::kClosed));
    EXPECT_EQ(pair.client.next_timeout(), kNever);
    EXPECT_FALSE(pair.client.take_keys());
  }
}

TEST(DtlsSession, AClosedSessionIgnoresEverything) {
  DtlsSession client(client_context(), DtlsRole::kClient);
  client.close(Timestamp{});
  client.start(Timestamp{});
  client.handle_timeout(Timestamp{} + 1h);
  client.handle_datagram(Timestamp{} + 1h, Bytes(20, 22));
  EXPECT_TRUE(drain(client).empty());
  EXPECT_EQ(client.state(), DtlsState::kClosed);
}

}  // namespace
}  // namespace eir
