// A new process goes on from what the rows hold.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/consultation/documents.h"
#include "tests/unit/server/consultation/random_history.h"

namespace eir {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

// The domain before and after a restart, on one clock.
class RestoreTest : public ConsultationsTest {
 protected:
  void restart() {
    rows.take(consultations);
    unreadable = after.restore(now, rows.load(), built_in_templates());
    again = after.find(made->key);
    ASSERT_NE(again, nullptr);
  }
  const Participant* find_again(const Joined& joined) const { return again->find_participant(joined.who.participant); }
  std::string state_again(const Joined& joined) const {
    return find_again(joined) == nullptr ? "forgotten" : std::string(state_text(*find_again(joined)));
  }
  void pass_again(Duration time) {
    now.steady += time;
    now.wall += std::chrono::duration_cast<std::chrono::seconds>(time);
    after.handle_timeout(now);
  }

  StoredRows rows;
  SeededRandom other_random{2};
  Consultations after{other_random};
  std::vector<std::string> unreadable;
  const Consultation* again = nullptr;
};

TEST_F(RestoreTest, WhoWasConnectedIsReconnectingForThirtySeconds) {
  const Joined patient = connect(1);
  admit(patient);
  restart();
  EXPECT_THAT(unreadable, IsEmpty());
  EXPECT_EQ(state_again(patient), "reconnecting");
  EXPECT_TRUE(find_again(patient)->is_admitted);
  EXPECT_EQ(*after.authenticate(now, patient.session.reveal()), patient.who);
  pass_again(30s - 1ms);
  EXPECT_EQ(state_again(patient), "reconnecting");
  pass_again(1ms);
  EXPECT_EQ(state_again(patient), "left");
  EXPECT_TRUE(after.resume(now, patient.resume.reveal()));
}

TEST_F(RestoreTest, ABreakByARestartIsPartOfTheTimeOfUse) {
  const Joined joined = connect(0);
  pass(100s);
  restart();
  pass_again(20s);
  after.transport_opened(now, joined.who);
  pass_again(30s);
  after.leave(now, joined.who);
  rows.take(after);
  ASSERT_EQ(rows.usage().size(), 1U);
  EXPECT_THAT(rows.usage()[0].document, testing::HasSubstr("\"seconds\":150,"));
}

TEST_F(RestoreTest, WhoWaitedWaitsAndWhoLeftMayResumeForAMinute) {
  const Joined patient = connect(1);
  const Joined specialist = connect(0);
  consultations.leave(now, specialist.who);
  restart();
  after.signal_opened(now, patient.who);
  EXPECT_EQ(state_again(patient), "waiting");
  EXPECT_TRUE(rights_of(*again, *find_again(patient)).empty());
  EXPECT_EQ(state_again(specialist), "left");
  pass_again(59s);
  EXPECT_TRUE(after.resume(now, specialist.resume.reveal()));
  EXPECT_EQ(state_again(specialist), "admitted");
}

TEST_F(RestoreTest, ARemovedOneStaysOutAndAUsedLinkUsed) {
  const std::string removed_by = invite(1, 5);
  const Joined patient = *consultations.join(now, removed_by, "");
  ASSERT_TRUE(consultations.remove(now, host, patient.who));
  const std::string used = invite(0);
  ASSERT_TRUE(consultations.join(now, used, ""));
  const std::string unused = invite(0);
  restart();
  EXPECT_EQ(after.join(now, removed_by, "").error(), Refusal::kInvitationRevoked);
  EXPECT_EQ(after.join(now, used, "").error(), Refusal::kInvitationUsed);
  EXPECT_EQ(after.authenticate(now, patient.session.reveal()).error(), Refusal::kUnauthorized);
  EXPECT_TRUE(after.join(now, unused, ""));
}

TEST_F(RestoreTest, LockHoldGrantAndMutesAreKeptAndNamesAreNot) {
  const Joined patient = *consultations.join(now, invite(1), "Somebody");
  admit(patient);
  MuteKinds audio;
  audio.set(MuteKind::kAudio, true);
  ASSERT_TRUE(consultations.mute_by_host(now, host, patient.who, audio));
  ASSERT_TRUE(consultations.grant(now, host, patient.who, {Right::kScreen}));
  ASSERT_TRUE(consultations.set_locked(now, host, made->key, true));
  ASSERT_TRUE(consultations.set_held(now, host, made->key, true));
  restart();
  EXPECT_EQ(again->tenant, demo);
  EXPECT_EQ(again->version, made->version);
  EXPECT_TRUE(again->is_locked);
  EXPECT_EQ(again->hold, Hold::kByHost);
  EXPECT_EQ(find_again(patient)->host_muted, audio);
  ASSERT_TRUE(after.set_held(now, host, again->key, false));
  EXPECT_TRUE(rights_of(*again, *find_again(patient)).has(Right::kScreen));
  EXPECT_EQ(find_again(patient)->display_name, "");
  after.name_self(patient.who, "Somebody");
  EXPECT_EQ(find_again(patient)->display_name, "Somebody");
}

TEST_F(RestoreTest, NumbersGoOnFromTheLastOne) {
  join(1);
  restart();
  EXPECT_EQ(after.last_transition(), rows.last_number());
  ASSERT_TRUE(after.end(now, owner, made->key));
  EXPECT_EQ(after.poll_transition()->number, rows.last_number() + 1);
}

TEST_F(RestoreTest, WhatIsOverIsNotBroughtBack) {
  ASSERT_TRUE(consultations.end(now, owner, create("test", {}).key));
  restart();
  EXPECT_EQ(rows.load().consultations.size(), 1U);
}

TEST_F(RestoreTest, APlannedTimeThatPassedMeanwhileIsNoticedWithinAMinute) {
  ASSERT_TRUE(consultations.set_end_time(now, owner, made->key, now.wall + std::chrono::hours(1)));
  now.steady += 24h;
  now.wall += std::chrono::hours(24);
  restart();
  pass_again(60s);
  EXPECT_EQ(again->state, ConsultationState::kExpired);
}

TEST_F(RestoreTest, TheTimeWithoutAHostBeginsAnew) {
  const Consultation& room = create("psych", {{.role = Role::kSpecialist}, {.role = Role::kPatient}});
  connect(room, 0);
  restart();
  const Consultation& psych = *after.find(room.key);
  pass_again(30s);
  EXPECT_EQ(psych.hold, Hold::kNone) << "now the host has left";
  pass_again(30s);
  EXPECT_EQ(psych.hold, Hold::kHostAbsent);
}

TEST_F(RestoreTest, WhatCannotBeReadIsLeftOutAndNamed) {
  const Joined patient = connect(1);
  const Joined specialist = connect(0);
  const Consultation& broken = create("test", {{}});
  const Joined of_broken = join(broken, 0);
  const Consultation& renamed = create("test", {{}});
  rows.take(consultations);
  StoredState stored = rows.load();
  std::string wrong_role;
  for (ConsultationRow& row : stored.consultations) {
    if (row.id == broken.key.to_string()) row.document = "{";
    if (row.id == renamed.key.to_string()) row.id = ConsultationKey::random(random).to_string();
  }
  for (ParticipantRow& row : stored.participants) {
    if (row.id != patient.who.participant.to_string()) continue;
    const size_t at = row.document.find("\"patient\"");
    row.document.replace(at, 9, "\"moderator\"");
  }
  const std::vector<std::string> named = after.restore(now, stored, built_in_templates());
  EXPECT_EQ(named.size(), 4U);
  EXPECT_THAT(named, testing::IsSupersetOf({broken.key.to_string(), of_broken.who.participant.to_string(),
                                            patient.who.participant.to_string()}));
  EXPECT_EQ(after.find(broken.key), nullptr);
  EXPECT_EQ(after.authenticate(now, of_broken.session.reveal()).error(), Refusal::kUnauthorized);
  again = after.find(made->key);
  ASSERT_NE(again, nullptr);
  EXPECT_EQ(state_again(patient), "forgotten") << "a role that its seat does not have";
  EXPECT_EQ(state_again(specialist), "reconnecting");
}

// --- any history ---

class AnyHistory : public testing::TestWithParam<uint64_t> {};
INSTANTIATE_TEST_SUITE_P(Seeds, AnyHistory, testing::Range<uint64_t>(1, 31));

// Where both answer, they answer alike.
void expect_equal_answers(Now now, const RandomHistory::Person& person, Consultations& before, Consultations& after) {
  for (const std::string& session : person.sessions) {
    const auto known = before.authenticate(now, session);
    const auto known_again = after.authenticate(now, session);
    // A token of somebody whom Eir just forgot is known to neither.
    ASSERT_EQ(known.has_value(), known_again.has_value());
    if (known) {
      EXPECT_EQ(*known, *known_again);
    }
    if (!known) {
      EXPECT_EQ(known.error(), known_again.error());
    }
  }
  const auto resumed = before.resume(now, person.tokens.resume.reveal());
  const auto resumed_again = after.resume(now, person.tokens.resume.reveal());
  ASSERT_EQ(resumed.has_value(), resumed_again.has_value());
  if (resumed) {
    EXPECT_EQ(resumed->who, resumed_again->who);
  }
}

void expect_equal(const Consultation& before, const Consultation& after) {
  EXPECT_EQ(to_document(before), to_document(after));
  EXPECT_EQ(before.tenant, after.tenant);
  ASSERT_EQ(before.participants.size(), after.participants.size());
  for (const auto& [key, participant] : before.participants) {
    const Participant* found = after.find_participant(key);
    ASSERT_NE(found, nullptr);
    EXPECT_EQ(to_document(participant), to_document(*found));
    const bool is_reconnecting = found->presence == Presence::kReconnecting;
    EXPECT_EQ(is_reconnecting, participant.is_here());
    EXPECT_EQ(rights_of(before, participant), rights_of(after, *found));
  }
}

TEST_P(AnyHistory, IsTheSameAfterARestart) {
  SCOPED_TRACE(GetParam());
  RandomHistory history(GetParam());
  for (int i = 0; i < 600; ++i) history.step();
  SeededRandom random(GetParam() + 7);
  Consultations after(random, RandomHistory::kLimits);
  ASSERT_THAT(after.restore(history.now, history.rows.load(), history.templates()), IsEmpty());
  EXPECT_FALSE(after.poll_transition()) << "a restart is no act";
  size_t compared = 0;
  for (const RandomHistory::Room& room : history.rooms) {
    const Consultation* before = history.domain.find(room.key);
    const bool is_over = before == nullptr || is_final(before->state);
    ASSERT_EQ(after.find(room.key) == nullptr, is_over);
    if (is_over) continue;
    expect_equal(*before, *after.find(room.key));
    ++compared;
  }
  EXPECT_GT(compared, 0U);
  for (const RandomHistory::Person& person : history.people) {
    expect_equal_answers(history.now, person, history.domain, after);
  }
  // Nobody comes back.
  Now later = history.now;
  later.steady += 30s;
  later.wall += std::chrono::seconds(30);
  after.handle_timeout(later);
  for (const RandomHistory::Room& room : history.rooms) {
    const Consultation* found = after.find(room.key);
    if (found == nullptr) continue;
    for (const auto& [key, participant] : found->participants) {
      EXPECT_FALSE(participant.is_here());
    }
  }
}

}  // namespace
}  // namespace eir
