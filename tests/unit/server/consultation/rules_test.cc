// The rules that protect a conversation: the lock, the absent host, and who may bring somebody in.
#include <gtest/gtest.h>

#include "tests/unit/server/consultation/consultations_test.h"

namespace eir {
namespace {

using enum Right;
using RulesTest = ConsultationsTest;

// --- lock ---

TEST_F(RulesTest, ALockKeepsWhoIsNewInTheWaitingRoom) {
  const Joined patient = join(1);
  ASSERT_TRUE(consultations.set_locked(now, host, made->key, true));
  EXPECT_EQ(consultations.admit(now, host, patient.who).error(), Refusal::kLocked);
  EXPECT_TRUE(rights(patient).empty());
  ASSERT_TRUE(consultations.set_locked(now, host, made->key, false));
  EXPECT_TRUE(consultations.admit(now, host, patient.who));
}

TEST_F(RulesTest, InvitedSeatsStillReachTheWaitingRoomOfALockedOneAndOthersDoNot) {
  ASSERT_TRUE(consultations.set_locked(now, host, made->key, true));
  EXPECT_EQ(state(join(1)), "waiting");
  EXPECT_EQ(consultations.join(now, invite(2), "").error(), Refusal::kLocked) << "a seat for many is nobody's own";
  EXPECT_EQ(state(join(0)), "admitted") << "hosts";
}

TEST_F(RulesTest, WhoNeedNotWaitDoesNotPassALock) {
  const Consultation& room = create("samkonsultasjon", {{.role = Role::kGp, .skips_waiting = true}});
  ASSERT_TRUE(consultations.set_locked(now, host, room.key, true));
  EXPECT_EQ(consultations.join(now, invite(room, 0), "").error(), Refusal::kLocked);
}

TEST_F(RulesTest, WhoWasInComesBackIntoALockedOne) {
  const Joined patient = connect(1);
  admit(patient);
  ASSERT_TRUE(consultations.set_locked(now, host, made->key, true));
  consultations.leave(now, patient.who);
  ASSERT_TRUE(consultations.resume(now, patient.resume.reveal()));
  EXPECT_EQ(state(patient), "admitted");
  ASSERT_TRUE(consultations.return_to_waiting(now, host, patient.who));
  EXPECT_TRUE(consultations.admit(now, host, patient.who)) << "after a private moment of the others";
}

TEST_F(RulesTest, PsychLocksAtTheFirstAdmittedAndAnotherPatientStaysOutside) {
  const Consultation& room =
      create("psych", {{.role = Role::kSpecialist}, {.role = Role::kPatient}, {.role = Role::kPatient}});
  connect(room, 0);
  EXPECT_FALSE(room.is_locked) << "the therapist alone locks nothing";
  const Joined first = connect(room, 1);
  EXPECT_FALSE(room.is_locked);
  admit(first);
  EXPECT_TRUE(room.is_locked);
  const Joined early = connect(room, 2);
  EXPECT_EQ(state(early), "waiting");
  EXPECT_EQ(consultations.admit(now, host, early.who).error(), Refusal::kLocked);
  EXPECT_TRUE(rights(early).empty());
  EXPECT_TRUE(receives_of(room, *find(early)).empty());
  // Next please: the first is gone, the host opens for the second, and it locks again.
  ASSERT_TRUE(consultations.remove(now, host, first.who));
  EXPECT_TRUE(room.is_locked);
  ASSERT_TRUE(consultations.set_locked(now, host, room.key, false));
  admit(early);
  EXPECT_TRUE(room.is_locked);
}

TEST_F(RulesTest, AnOpenedLockStaysOpenUntilTheNextIsAdmitted) {
  const Consultation& room = create(
      "psych",
      {{.role = Role::kSpecialist}, {.role = Role::kPatient}, {.role = Role::kRelative}, {.role = Role::kClinician}});
  const Joined patient = connect(room, 1);
  admit(patient);
  ASSERT_TRUE(consultations.set_locked(now, host, room.key, false));
  connect(room, 3);
  const Joined relative = connect(room, 2);
  EXPECT_FALSE(room.is_locked) << "neither a colleague nor somebody who waits has been admitted";
  ASSERT_TRUE(consultations.return_to_waiting(now, host, patient.who));
  admit(patient);
  EXPECT_FALSE(room.is_locked) << "who was in is nobody new";
  admit(relative);
  EXPECT_TRUE(room.is_locked);
}

// --- the absent host ---

TEST_F(RulesTest, PsychRestsThirtySecondsAfterTheLastHostLeftUntilOneIsBack) {
  const Consultation& room = create("psych", {{.role = Role::kSpecialist}, {.role = Role::kPatient}});
  const Joined therapist = connect(room, 0);
  const Joined patient = connect(room, 1);
  admit(patient);
  consultations.leave(now, therapist.who);
  pass(30s - 1ms);
  EXPECT_EQ(room.hold, Hold::kNone);
  events();
  pass(1ms);
  EXPECT_EQ(room.hold, Hold::kHostAbsent);
  EXPECT_EQ(events(), (std::vector{Kind::kRoomChanged}));
  EXPECT_TRUE(rights(patient).empty());
  ASSERT_TRUE(consultations.resume(now, therapist.resume.reveal()));
  EXPECT_EQ(room.hold, Hold::kHostAbsent) << "has to connect first";
  consultations.signal_opened(now, therapist.who);
  EXPECT_EQ(room.hold, Hold::kNone);
  EXPECT_FALSE(rights(patient).empty());
}

TEST_F(RulesTest, AHostWhoIsBackInTimeStopsNothing) {
  const Consultation& room = create("psych", {{.role = Role::kSpecialist}, {.role = Role::kPatient}});
  const Joined therapist = connect(room, 0);
  admit(connect(room, 1));
  consultations.leave(now, therapist.who);
  pass(29s);
  ASSERT_TRUE(consultations.resume(now, therapist.resume.reveal()));
  consultations.signal_opened(now, therapist.who);
  pass(300s);
  EXPECT_EQ(room.hold, Hold::kNone);
}

TEST_F(RulesTest, AHostWhoReconnectsIsNotAbsentYet) {
  const Consultation& room = create("psych", {{.role = Role::kSpecialist}, {.role = Role::kPatient}});
  const Joined therapist = connect(room, 0);
  admit(connect(room, 1));
  consultations.signal_closed(now, therapist.who);
  pass(30s);
  ASSERT_EQ(state(therapist), "left");
  pass(30s - 1ms);
  EXPECT_EQ(room.hold, Hold::kNone);
  pass(1ms);
  EXPECT_EQ(room.hold, Hold::kHostAbsent);
}

TEST_F(RulesTest, SamkonsultasjonGoesOnWithoutAHost) {
  const Joined specialist = connect(0);
  const Joined patient = connect(1);
  admit(patient);
  consultations.leave(now, specialist.who);
  pass(1h);
  EXPECT_EQ(made->hold, Hold::kNone);
  EXPECT_FALSE(rights(patient).empty());
}

class EndsWithoutHost : public ConsultationsTest {
 protected:
  EndsWithoutHost() {
    templates.add("strict: {extends: samkonsultasjon, absent_host: {policy: end, grace_s: 45}}", "site.yaml");
    ConsultationRequest request;
    request.kind = templates.find("strict");
    request.seats = {{.role = Role::kSpecialist}, {.role = Role::kPatient}};
    room = *consultations.create(now, owner, demo, request);
  }
  Templates templates = Templates::built_in();
  const Consultation* room = nullptr;
};

TEST_F(EndsWithoutHost, EndsWhenTheGraceIsOver) {
  const Joined specialist = connect(*room, 0);
  admit(connect(*room, 1));
  ASSERT_TRUE(consultations.remove(now, owner, specialist.who));
  pass(45s - 1ms);
  EXPECT_EQ(room->state, ConsultationState::kOpen);
  pass(1ms);
  EXPECT_EQ(room->state, ConsultationState::kEnded);
}

TEST_F(EndsWithoutHost, EndsAlsoWhenTheHostHadPutItToRest) {
  const Joined specialist = connect(*room, 0);
  admit(connect(*room, 1));
  ASSERT_TRUE(consultations.set_held(now, host, room->key, true));
  consultations.leave(now, specialist.who);
  pass(45s);
  EXPECT_EQ(room->state, ConsultationState::kEnded);
}

TEST_F(RulesTest, WhatAHostPutToRestIsNotReleasedByAHostWhoComes) {
  const Consultation& room = create("psych", {{.role = Role::kSpecialist}, {.role = Role::kPatient}});
  const Joined therapist = connect(room, 0);
  admit(connect(room, 1));
  consultations.leave(now, therapist.who);
  pass(10s);
  ASSERT_TRUE(consultations.set_held(now, owner, room.key, true));
  pass(60s - 1s - 10s);
  ASSERT_TRUE(consultations.resume(now, therapist.resume.reveal()));
  consultations.signal_opened(now, therapist.who);
  EXPECT_EQ(room.hold, Hold::kByHost);
}

TEST_F(RulesTest, AReleaseFromOutsideLastsAsLongAsTheGrace) {
  const Consultation& room = create("psych", {{.role = Role::kPatient}});
  const Joined patient = connect(room, 0);
  admit(patient);
  pass(30s);
  ASSERT_EQ(room.hold, Hold::kHostAbsent);
  ASSERT_TRUE(consultations.set_held(now, owner, room.key, false));
  EXPECT_FALSE(rights(patient).empty());
  pass(30s - 1ms);
  EXPECT_EQ(room.hold, Hold::kNone);
  pass(1ms);
  EXPECT_EQ(room.hold, Hold::kHostAbsent);
}

TEST_F(RulesTest, AGrantMakesAHostAndItsEndAnAbsentOne) {
  const Consultation& room = create("psych", {{.role = Role::kGp}, {.role = Role::kPatient}});
  const Joined gp = connect(room, 0);
  admit(gp);
  ASSERT_TRUE(consultations.grant(now, owner, gp.who, {kModerate}));
  pass(60s);
  EXPECT_EQ(room.hold, Hold::kNone);
  ASSERT_TRUE(consultations.grant(now, owner, gp.who, {}));
  pass(30s);
  EXPECT_EQ(room.hold, Hold::kHostAbsent);
}

// --- who brings somebody in ---

TEST_F(RulesTest, NobodyGivesAwayARightOfDecisionThatTheyDoNotHave) {
  const Consultation& room = create("samkonsultasjon", {{.role = Role::kGp}});
  const Joined gp = connect(room, 0);
  admit(gp);
  const auto limited =
      consultations.limit_to_inviter(gp.who, {.role = Role::kSpecialist, .skips_waiting = true, .identity = {}});
  ASSERT_TRUE(limited);
  ASSERT_TRUE(consultations.add_seat(now, host, room.key, *limited));
  const Joined friend_of_gp = join(room, 1);
  EXPECT_EQ(state(friend_of_gp), "waiting");
  admit(friend_of_gp);
  EXPECT_EQ(rights(friend_of_gp), (Rights{kAudio, kVideo, kExtraCamera, kScreen, kInvite}));
  // Nor by a second step.
  const auto further = consultations.limit_to_inviter(friend_of_gp.who, {.role = Role::kModerator});
  ASSERT_TRUE(further);
  ASSERT_TRUE(consultations.add_seat(now, host, room.key, *further));
  EXPECT_FALSE(rights_of_seat(*room.kind, room.seats[2]).has(kModerate));
  EXPECT_TRUE(grantable_to(*room.kind, room.seats[2]).empty());
}

TEST_F(RulesTest, AHostBringsInAColleagueWhoNeedNotWait) {
  const Joined specialist = connect(0);
  const auto limited =
      consultations.limit_to_inviter(specialist.who, {.role = Role::kGp, .skips_waiting = true, .identity = {}});
  ASSERT_TRUE(limited);
  EXPECT_TRUE(limited->skips_waiting);
  EXPECT_TRUE(limited->withheld.empty());
}

TEST_F(RulesTest, AGpWhomAGpBroughtInCanStillBeMadeAHost) {
  const Consultation& room = create("samkonsultasjon", {{.role = Role::kGp}});
  const Joined gp = connect(room, 0);
  admit(gp);
  ASSERT_TRUE(
      consultations.add_seat(now, host, room.key, *consultations.limit_to_inviter(gp.who, {.role = Role::kGp})));
  const Joined colleague = join(room, 1);
  EXPECT_TRUE(consultations.grant(now, host, colleague.who, {kModerate}));
}

TEST_F(RulesTest, APatientBringsInARelativeWithAHostsLeaveAndNobodyElse) {
  const Joined patient = connect(1);
  admit(patient);
  EXPECT_EQ(consultations.limit_to_inviter(patient.who, {.role = Role::kRelative}).error(), Refusal::kForbidden);
  ASSERT_TRUE(consultations.grant(now, host, patient.who, {kInvite}));
  EXPECT_TRUE(consultations.limit_to_inviter(patient.who, {.role = Role::kRelative}));
  for (const Role role : {Role::kSpecialist, Role::kGp, Role::kPatient, Role::kObserver, Role::kDevice}) {
    EXPECT_EQ(consultations.limit_to_inviter(patient.who, {.role = role}).error(), Refusal::kForbidden)
        << to_text(role);
  }
}

TEST_F(RulesTest, WhoWaitsBringsNobodyIn) {
  const Consultation& room = create("samkonsultasjon", {{.role = Role::kGp}});
  const Joined gp = connect(room, 0);
  EXPECT_EQ(consultations.limit_to_inviter(gp.who, {.role = Role::kPatient}).error(), Refusal::kForbidden);
  const ParticipantRef stranger{room.key, ParticipantKey::random(random)};
  EXPECT_EQ(consultations.limit_to_inviter(stranger, {}).error(), Refusal::kNotFound);
}

TEST_F(RulesTest, OnlyAHostSaysThatNobodyNeedsToConfirmWhoAPatientIs) {
  const SeatRequest unknown{.role = Role::kPatient, .identity = IdentityNeed::kNone};
  const Consultation& room = create("samkonsultasjon", {{.role = Role::kGp}});
  const Joined gp = connect(room, 0);
  admit(gp);
  EXPECT_FALSE(consultations.limit_to_inviter(gp.who, unknown)->identity);
  const Joined specialist = connect(0);
  EXPECT_EQ(consultations.limit_to_inviter(specialist.who, unknown)->identity, IdentityNeed::kNone);
}

}  // namespace
}  // namespace eir
