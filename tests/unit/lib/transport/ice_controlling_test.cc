#include "lib/transport/ice_controlling.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "lib/base/random.h"
#include "lib/transport/ice_lite.h"

namespace eir {
namespace {

constexpr Timestamp kStart{Duration(1000s)};
const IceCredentials kClient{"clnt", "clientpasswordclientpassword"};
const IceCredentials kServer{"srvr1234", "serverpasswordserverpassword"};

Path server_path(uint8_t host) { return {0, SocketAddress::v4({198, 51, 100, host}, 3478)}; }

IceControllingConfig config_of(std::vector<Path> pairs, IceControllingOptions options = {}) {
  return {.local = kClient, .remote = kServer, .pairs = std::move(pairs), .options = options};
}

struct Sent {
  std::vector<uint8_t> bytes;
  Path path;
  StunMessage message() const { return *StunMessage::parse(bytes); }
};

// The agent alone: what it sends is collected, answers are made by hand.
struct Agent {
  explicit Agent(IceControllingConfig config) : ice(kStart, random, std::move(config)) {}

  std::vector<Sent> drain() {
    std::vector<Sent> all;
    std::array<uint8_t, kStunWriteBytesMax> buffer{};
    Path path;
    while (const size_t size = ice.poll_transmit(buffer, path)) {
      all.push_back({{buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(size)}, path});
    }
    return all;
  }
  // Goes to the next timeout, handles it, and returns what was sent.
  std::vector<Sent> step() {
    now = std::max(now, ice.next_timeout());
    ice.handle_timeout(now);
    return drain();
  }
  void answer(const Sent& request, std::string_view pwd = kServer.pwd) { answer_on(request, request.path, pwd); }
  void answer_on(const Sent& request, const Path& path, std::string_view pwd) {
    StunKey key(pwd);
    std::array<uint8_t, kStunWriteBytesMax> buffer{};
    const SocketAddress mapped = SocketAddress::v4({203, 0, 113, 7}, 4000);
    const size_t size = write_binding_success(request.message().transaction_id(), mapped, key, buffer);
    ice.handle_stun(now, *StunMessage::parse(ByteView(buffer).first(size)), path);
  }
  void answer_error(const Sent& request) {
    StunKey key(kServer.pwd);
    std::array<uint8_t, kStunWriteBytesMax> buffer{};
    const size_t size =
        write_binding_error({request.message().transaction_id(), StunErrorCode::kRoleConflict, {}}, key, buffer);
    ice.handle_stun(now, *StunMessage::parse(ByteView(buffer).first(size)), request.path);
  }

  SeededRandom random{1};
  Timestamp now = kStart;
  IceControlling ice;
};

TEST(IceControlling, TheFirstCheckLeavesAtOnceWithTheRightContents) {
  Agent agent(config_of({server_path(1)}));
  const auto sent = agent.drain();
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_EQ(sent[0].path, server_path(1));
  const StunMessage check = sent[0].message();
  EXPECT_TRUE(check.is_request());
  EXPECT_EQ(check.username(), "srvr1234:clnt");
  EXPECT_EQ(check.priority(), 0x6effffffU);  // 110, 65535, 255
  EXPECT_TRUE(check.ice_controlling());
  EXPECT_FALSE(check.use_candidate());
  StunKey key(kServer.pwd);
  EXPECT_TRUE(check.verify_integrity(key));
}

TEST(IceControlling, ChecksOfDifferentPairsArePacedBy50Milliseconds) {
  Agent agent(config_of({server_path(1), server_path(2), server_path(3)}));
  EXPECT_EQ(agent.drain()[0].path, server_path(1));
  EXPECT_EQ(agent.step().at(0).path, server_path(2));
  EXPECT_EQ(agent.now, kStart + 50ms);
  EXPECT_EQ(agent.step().at(0).path, server_path(3));
  EXPECT_EQ(agent.now, kStart + 100ms);
}

TEST(IceControlling, AnUnansweredCheckIsSentSevenTimesWithDoublingIntervalsThenLost) {
  Agent agent(config_of({server_path(1)}));
  const StunTransactionId id = agent.drain().at(0).message().transaction_id();
  const std::vector<Duration> expected = {500ms, 1500ms, 3500ms, 7500ms, 15500ms, 31500ms};
  for (const Duration at : expected) {
    const auto sent = agent.step();
    ASSERT_EQ(sent.size(), 1U);
    EXPECT_EQ(sent[0].message().transaction_id(), id);
    EXPECT_EQ(agent.now, kStart + at);
  }
  EXPECT_TRUE(agent.step().empty());
  EXPECT_TRUE(agent.ice.is_lost());
  EXPECT_TRUE(std::holds_alternative<IceConnectionLost>(*agent.ice.poll_event()));
  EXPECT_EQ(agent.ice.next_timeout(), kNever);
  EXPECT_EQ(agent.ice.counters().checks_sent, 7U);
  EXPECT_EQ(agent.ice.counters().pairs_failed, 1U);
}

TEST(IceControlling, RegularNominationTakesASecondRoundTrip) {
  Agent agent(config_of({server_path(1)}));
  agent.answer(agent.drain().at(0));
  EXPECT_EQ(std::get<IcePairValidated>(*agent.ice.poll_event()).path, server_path(1));
  EXPECT_EQ(*agent.ice.send_path(), server_path(1)) << "DTLS may start";
  EXPECT_FALSE(agent.ice.is_connected());
  const auto nominating = agent.drain();
  ASSERT_EQ(nominating.size(), 1U);
  EXPECT_TRUE(nominating[0].message().use_candidate());
  agent.answer(nominating[0]);
  EXPECT_EQ(std::get<IcePairSelected>(*agent.ice.poll_event()).path, server_path(1));
  EXPECT_TRUE(agent.ice.is_connected());
  EXPECT_EQ(agent.ice.mapped_address(), SocketAddress::v4({203, 0, 113, 7}, 4000));
}

TEST(IceControlling, AggressiveNominationSelectsWithTheFirstAnswerAndMovesToBetterPairsOnly) {
  Agent agent(config_of({server_path(1), server_path(2), server_path(3)}, {.nomination = IceNomination::kAggressive}));
  const Sent best = agent.drain().at(0);
  const Sent middle = agent.step().at(0);
  const Sent worst = agent.step().at(0);
  EXPECT_TRUE(best.message().use_candidate());
  agent.answer(middle);
  EXPECT_EQ(*agent.ice.send_path(), server_path(2));
  agent.answer(worst);
  EXPECT_EQ(*agent.ice.send_path(), server_path(2));
  agent.answer(best);
  EXPECT_EQ(*agent.ice.send_path(), server_path(1));
}

TEST(IceControlling, APairThatWorksWaitsForABetterOneOnlyForItsPatience) {
  Agent agent(config_of({server_path(1), server_path(2)}));
  const Sent better = agent.drain().at(0);
  const Sent worse = agent.step().at(0);
  agent.answer(worse);  // at 50 ms
  EXPECT_TRUE(agent.drain().empty()) << "the better pair may still answer";
  const auto nominating = agent.step();
  EXPECT_EQ(agent.now, kStart + 150ms);
  ASSERT_EQ(nominating.size(), 1U);
  EXPECT_EQ(nominating[0].path, server_path(2));
  EXPECT_TRUE(nominating[0].message().use_candidate());

  Agent other(config_of({server_path(1), server_path(2)}));
  const Sent first = other.drain().at(0);
  other.answer(other.step().at(0));
  other.answer(first);
  EXPECT_EQ(other.drain().at(0).path, server_path(1)) << "the better one answered in time";
}

TEST(IceControlling, AFailedNominationFallsBackToTheNextPairThatWorks) {
  Agent agent(config_of({server_path(1), server_path(2)}));
  const Sent first = agent.drain().at(0);
  const Sent second = agent.step().at(0);
  agent.answer(second);
  agent.answer(first);
  const Sent nominating = agent.drain().at(0);
  ASSERT_EQ(nominating.path, server_path(1));
  agent.answer_error(nominating);
  EXPECT_EQ(agent.ice.counters().error_responses, 1U);
  const auto next = agent.drain();
  ASSERT_EQ(next.size(), 1U);
  EXPECT_EQ(next[0].path, server_path(2));
  EXPECT_TRUE(next[0].message().use_candidate());
}

// What a full peer sends by itself: controlled, or controlling with a tie-breaker.
Sent peer_check(std::string_view username, std::string_view pwd, uint64_t tie_breaker) {
  StunKey key(pwd);
  std::array<uint8_t, kStunWriteBytesMax> buffer{};
  const StunCheck check{.transaction_id = {7}, .username = username, .priority = 1, .tie_breaker = tie_breaker};
  const size_t size = write_binding_request(check, key, buffer);
  return {{buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(size)}, server_path(4)};
}

// Leaves FINGERPRINT (8 bytes) out and writes MESSAGE-INTEGRITY anew, over all before it with the length to its end.
void resign(std::vector<uint8_t>& bytes, std::string_view pwd) {
  constexpr size_t kHeader = 20;
  bytes.resize(bytes.size() - 8);
  store_u16(&bytes[2], static_cast<uint16_t>(bytes.size() - kHeader));
  const size_t value_at = bytes.size() - StunKey::kMacSize;
  const ByteView all(bytes);
  const StunKey::Mac mac = StunKey(pwd).mac(all.first(kHeader), all.subspan(kHeader, value_at - 4 - kHeader));
  std::ranges::copy(mac, bytes.begin() + static_cast<std::ptrdiff_t>(value_at));
}

TEST(IceControlling, AFullPeerThatWouldControlTooHearsOfTheConflict) {
  Agent agent(config_of({server_path(1)}));
  agent.drain();
  const Sent check = peer_check("clnt:srvr1234", kClient.pwd, 0x1234'5678'9abc'def0);
  agent.ice.handle_stun(agent.now, check.message(), check.path);
  const auto sent = agent.drain();
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_EQ(sent[0].path, server_path(4));
  EXPECT_EQ(sent[0].message().message_class(), StunClass::kError);
  EXPECT_EQ(sent[0].message().error_code(), 487);
  EXPECT_EQ(sent[0].message().transaction_id(), StunTransactionId{7});
  StunKey key(kClient.pwd);
  EXPECT_TRUE(sent[0].message().verify_integrity(key));
}

TEST(IceControlling, AControlledPeersCheckIsAnsweredWithItsAddress) {
  Agent agent(config_of({server_path(1)}));
  agent.drain();
  Sent check = peer_check("clnt:srvr1234", kClient.pwd, 0);
  // ICE-CONTROLLING (0x802a) becomes ICE-CONTROLLED (0x8029); what follows from that is made anew.
  const std::array<uint8_t, 4> controlling = {0x80, 0x2a, 0x00, 0x08};
  const auto at = std::search(check.bytes.begin(), check.bytes.end(), controlling.begin(), controlling.end());
  ASSERT_NE(at, check.bytes.end());
  at[1] = 0x29;
  resign(check.bytes, kClient.pwd);
  agent.ice.handle_stun(agent.now, check.message(), check.path);
  const auto sent = agent.drain();
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_EQ(sent[0].message().message_class(), StunClass::kSuccess);
  EXPECT_EQ(sent[0].message().xor_mapped_address(), server_path(4).remote);
  StunKey key(kClient.pwd);
  EXPECT_TRUE(sent[0].message().verify_integrity(key));
  EXPECT_EQ(agent.ice.counters().requests_answered, 1U);
}

TEST(IceControlling, ChecksForOthersOrWithoutThePasswordStayUnanswered) {
  Agent agent(config_of({server_path(1)}));
  agent.drain();
  for (const Sent& check : {peer_check("othr:srvr1234", kClient.pwd, 0), peer_check("clnt:srvr1234", "wrong", 0)}) {
    agent.ice.handle_stun(agent.now, check.message(), check.path);
  }
  EXPECT_TRUE(agent.drain().empty());
  EXPECT_EQ(agent.ice.counters().requests_refused, 2U);
}

TEST(IceControlling, NoMoreChecksAreAnsweredThanWereDrained) {
  Agent agent(config_of({server_path(1)}));
  agent.drain();
  const Sent check = peer_check("clnt:srvr1234", kClient.pwd, 0);
  for (size_t i = 0; i <= IceControlling::kPairsMax; ++i) {
    agent.ice.handle_stun(agent.now, check.message(), check.path);
  }
  EXPECT_EQ(agent.drain().size(), IceControlling::kPairsMax);
  EXPECT_EQ(agent.ice.counters().requests_refused, 1U);
}

TEST(IceControlling, ResponsesThatAreForeignForgedOrFromElsewhereCountForNothing) {
  Agent agent(config_of({server_path(1), server_path(2)}));
  const Sent check = agent.drain().at(0);
  agent.answer_on(check, server_path(2), kServer.pwd);
  agent.answer_on(check, server_path(9), kServer.pwd);
  EXPECT_EQ(agent.ice.counters().responses_unmatched, 2U);
  agent.answer(check, "wrong");
  EXPECT_EQ(agent.ice.counters().responses_unauthentic, 1U);
  agent.ice.handle_stun(agent.now, check.message(), check.path);
  EXPECT_EQ(agent.ice.counters().requests_refused, 1U) << "its own check, sent back";
  EXPECT_EQ(agent.ice.send_path(), nullptr);
  agent.answer(check);
  EXPECT_NE(agent.ice.send_path(), nullptr);
  agent.answer(check);
  EXPECT_EQ(agent.ice.counters().responses_unmatched, 3U) << "a request is answered once";
}

struct ConnectedAgent : Agent {
  explicit ConnectedAgent(IceControllingConfig config) : Agent(std::move(config)) {
    answer(drain().at(0));
    answer(drain().at(0));
    while (ice.poll_event()) {
    }
  }
};

TEST(IceControlling, ConsentChecksComeEvery2500MillisecondsWithATwentyPercentSpread) {
  ConnectedAgent agent(config_of({server_path(1)}));
  ASSERT_TRUE(agent.ice.is_connected());
  std::set<Duration> intervals;
  std::set<StunTransactionId> ids;
  for (int i = 0; i < 50; ++i) {
    const Timestamp before = agent.now;
    const auto sent = agent.step();
    ASSERT_EQ(sent.size(), 1U);
    EXPECT_GE(agent.now - before, 2000ms);
    EXPECT_LE(agent.now - before, 3000ms);
    intervals.insert(agent.now - before);
    ids.insert(sent[0].message().transaction_id());
    agent.answer(sent[0]);
  }
  EXPECT_GT(intervals.size(), 40U);
  EXPECT_EQ(ids.size(), 50U);
  EXPECT_TRUE(agent.ice.is_connected());
}

TEST(IceControlling, ConsentIsLostThirtySecondsAfterTheLastAnswer) {
  ConnectedAgent agent(config_of({server_path(1)}));
  const auto consent = agent.step();
  agent.answer(consent.at(0));
  const Timestamp answered = agent.now;
  while (!agent.ice.is_lost()) agent.step();
  EXPECT_EQ(agent.now, answered + 30s);
  EXPECT_EQ(agent.ice.send_path(), nullptr);
  EXPECT_TRUE(std::holds_alternative<IceConnectionLost>(*agent.ice.poll_event()));
  EXPECT_TRUE(agent.step().empty());
}

TEST(IceControlling, ARestartKeepsTheSelectedPairUntilANewOneIsSelected) {
  ConnectedAgent agent(config_of({server_path(1)}));
  agent.ice.restart(agent.now, {.local = {"new1", "newclientpasswordnewclient"},
                                .remote = {"new2", "newserverpasswordnewserver"},
                                .pairs = {server_path(2)},
                                .options = {}});
  EXPECT_EQ(*agent.ice.send_path(), server_path(1));
  const Sent check = agent.drain().at(0);
  EXPECT_EQ(check.message().username(), "new2:new1");
  agent.answer(check, "newserverpasswordnewserver");
  EXPECT_EQ(*agent.ice.send_path(), server_path(1));
  agent.answer(agent.drain().at(0), "newserverpasswordnewserver");
  EXPECT_EQ(*agent.ice.send_path(), server_path(2));
}

TEST(IceControlling, ARestartRevivesALostConnection) {
  Agent agent(config_of({server_path(1)}));
  while (!agent.ice.is_lost()) agent.step();
  agent.ice.restart(agent.now, config_of({server_path(1)}));
  EXPECT_FALSE(agent.ice.is_lost());
  agent.answer(agent.drain().at(0));
  agent.answer(agent.drain().at(0));
  EXPECT_TRUE(agent.ice.is_connected());
}

TEST(IceControlling, NoPairsIsALostConnection) {
  Agent agent(config_of({}));
  EXPECT_TRUE(agent.ice.is_lost());
  EXPECT_EQ(agent.ice.next_timeout(), kNever);
}

TEST(IceControlling, PairsBeyondTheLimitAreLeftOut) {
  std::vector<Path> pairs;
  for (uint8_t i = 0; i < 40; ++i) pairs.push_back(server_path(i));
  Agent agent(config_of(pairs));
  std::set<uint8_t> hosts;
  for (int i = 0; i < 100 && !agent.ice.is_lost(); ++i) {
    for (const Sent& sent : agent.step()) hosts.insert(sent.path.remote.ip[15]);
  }
  EXPECT_EQ(hosts.size(), IceControlling::kPairsMax);
}

// Both sides over a network in virtual time: 20 ms each way, loss, two server addresses of which some may be dead, and
// a NAT in front of the client whose mapping can change.
struct Network {
  Network(uint64_t seed, double loss_rate, IceNomination nomination)
      : random(seed),
        loss(loss_rate),
        server(kStart, kServer),
        client(kStart, random, config_of({server_path(1), server_path(2)}, {.nomination = nomination})) {
    server.set_remote_ufrag(kClient.ufrag);
  }

  Path seen_by_server(const Path& path) const {
    return {uint32_t{path.remote.ip[15]}, SocketAddress::v4({203, 0, 113, nat}, 4000)};
  }
  // What the server's `path` is called by the client; empty if its NAT mapping is gone.
  std::optional<Path> seen_by_client(const Path& path) const {
    if (path.remote.ip[15] != nat) return std::nullopt;
    return server_path(static_cast<uint8_t>(path.socket));
  }
  void run_until(Timestamp end) {
    while (now < end) {
      drain_client();
      Timestamp next = std::min({end, client.next_timeout(), server.next_timeout(), next_media});
      if (!in_flight.empty()) next = std::min(next, in_flight.begin()->first);
      now = std::max(now, next);
      client.handle_timeout(now);
      server.handle_timeout(now);
      if (next_media <= now) send_media();
      while (!in_flight.empty() && in_flight.begin()->first <= now) {
        const auto deliver = std::move(in_flight.begin()->second);
        in_flight.erase(in_flight.begin());
        deliver();
      }
    }
  }
  void drain_client() {
    std::array<uint8_t, kStunWriteBytesMax> buffer{};
    Path path;
    while (const size_t size = client.poll_transmit(buffer, path)) {
      if (path.remote.ip[15] == dead_host || random.chance(loss)) continue;
      const std::vector<uint8_t> bytes(buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(size));
      const Path from = seen_by_server(path);
      in_flight.emplace(now + 20ms, [this, bytes, from] { deliver_to_server(bytes, from); });
    }
  }
  void deliver_to_server(const std::vector<uint8_t>& bytes, const Path& from) {
    std::array<uint8_t, kStunWriteBytesMax> reply{};
    const size_t size = server.handle_binding_request(now, *StunMessage::parse(bytes), from, reply).reply_size;
    while (server.poll_event()) {
    }
    if (size == 0 || random.chance(loss)) return;
    const std::vector<uint8_t> answer(reply.begin(), reply.begin() + static_cast<std::ptrdiff_t>(size));
    in_flight.emplace(now + 20ms, [this, answer, from] {
      const auto path = seen_by_client(from);
      if (path) client.handle_stun(now, *StunMessage::parse(answer), *path);
    });
  }
  // One authenticated packet every 20 ms on the path that the client chose.
  void send_media() {
    next_media = now + 20ms;
    const Path* path = client.send_path();
    if (path == nullptr || path->remote.ip[15] == dead_host || random.chance(loss)) return;
    const Path from = seen_by_server(*path);
    in_flight.emplace(now + 20ms, [this, from] { server.handle_authenticated_packet(now, from); });
  }

  SeededRandom random;
  double loss;
  Timestamp now = kStart;
  uint8_t nat = 1;
  uint8_t dead_host = 0;
  Timestamp next_media = kStart;
  IceLite server;
  IceControlling client;
  std::multimap<Timestamp, std::function<void()>> in_flight;
};

TEST(IceControlling, BothSidesAgreeOnAPairInTwoRoundTripsWithoutLoss) {
  Network network(1, 0.0, IceNomination::kRegular);
  network.run_until(kStart + 81ms);
  ASSERT_TRUE(network.client.is_connected());
  ASSERT_NE(network.server.selected_path(), nullptr);
  EXPECT_EQ(*network.server.selected_path(), network.seen_by_server(server_path(1)));
}

TEST(IceControlling, ADeadFirstAddressCostsPacingAndPatienceOnly) {
  Network network(1, 0.0, IceNomination::kRegular);
  network.dead_host = 1;
  // 50 ms pacing, 40 ms round trip, 100 ms patience, 40 ms round trip.
  network.run_until(kStart + 231ms);
  ASSERT_TRUE(network.client.is_connected());
  EXPECT_EQ(*network.client.send_path(), server_path(2));
  EXPECT_EQ(*network.server.selected_path(), network.seen_by_server(server_path(2)));
}

TEST(IceControlling, ANatRebindingIsFollowedWithinThreeSecondsWithoutARestart) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    Network network(seed, 0.0, IceNomination::kRegular);
    network.run_until(kStart + 5s + std::chrono::milliseconds(seed * 97));
    network.nat = 2;
    // The longest consent interval, 3 s, and the way there.
    network.run_until(network.now + 3s + 41ms);
    ASSERT_NE(network.server.selected_path(), nullptr);
    EXPECT_EQ(*network.server.selected_path(), network.seen_by_server(*network.client.send_path()));
    EXPECT_TRUE(network.client.is_connected());
  }
}

TEST(IceControlling, OnLossyNetworksBothSidesConnectAndStayTogether) {
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    const IceNomination nomination = seed % 2 == 0 ? IceNomination::kRegular : IceNomination::kAggressive;
    Network network(seed, 0.3, nomination);
    network.run_until(kStart + 30s);
    ASSERT_TRUE(network.client.is_connected());
    network.nat = 2;
    network.run_until(kStart + 60s);
    ASSERT_TRUE(network.client.is_connected());
    ASSERT_NE(network.server.selected_path(), nullptr);
    EXPECT_EQ(*network.server.selected_path(), network.seen_by_server(*network.client.send_path()));
  }
}

}  // namespace
}  // namespace eir
