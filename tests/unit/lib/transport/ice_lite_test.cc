#include "lib/transport/ice_lite.h"

#include <gtest/gtest.h>

#include <vector>

#include "tests/unit/lib/transport/ice_lite_agent.h"

namespace eir {
namespace {

// A request with attributes that the writers never write, authentic for kIceLocal.
std::vector<uint8_t> make_authentic(const std::vector<uint8_t>& attributes) {
  std::vector<uint8_t> bytes = {0x00, 0x01, 0x00, 0x00, 0x21, 0x12, 0xa4, 0x42, 1, 2, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0};
  const std::vector<uint8_t> username = {0x00, 0x06, 0x00, 0x0a, 'l', 'o', 'c', 'l',
                                         '1',  '2',  '3',  '4',  ':', 'p', 0,   0};
  bytes.insert(bytes.end(), username.begin(), username.end());
  bytes.insert(bytes.end(), attributes.begin(), attributes.end());
  store_u16(&bytes[2], static_cast<uint16_t>(bytes.size() - 20 + 24));
  StunKey key(kIceLocal.pwd);
  const StunKey::Mac mac = key.mac(ByteView(bytes).first(20), ByteView(bytes).subspan(20));
  bytes.insert(bytes.end(), {0x00, 0x08, 0x00, 0x14});
  bytes.insert(bytes.end(), mac.begin(), mac.end());
  return bytes;
}

TEST(IceLite, AValidCheckIsAnsweredWithTheAddressItCameFrom) {
  IceLiteAgent agent;
  const StunOutcome outcome = agent.check(path_of(1));
  EXPECT_EQ(outcome.rejection, StunRejection::kNone);
  EXPECT_TRUE(outcome.path_is_new);
  const auto reply = StunMessage::parse(ByteView(agent.reply).first(outcome.reply_size));
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->message_class(), StunClass::kSuccess);
  EXPECT_EQ(reply->transaction_id(), (StunTransactionId{1, 2, 3}));
  EXPECT_EQ(reply->xor_mapped_address(), path_of(1).remote);
  StunKey key(kIceLocal.pwd);
  EXPECT_TRUE(reply->verify_integrity(key));
  EXPECT_LE(outcome.reply_size, make_check({}).size());
  EXPECT_TRUE(agent.ice.is_validated(path_of(1)));
  EXPECT_FALSE(agent.ice.is_validated(path_of(1, 1))) << "another local socket is another path";
  EXPECT_FALSE(agent.check(path_of(1)).path_is_new);
  EXPECT_EQ(agent.ice.selected_path(), nullptr) << "not nominated";
}

TEST(IceLite, AReplyToAnIpv6PeerIsNoLargerThanTheSmallestCheckOfABrowser) {
  IceLiteAgent agent;
  Path path;
  path.remote.ip = {0x20, 0x01, 0x0d, 0xb8};
  path.remote.port = 1;
  EXPECT_LE(agent.check(path).reply_size, make_check({}).size());
}

TEST(IceLite, RequestsWithoutRightCredentialsGetNoReplyAndChangeNothing) {
  IceLiteAgent agent;
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
  IceLiteAgent agent;
  EXPECT_EQ(agent.check(path_of(1)).rejection, StunRejection::kNone);
  agent.ice.set_remote_ufrag("friend");
  EXPECT_EQ(agent.check(path_of(1)).rejection, StunRejection::kUnknownUsername);
  EXPECT_EQ(agent.check(path_of(1), {.username = "locl1234:friend"}).rejection, StunRejection::kNone);
}

TEST(IceLite, AuthenticRequestsThatCannotBeTakenGetAnErrorAndValidateNothing) {
  IceLiteAgent agent;
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
    StunKey key(kIceLocal.pwd);
    EXPECT_TRUE(reply->verify_integrity(key));
  }
  EXPECT_FALSE(agent.ice.is_validated(path_of(1)));
  EXPECT_EQ(agent.ice.counters().rejected_unknown_attribute, 1U);
  EXPECT_EQ(agent.ice.counters().rejected_role_conflict, 1U);
  EXPECT_EQ(agent.ice.counters().rejected_no_priority, 1U);
}

TEST(IceLite, ARequestWithoutEitherRoleIsTaken) {
  IceLiteAgent agent;
  EXPECT_EQ(agent.receive(make_authentic({0x00, 0x24, 0, 4, 0, 0, 0, 1}), path_of(1)).rejection, StunRejection::kNone);
}

TEST(IceLite, AReplyThatDoesNotFitIsCounted) {
  IceLiteAgent agent;
  const auto bytes = make_check({});
  std::array<uint8_t, 63> small{};
  const StunOutcome outcome =
      agent.ice.handle_binding_request(agent.now, *StunMessage::parse(bytes), path_of(1), small);
  EXPECT_EQ(outcome.reply_size, 0U);
  EXPECT_EQ(agent.ice.counters().reply_too_large, 1U);
}

TEST(IceLite, NominationSelects) {
  IceLiteAgent agent;
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
  IceLiteAgent agent;
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
  IceLiteAgent agent;
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
  IceLiteAgent agent;
  agent.nominate(path_of(1));
  agent.media(path_of(1));
  agent.wait(2s);
  agent.media(path_of(2));
  EXPECT_TRUE(agent.is_selected(path_of(1)));
  EXPECT_FALSE(agent.ice.is_validated(path_of(2)));
}

TEST(IceLite, ANatRebindingMovesThePathOnceTheOldOneIsSilentForASecond) {
  IceLiteAgent agent;
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
  IceLiteAgent agent;
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
  IceLiteAgent agent;
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
  IceLiteAgent agent;
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
  IceLiteAgent agent;
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
  IceLiteAgent agent;
  agent.nominate(path_of(1), 100);
  agent.nominate(path_of(2), 50);
  agent.nominate(path_of(3), 200);
  agent.drain<IcePathSelected>();
  agent.wait(10s);
  agent.check(path_of(2), {.priority = 50});
  EXPECT_EQ(agent.ice.next_timeout(), kIceStart + 30s);
  agent.now = kIceStart + 30s - 1ns;
  agent.ice.handle_timeout(agent.now);
  EXPECT_TRUE(agent.is_selected(path_of(3)));
  agent.wait(1ns);
  EXPECT_FALSE(agent.ice.is_validated(path_of(1)));
  EXPECT_FALSE(agent.ice.is_validated(path_of(3)));
  EXPECT_TRUE(agent.is_selected(path_of(2))) << "the best nominated one that remains";
  EXPECT_FALSE(agent.ice.is_expired());
  EXPECT_EQ(agent.drain<IcePathRemoved>().size(), 2U);
  agent.wait(10s - 1ns);
  EXPECT_FALSE(agent.ice.is_expired());
  agent.wait(1ns);
  EXPECT_TRUE(agent.ice.is_expired());
}

TEST(IceLite, ThePeerThatSendsMediaButNoMoreChecksStaysUntilThirtySecondsAfterItsLastPacket) {
  IceLiteAgent agent;
  agent.nominate(path_of(1));
  for (int second = 0; second < 120; ++second) {
    agent.wait(1s);
    agent.media(path_of(1));
    agent.ice.handle_timeout(agent.now);
  }
  EXPECT_TRUE(agent.is_selected(path_of(1)));
  EXPECT_EQ(agent.ice.next_timeout(), kIceStart + 150s);
  agent.now = kIceStart + 150s - 1ns;
  agent.ice.handle_timeout(agent.now);
  EXPECT_FALSE(agent.ice.is_expired());
  agent.wait(1ns);
  EXPECT_TRUE(agent.ice.is_expired());
  agent.media(path_of(1));
  EXPECT_TRUE(agent.ice.is_expired()) << "only a check revives";
}

TEST(IceLite, MediaOnAPathThatIsNotSelectedKeepsItNoLongerThanItsChecks) {
  IceLiteAgent agent;
  agent.nominate(path_of(1), 100);
  agent.check(path_of(2));
  agent.now = kIceStart + 29s;
  agent.media(path_of(1));
  agent.media(path_of(2));
  agent.wait(1s);
  EXPECT_FALSE(agent.ice.is_validated(path_of(2)));
  EXPECT_TRUE(agent.is_selected(path_of(1)));
}

TEST(IceLite, ConsentRunsOutAndACheckRevives) {
  IceLiteAgent agent;
  agent.nominate(path_of(1));
  agent.drain<IcePathSelected>();
  agent.wait(29s);
  agent.check(path_of(1));
  EXPECT_EQ(agent.ice.next_timeout(), kIceStart + 59s);
  agent.now = kIceStart + 59s;
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
  IceLiteAgent agent;
  EXPECT_EQ(agent.ice.next_timeout(), kIceStart + 30s);
  agent.wait(30s);
  EXPECT_TRUE(agent.ice.is_expired());
}

TEST(IceLite, APathThatComesBackBeforeItsRemovalWasToldIsNotTold) {
  IceLiteAgent agent;
  agent.nominate(path_of(1));
  agent.drain<IcePathSelected>();
  agent.wait(30s);
  EXPECT_TRUE(agent.check(path_of(1)).path_is_new);
  EXPECT_TRUE(agent.drain<IcePathRemoved>().empty());
  EXPECT_TRUE(agent.is_selected(path_of(1))) << "the caller was never told otherwise";
}

TEST(IceLite, ASelectionThatTheCallerBelievesInHoldsWhenAllBetweenIsUndone) {
  IceLiteAgent agent;
  agent.nominate(path_of(1), 100);
  agent.nominate(path_of(2), 50);
  agent.drain<IcePathSelected>();  // 1
  agent.ice.handle_path_closed(agent.now, path_of(1));
  agent.check(path_of(1));  // back, while 2 is selected
  agent.ice.handle_path_closed(agent.now, path_of(2));
  EXPECT_TRUE(agent.is_selected(path_of(1)));
}

TEST(IceLite, TheOldestUnselectedPathGivesWayToAnotherOne) {
  IceLiteAgent agent;
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
  IceLiteAgent agent;
  const size_t churn = 200;
  for (size_t i = 0; i < churn; ++i) agent.check(path_of(static_cast<uint8_t>(i)));
  const size_t refused = churn - IceLite::kPathsAndRemovalsMax;
  EXPECT_EQ(agent.ice.counters().rejected_too_many_paths, refused);
  EXPECT_EQ(agent.drain<IcePathRemoved>().size(), IceLite::kPathsAndRemovalsMax - IceLite::kPathsMax);
  EXPECT_TRUE(agent.check(path_of(250)).path_is_new);
}

TEST(IceLite, AClosedTcpConnectionIsRemovedAtOnce) {
  IceLiteAgent agent;
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
  IceLiteAgent agent;
  agent.nominate(path_of(1));
  agent.drain<IcePathSelected>();
  agent.ice.restart(agent.now, kIceNext);
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
  EXPECT_EQ(agent.check(path_of(1), {.username = "next5678:x", .pwd = kIceNext.pwd}).rejection, StunRejection::kNone);
  EXPECT_EQ(agent.check(path_of(1), {.username = "next5678:x", .pwd = kIceLocal.pwd}).rejection,
            StunRejection::kBadIntegrity);
}

TEST(IceLite, ANominationWithNewCredentialsOutweighsAnyOldPriority) {
  IceLiteAgent agent;
  agent.nominate(path_of(1), 1000);
  agent.ice.restart(agent.now, kIceNext);
  agent.check(path_of(2), {.username = "next5678:x", .pwd = kIceNext.pwd});
  EXPECT_TRUE(agent.is_selected(path_of(1))) << "the selected path stays until the new generation nominates";
  // Checks with new credentials on the old path do not make its old nomination a new one.
  agent.check(path_of(1), {.priority = 1000, .username = "next5678:x", .pwd = kIceNext.pwd});
  agent.check(path_of(2), {.use_candidate = true, .priority = 1, .username = "next5678:x", .pwd = kIceNext.pwd});
  EXPECT_TRUE(agent.is_selected(path_of(2)));
  agent.nominate(path_of(3), 5000);
  EXPECT_TRUE(agent.is_selected(path_of(2))) << "a nomination with old credentials";
}

TEST(IceLite, AThirdGenerationRetiresTheFirstAtOnce) {
  IceLiteAgent agent;
  agent.ice.restart(agent.now, kIceNext);
  agent.ice.restart(agent.now, {"third", "thirdpasswordthirdpassword"});
  EXPECT_FALSE(agent.ice.is_local_ufrag("locl1234"));
  EXPECT_TRUE(agent.ice.is_local_ufrag("next5678"));
  const auto retired = agent.drain<IceCredentialsRetired>();
  ASSERT_EQ(retired.size(), 1U);
  EXPECT_EQ(retired[0].ufrag, "locl1234");
}

TEST(IceLite, ARestartGivesAnExpiredAgentThirtySecondsMore) {
  IceLiteAgent agent;
  agent.wait(30s);
  ASSERT_TRUE(agent.ice.is_expired());
  agent.ice.restart(agent.now, kIceNext);
  EXPECT_FALSE(agent.ice.is_expired());
  EXPECT_TRUE(agent.drain<IceExpired>().empty());
  agent.wait(30s);
  EXPECT_EQ(agent.drain<IceExpired>().size(), 1U);
}

}  // namespace
}  // namespace eir
