#include "lib/transport/ice_lite.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "lib/base/random.h"

namespace eir {
namespace {

constexpr Timestamp kStart{Duration(1000s)};
const IceCredentials kLocal{"locl1234", "localpasswordlocalpassword"};
const IceCredentials kNext{"next5678", "nextpasswordnextpasswordnext"};

Path path_of(uint8_t host, uint32_t socket = 0) { return {socket, SocketAddress::v4({192, 0, 2, host}, 5000)}; }

struct CheckOptions {
  bool use_candidate = false;
  uint32_t priority = 100;
  std::string username = "locl1234:peer";
  std::string pwd = kLocal.pwd;
};

std::vector<uint8_t> make_check(const CheckOptions& options) {
  StunKey key(options.pwd);
  std::vector<uint8_t> bytes(kStunWriteBytesMax);
  const StunCheck check{.transaction_id = {1, 2, 3},
                        .username = options.username,
                        .priority = options.priority,
                        .tie_breaker = 7,
                        .use_candidate = options.use_candidate};
  bytes.resize(write_binding_request(check, key, bytes));
  return bytes;
}

// A request with attributes that the writers never write, authentic for kLocal.
std::vector<uint8_t> make_authentic(const std::vector<uint8_t>& attributes) {
  std::vector<uint8_t> bytes = {0x00, 0x01, 0x00, 0x00, 0x21, 0x12, 0xa4, 0x42, 1, 2, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0};
  const std::vector<uint8_t> username = {0x00, 0x06, 0x00, 0x0a, 'l', 'o', 'c', 'l',
                                         '1',  '2',  '3',  '4',  ':', 'p', 0,   0};
  bytes.insert(bytes.end(), username.begin(), username.end());
  bytes.insert(bytes.end(), attributes.begin(), attributes.end());
  store_u16(&bytes[2], static_cast<uint16_t>(bytes.size() - 20 + 24));
  StunKey key(kLocal.pwd);
  const StunKey::Mac mac = key.mac(ByteView(bytes).first(20), ByteView(bytes).subspan(20));
  bytes.insert(bytes.end(), {0x00, 0x08, 0x00, 0x14});
  bytes.insert(bytes.end(), mac.begin(), mac.end());
  return bytes;
}

// IceLite with a clock, and all it said.
struct Agent {
  Timestamp now = kStart;
  IceLite ice{now, kLocal};
  std::array<uint8_t, kStunWriteBytesMax> reply{};

  StunOutcome receive(const std::vector<uint8_t>& bytes, const Path& path) {
    const auto message = StunMessage::parse(bytes);
    EXPECT_TRUE(message);
    if (!message) return {};
    return ice.handle_binding_request(now, *message, path, reply);
  }
  StunOutcome check(const Path& path, const CheckOptions& options = {}) { return receive(make_check(options), path); }
  void nominate(const Path& path, uint32_t priority = 100) {
    EXPECT_EQ(check(path, {.use_candidate = true, .priority = priority}).rejection, StunRejection::kNone);
  }
  void media(const Path& path) { ice.handle_authenticated_packet(now, path); }
  void wait(Duration d) {
    now += d;
    ice.handle_timeout(now);
  }
  bool is_selected(const Path& path) const { return ice.selected_path() != nullptr && *ice.selected_path() == path; }
  template <class Event>
  std::vector<Event> drain() {
    std::vector<Event> found;
    while (auto event = ice.poll_event()) {
      if (const Event* match = std::get_if<Event>(&*event)) found.push_back(*match);
    }
    return found;
  }
};

TEST(IceLite, AValidCheckIsAnsweredWithTheAddressItCameFrom) {
  Agent agent;
  const StunOutcome outcome = agent.check(path_of(1));
  EXPECT_EQ(outcome.rejection, StunRejection::kNone);
  EXPECT_TRUE(outcome.path_is_new);
  const auto reply = StunMessage::parse(ByteView(agent.reply).first(outcome.reply_size));
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->message_class(), StunClass::kSuccess);
  EXPECT_EQ(reply->transaction_id(), (StunTransactionId{1, 2, 3}));
  EXPECT_EQ(reply->xor_mapped_address(), path_of(1).remote);
  StunKey key(kLocal.pwd);
  EXPECT_TRUE(reply->verify_integrity(key));
  EXPECT_LE(outcome.reply_size, make_check({}).size());
  EXPECT_TRUE(agent.ice.is_validated(path_of(1)));
  EXPECT_FALSE(agent.ice.is_validated(path_of(1, 1))) << "another local socket is another path";
  EXPECT_FALSE(agent.check(path_of(1)).path_is_new);
  EXPECT_EQ(agent.ice.selected_path(), nullptr) << "not nominated";
}

TEST(IceLite, AReplyToAnIpv6PeerIsNoLargerThanTheSmallestCheckOfABrowser) {
  Agent agent;
  Path path;
  path.remote.ip = {0x20, 0x01, 0x0d, 0xb8};
  path.remote.port = 1;
  EXPECT_LE(agent.check(path).reply_size, make_check({}).size());
}

TEST(IceLite, RequestsWithoutRightCredentialsGetNoReplyAndChangeNothing) {
  Agent agent;
  const Timestamp before = agent.ice.next_timeout();
  agent.now += 1s;

  std::vector<uint8_t> bare = {0x00, 0x01, 0x00, 0x00, 0x21, 0x12, 0xa4, 0x42, 1, 2, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0};
  std::vector<uint8_t> without_integrity = bare;
  const std::vector<uint8_t> username = {0x00, 0x06, 0x00, 0x0a, 'l', 'o', 'c', 'l',
                                         '1',  '2',  '3',  '4',  ':', 'p', 0,   0};
  without_integrity.insert(without_integrity.end(), username.begin(), username.end());
  without_integrity[3] = 16;
  std::vector<uint8_t> indication(28);
  write_binding_indication({}, indication);

  EXPECT_EQ(agent.receive(bare, path_of(1)).rejection, StunRejection::kNoUsername);
  EXPECT_EQ(agent.receive(without_integrity, path_of(1)).rejection, StunRejection::kNoIntegrity);
  EXPECT_EQ(agent.receive(indication, path_of(1)).rejection, StunRejection::kNotARequest);
  EXPECT_EQ(agent.check(path_of(1), {.username = "other:peer"}).rejection, StunRejection::kUnknownUsername);
  EXPECT_EQ(agent.check(path_of(1), {.username = "locl123:peer"}).rejection, StunRejection::kUnknownUsername);
  const StunOutcome wrong = agent.check(path_of(1), {.use_candidate = true, .pwd = "wrong"});
  EXPECT_EQ(wrong.rejection, StunRejection::kBadIntegrity);
  EXPECT_EQ(wrong.reply_size, 0U);
  EXPECT_FALSE(wrong.path_is_new);

  EXPECT_EQ(agent.ice.path_count(), 0U);
  EXPECT_EQ(agent.ice.send_path(), nullptr);
  EXPECT_EQ(agent.ice.next_timeout(), before);
  EXPECT_FALSE(agent.ice.poll_event());
  const IceLiteCounters& counters = agent.ice.counters();
  EXPECT_EQ(counters.rejected_no_username, 1U);
  EXPECT_EQ(counters.rejected_no_integrity, 1U);
  EXPECT_EQ(counters.not_a_request, 1U);
  EXPECT_EQ(counters.rejected_unknown_username, 2U);
  EXPECT_EQ(counters.rejected_bad_integrity, 1U);
  EXPECT_EQ(counters.checks_valid, 0U);
}

TEST(IceLite, TheSendersUfragIsCheckedOnceItIsKnown) {
  Agent agent;
  EXPECT_EQ(agent.check(path_of(1)).rejection, StunRejection::kNone);
  agent.ice.set_remote_ufrag("friend");
  EXPECT_EQ(agent.check(path_of(1)).rejection, StunRejection::kUnknownUsername);
  EXPECT_EQ(agent.check(path_of(1), {.username = "locl1234:friend"}).rejection, StunRejection::kNone);
}

TEST(IceLite, AuthenticRequestsThatCannotBeTakenGetAnErrorAndValidateNothing) {
  Agent agent;
  struct Case {
    std::vector<uint8_t> attributes;
    StunRejection rejection;
    uint16_t code;
  };
  const std::vector<Case> cases = {
      {{0x7f, 0x01, 0, 0, 0x00, 0x24, 0, 4, 0, 0, 0, 1}, StunRejection::kUnknownAttribute, 420},
      {{0x80, 0x29, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8, 0x00, 0x24, 0, 4, 0, 0, 0, 1}, StunRejection::kRoleConflict, 487},
      {{0x80, 0x2a, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8}, StunRejection::kNoPriority, 400},
  };
  for (const Case& c : cases) {
    const StunOutcome outcome = agent.receive(make_authentic(c.attributes), path_of(1));
    EXPECT_EQ(outcome.rejection, c.rejection);
    EXPECT_FALSE(outcome.path_is_new);
    const auto reply = StunMessage::parse(ByteView(agent.reply).first(outcome.reply_size));
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->error_code(), c.code);
    StunKey key(kLocal.pwd);
    EXPECT_TRUE(reply->verify_integrity(key));
  }
  EXPECT_FALSE(agent.ice.is_validated(path_of(1)));
  EXPECT_EQ(agent.ice.counters().rejected_unknown_attribute, 1U);
  EXPECT_EQ(agent.ice.counters().rejected_role_conflict, 1U);
  EXPECT_EQ(agent.ice.counters().rejected_no_priority, 1U);
}

TEST(IceLite, ARequestWithoutEitherRoleIsTaken) {
  Agent agent;
  EXPECT_EQ(agent.receive(make_authentic({0x00, 0x24, 0, 4, 0, 0, 0, 1}), path_of(1)).rejection, StunRejection::kNone);
}

TEST(IceLite, AReplyThatDoesNotFitIsCounted) {
  Agent agent;
  const auto bytes = make_check({});
  std::array<uint8_t, 63> small{};
  const StunOutcome outcome =
      agent.ice.handle_binding_request(agent.now, *StunMessage::parse(bytes), path_of(1), small);
  EXPECT_EQ(outcome.reply_size, 0U);
  EXPECT_EQ(agent.ice.counters().reply_too_large, 1U);
}

TEST(IceLite, NominationSelects) {
  Agent agent;
  agent.check(path_of(1));
  agent.nominate(path_of(2));
  EXPECT_TRUE(agent.is_selected(path_of(2)));
  const auto selected = agent.drain<IcePathSelected>();
  ASSERT_EQ(selected.size(), 1U);
  EXPECT_EQ(selected[0].path, path_of(2));
  agent.nominate(path_of(2));
  EXPECT_TRUE(agent.drain<IcePathSelected>().empty()) << "selected already";
}

TEST(IceLite, TheHighestPriorityNominatedPathWins) {
  Agent agent;
  agent.nominate(path_of(1), 100);
  agent.nominate(path_of(2), 90);
  EXPECT_TRUE(agent.is_selected(path_of(1)));
  agent.nominate(path_of(3), 100);
  EXPECT_TRUE(agent.is_selected(path_of(1))) << "of equals the first stays";
  agent.nominate(path_of(4), 101);
  EXPECT_TRUE(agent.is_selected(path_of(4)));
  // Firefox says USE-CANDIDATE on its first check only: later ones without it take nothing back.
  agent.check(path_of(4), {.priority = 101});
  EXPECT_TRUE(agent.is_selected(path_of(4)));
}

TEST(IceLite, ACheckWithoutMediaNeverMovesTheSelectedPath) {
  Agent agent;
  agent.nominate(path_of(1));
  agent.media(path_of(1));
  agent.wait(5s);
  for (int i = 0; i < 10; ++i) {
    agent.check(path_of(2));
    agent.wait(1s);
  }
  EXPECT_TRUE(agent.is_selected(path_of(1)));
}

TEST(IceLite, MediaWithoutACheckNeverMovesTheSelectedPath) {
  Agent agent;
  agent.nominate(path_of(1));
  agent.media(path_of(1));
  agent.wait(2s);
  agent.media(path_of(2));
  EXPECT_TRUE(agent.is_selected(path_of(1)));
  EXPECT_FALSE(agent.ice.is_validated(path_of(2)));
}

TEST(IceLite, ANatRebindingMovesThePathOnceTheOldOneIsSilentForASecond) {
  Agent agent;
  agent.nominate(path_of(1));
  agent.media(path_of(1));
  agent.drain<IcePathSelected>();
  agent.wait(400ms);
  agent.check(path_of(2));  // Chromium's first check after the rebinding, without USE-CANDIDATE as Firefox would
  for (int i = 0; i < 29; ++i) {
    agent.wait(20ms);
    agent.media(path_of(2));
    EXPECT_TRUE(agent.is_selected(path_of(1))) << "980 ms and less of silence";
  }
  agent.wait(20ms);
  agent.media(path_of(2));
  EXPECT_TRUE(agent.is_selected(path_of(2)));
  const auto selected = agent.drain<IcePathSelected>();
  ASSERT_EQ(selected.size(), 1U);
  EXPECT_EQ(selected[0].path, path_of(2));
  EXPECT_EQ(agent.ice.counters().selections_by_media, 1U);
}

TEST(IceLite, ACheckAfterMediaMovesThePathToo) {
  Agent agent;
  agent.nominate(path_of(1));
  agent.check(path_of(2));
  agent.wait(1001ms);
  agent.media(path_of(1));
  agent.wait(1s);
  agent.media(path_of(2));
  EXPECT_TRUE(agent.is_selected(path_of(1)))
      << "its check was made more than a second before the other path fell silent";
  agent.check(path_of(2));
  EXPECT_TRUE(agent.is_selected(path_of(2)));
}

TEST(IceLite, APathThatSpeaksIsNotLeftForOneThatSpeaksToo) {
  Agent agent;
  agent.nominate(path_of(1));
  for (int i = 0; i < 20; ++i) {
    agent.wait(500ms);
    agent.check(path_of(2));
    agent.media(path_of(1));
    agent.media(path_of(2));
    EXPECT_TRUE(agent.is_selected(path_of(1)));
  }
}

TEST(IceLite, ARepeatedNominationOfTheDeadPathDoesNotUndoTheMove) {
  Agent agent;
  agent.nominate(path_of(1), 100);
  agent.media(path_of(1));
  agent.wait(1s);
  agent.check(path_of(2), {.priority = 100});
  agent.media(path_of(2));
  ASSERT_TRUE(agent.is_selected(path_of(2)));
  agent.nominate(path_of(1), 100);  // a late or replayed copy
  EXPECT_TRUE(agent.is_selected(path_of(2)));
  agent.nominate(path_of(3), 100);  // a copy from elsewhere
  EXPECT_TRUE(agent.is_selected(path_of(2)));
}

TEST(IceLite, SendPathBeforeNominationFollowsAuthenticatedData) {
  Agent agent;
  EXPECT_EQ(agent.ice.send_path(), nullptr);
  agent.check(path_of(1));
  agent.check(path_of(2));
  EXPECT_EQ(*agent.ice.send_path(), path_of(1)) << "the first validated one";
  agent.wait(1ms);
  agent.media(path_of(2));
  EXPECT_EQ(*agent.ice.send_path(), path_of(2));
  agent.wait(1ms);
  agent.media(path_of(1));
  EXPECT_EQ(*agent.ice.send_path(), path_of(1));
  agent.nominate(path_of(2));
  EXPECT_EQ(*agent.ice.send_path(), path_of(2));
}

TEST(IceLite, APathVanishesThirtySecondsAfterItsLastCheck) {
  Agent agent;
  agent.nominate(path_of(1), 100);
  agent.nominate(path_of(2), 50);
  agent.drain<IcePathSelected>();
  agent.wait(10s);
  agent.check(path_of(2), {.priority = 50});
  EXPECT_EQ(agent.ice.next_timeout(), kStart + 30s);
  agent.now = kStart + 30s - 1ns;
  agent.media(path_of(1));
  agent.ice.handle_timeout(agent.now);
  EXPECT_TRUE(agent.is_selected(path_of(1)));
  agent.wait(1ns);
  EXPECT_FALSE(agent.ice.is_validated(path_of(1))) << "media is no consent";
  EXPECT_TRUE(agent.is_selected(path_of(2))) << "the best nominated one that remains";
  EXPECT_FALSE(agent.ice.is_expired());
  const auto first = agent.ice.poll_event();
  ASSERT_TRUE(first);
  EXPECT_EQ(std::get<IcePathRemoved>(*first).path, path_of(1));
  const auto second = agent.ice.poll_event();
  ASSERT_TRUE(second);
  EXPECT_EQ(std::get<IcePathSelected>(*second).path, path_of(2));
  EXPECT_FALSE(agent.ice.poll_event());
}

TEST(IceLite, ConsentRunsOutAndACheckRevives) {
  Agent agent;
  agent.nominate(path_of(1));
  agent.drain<IcePathSelected>();
  agent.wait(29s);
  agent.check(path_of(1));
  EXPECT_EQ(agent.ice.next_timeout(), kStart + 59s);
  agent.now = kStart + 59s;
  agent.ice.handle_timeout(agent.now);
  EXPECT_TRUE(agent.ice.is_expired());
  EXPECT_EQ(agent.ice.send_path(), nullptr);
  EXPECT_EQ(agent.ice.next_timeout(), kNever);
  EXPECT_EQ(agent.drain<IceExpired>().size(), 1U);
  agent.wait(10s);
  EXPECT_FALSE(agent.ice.poll_event()) << "told once";
  EXPECT_TRUE(agent.check(path_of(1)).path_is_new);
  EXPECT_FALSE(agent.ice.is_expired());
  EXPECT_EQ(agent.ice.next_timeout(), agent.now + 30s);
}

TEST(IceLite, AnAgentThatNeverSawACheckExpiresToo) {
  Agent agent;
  EXPECT_EQ(agent.ice.next_timeout(), kStart + 30s);
  agent.wait(30s);
  EXPECT_TRUE(agent.ice.is_expired());
}

TEST(IceLite, APathThatComesBackBeforeItsRemovalWasToldIsNotTold) {
  Agent agent;
  agent.nominate(path_of(1));
  agent.drain<IcePathSelected>();
  agent.wait(30s);
  EXPECT_TRUE(agent.check(path_of(1)).path_is_new);
  EXPECT_TRUE(agent.drain<IcePathRemoved>().empty());
  EXPECT_TRUE(agent.is_selected(path_of(1))) << "the caller was never told otherwise";
}

TEST(IceLite, ASelectionThatTheCallerBelievesInHoldsWhenAllBetweenIsUndone) {
  Agent agent;
  agent.nominate(path_of(1), 100);
  agent.nominate(path_of(2), 50);
  agent.drain<IcePathSelected>();  // 1
  agent.ice.handle_path_closed(agent.now, path_of(1));
  agent.check(path_of(1));  // back, while 2 is selected
  agent.ice.handle_path_closed(agent.now, path_of(2));
  EXPECT_TRUE(agent.is_selected(path_of(1)));
}

TEST(IceLite, TheOldestUnselectedPathGivesWayToAnotherOne) {
  Agent agent;
  agent.nominate(path_of(0));
  for (uint8_t i = 1; i < IceLite::kPathsMax; ++i) {
    agent.wait(1ms);
    agent.check(path_of(i));
  }
  EXPECT_EQ(agent.ice.path_count(), IceLite::kPathsMax);
  EXPECT_TRUE(agent.drain<IcePathRemoved>().empty());
  agent.wait(1ms);
  agent.check(path_of(1));  // now 2 is the oldest
  EXPECT_TRUE(agent.check(path_of(100)).path_is_new);
  EXPECT_EQ(agent.ice.path_count(), IceLite::kPathsMax);
  const auto removed = agent.drain<IcePathRemoved>();
  ASSERT_EQ(removed.size(), 1U);
  EXPECT_EQ(removed[0].path, path_of(2));
  EXPECT_TRUE(agent.is_selected(path_of(0)));
  EXPECT_EQ(agent.ice.counters().paths_replaced, 1U);
}

TEST(IceLite, NewPathsAreRefusedWhileRemovalsPileUpUntold) {
  Agent agent;
  const size_t churn = 200;
  for (size_t i = 0; i < churn; ++i) agent.check(path_of(static_cast<uint8_t>(i)));
  const size_t refused = churn - IceLite::kPathsAndRemovalsMax;
  EXPECT_EQ(agent.ice.counters().rejected_too_many_paths, refused);
  EXPECT_EQ(agent.drain<IcePathRemoved>().size(), IceLite::kPathsAndRemovalsMax - IceLite::kPathsMax);
  EXPECT_TRUE(agent.check(path_of(250)).path_is_new);
}

TEST(IceLite, AClosedTcpConnectionIsRemovedAtOnce) {
  Agent agent;
  const Path tcp = path_of(1, Path::kTcp + 3);
  agent.nominate(tcp, 100);
  agent.nominate(path_of(2), 50);
  agent.drain<IcePathSelected>();
  agent.ice.handle_path_closed(agent.now, tcp);
  EXPECT_FALSE(agent.ice.is_validated(tcp));
  EXPECT_TRUE(agent.is_selected(path_of(2)));
  EXPECT_EQ(agent.drain<IcePathRemoved>().size(), 1U);
  agent.ice.handle_path_closed(agent.now, tcp);
  EXPECT_FALSE(agent.ice.poll_event());
}

TEST(IceLite, OldCredentialsStayValidForThirtySecondsAfterARestart) {
  Agent agent;
  agent.nominate(path_of(1));
  agent.drain<IcePathSelected>();
  agent.ice.restart(agent.now, kNext);
  EXPECT_EQ(agent.ice.local_credentials().ufrag, "next5678");
  agent.wait(30s - 1ns);
  EXPECT_EQ(agent.check(path_of(1)).rejection, StunRejection::kNone);
  EXPECT_TRUE(agent.ice.is_local_ufrag("locl1234"));
  EXPECT_EQ(agent.ice.next_timeout(), agent.now + 1ns);
  agent.now += 1ns;
  EXPECT_EQ(agent.check(path_of(1)).rejection, StunRejection::kUnknownUsername) << "even before the timeout is handled";
  agent.ice.handle_timeout(agent.now);
  EXPECT_FALSE(agent.ice.is_local_ufrag("locl1234"));
  const auto retired = agent.drain<IceCredentialsRetired>();
  ASSERT_EQ(retired.size(), 1U);
  EXPECT_EQ(retired[0].ufrag, "locl1234");
  EXPECT_EQ(agent.check(path_of(1), {.username = "next5678:x", .pwd = kNext.pwd}).rejection, StunRejection::kNone);
  EXPECT_EQ(agent.check(path_of(1), {.username = "next5678:x", .pwd = kLocal.pwd}).rejection,
            StunRejection::kBadIntegrity);
}

TEST(IceLite, ANominationWithNewCredentialsOutweighsAnyOldPriority) {
  Agent agent;
  agent.nominate(path_of(1), 1000);
  agent.ice.restart(agent.now, kNext);
  agent.check(path_of(2), {.username = "next5678:x", .pwd = kNext.pwd});
  EXPECT_TRUE(agent.is_selected(path_of(1))) << "the selected path stays until the new generation nominates";
  // Checks with new credentials on the old path do not make its old nomination a new one.
  agent.check(path_of(1), {.priority = 1000, .username = "next5678:x", .pwd = kNext.pwd});
  agent.check(path_of(2), {.use_candidate = true, .priority = 1, .username = "next5678:x", .pwd = kNext.pwd});
  EXPECT_TRUE(agent.is_selected(path_of(2)));
  agent.nominate(path_of(3), 5000);
  EXPECT_TRUE(agent.is_selected(path_of(2))) << "a nomination with old credentials";
}

TEST(IceLite, AThirdGenerationRetiresTheFirstAtOnce) {
  Agent agent;
  agent.ice.restart(agent.now, kNext);
  agent.ice.restart(agent.now, {"third", "thirdpasswordthirdpassword"});
  EXPECT_FALSE(agent.ice.is_local_ufrag("locl1234"));
  EXPECT_TRUE(agent.ice.is_local_ufrag("next5678"));
  const auto retired = agent.drain<IceCredentialsRetired>();
  ASSERT_EQ(retired.size(), 1U);
  EXPECT_EQ(retired[0].ufrag, "locl1234");
}

TEST(IceLite, ARestartGivesAnExpiredAgentThirtySecondsMore) {
  Agent agent;
  agent.wait(30s);
  ASSERT_TRUE(agent.ice.is_expired());
  agent.ice.restart(agent.now, kNext);
  EXPECT_FALSE(agent.ice.is_expired());
  EXPECT_TRUE(agent.drain<IceExpired>().empty());
  agent.wait(30s);
  EXPECT_EQ(agent.drain<IceExpired>().size(), 1U);
}

// Everything at random in virtual time; what must always hold is asked after each step. `known` is the caller's table
// of paths, kept by path_is_new and by events alone, as Transport does.
void run_random_checks(uint64_t seed) {
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  SeededRandom random(seed);
  Agent agent;
  std::vector<IceCredentials> live = {kLocal};
  std::vector<Path> known;
  std::optional<Path> told_selected;

  for (int step = 0; step < 600; ++step) {
    const Path path = path_of(static_cast<uint8_t>(random.below(30)), static_cast<uint32_t>(random.below(2)));
    const uint64_t dice = random.below(100);
    if (dice < 60) {
      const IceCredentials& credentials = live[random.below(live.size())];
      const bool forged = random.chance(0.3);
      const StunOutcome outcome = agent.check(path, {.use_candidate = random.chance(0.3),
                                                     .priority = static_cast<uint32_t>(random.below(4)),
                                                     .username = credentials.ufrag + ":x",
                                                     .pwd = forged ? "forged" : credentials.pwd});
      EXPECT_EQ(outcome.rejection == StunRejection::kNone, outcome.reply_size > 0);
      if (forged) {
        EXPECT_EQ(outcome.reply_size, 0U);
      }
      if (outcome.path_is_new && std::find(known.begin(), known.end(), path) == known.end()) known.push_back(path);
    } else if (dice < 85) {
      agent.media(path);
    } else if (dice < 97) {
      agent.now += Duration(static_cast<int64_t>(random.below(4'000'000'000)));
      if (random.chance(0.8)) agent.ice.handle_timeout(agent.now);
    } else if (dice < 98) {
      live.push_back(make_ice_credentials(random));
      agent.ice.restart(agent.now, live.back());
      if (live.size() > 4) live.erase(live.begin());
    } else if (dice < 99) {
      agent.now += 40s;
    } else {
      agent.ice.handle_path_closed(agent.now, path);
    }
    if (random.chance(0.5)) {
      while (auto event = agent.ice.poll_event()) {
        if (const auto* removed = std::get_if<IcePathRemoved>(&*event)) {
          known.erase(std::remove(known.begin(), known.end(), removed->path), known.end());
          if (told_selected == removed->path) told_selected.reset();
        } else if (const auto* selected = std::get_if<IcePathSelected>(&*event)) {
          told_selected = selected->path;
        }
      }
      ASSERT_EQ(known.size(), agent.ice.path_count());
      for (const Path& p : known) ASSERT_TRUE(agent.ice.is_validated(p));
      ASSERT_EQ(agent.ice.selected_path() != nullptr, told_selected.has_value());
      if (told_selected) {
        ASSERT_EQ(*agent.ice.selected_path(), *told_selected);
      }
    }
    ASSERT_LE(agent.ice.path_count(), IceLite::kPathsMax);
    if (agent.ice.selected_path() != nullptr) {
      ASSERT_TRUE(agent.ice.is_validated(*agent.ice.selected_path()));
      ASSERT_EQ(agent.ice.send_path(), agent.ice.selected_path());
    }
    ASSERT_EQ(agent.ice.send_path() == nullptr, agent.ice.path_count() == 0);
    ASSERT_TRUE(agent.ice.next_timeout() != kNever || agent.ice.is_expired());
  }
}

TEST(IceLite, InvariantsHoldForRandomChecksMediaAndTime) {
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    run_random_checks(seed);
    if (testing::Test::HasFatalFailure()) return;
  }
}

}  // namespace
}  // namespace eir
