// What hosts decide about others, and what they may not.
#include <gtest/gtest.h>

#include "tests/unit/server/consultation/consultations_test.h"

namespace eir {
namespace {

using enum Right;
using HostsTest = ConsultationsTest;

MuteKinds one(MuteKind kind) {
  MuteKinds kinds;
  kinds.set(kind, true);
  return kinds;
}

TEST_F(HostsTest, AdmittedIsInWithTheRightsOfTheRole) {
  const Joined patient = join(1);
  events();
  admit(patient);
  EXPECT_EQ(state(patient), "admitted");
  EXPECT_EQ(rights(patient), (Rights{kAudio, kVideo, kExtraCamera}));
  EXPECT_EQ(receives_of(*made, *find(patient)), kMediaRights);
  EXPECT_EQ(events(), (std::vector{Kind::kRoomChanged, Kind::kChanged}));
  admit(patient);
  EXPECT_EQ(events(), std::vector<Kind>{}) << "once more changes nothing";
}

TEST_F(HostsTest, WhoLeftIsNotAdmitted) {
  const Joined patient = connect(1);
  consultations.leave(now, patient.who);
  EXPECT_EQ(consultations.admit(now, host, patient.who).error(), Refusal::kWrongState);
}

TEST_F(HostsTest, DenyIsForThoseWhoWait) {
  const Joined specialist = join(0);
  const Joined patient = join(1);
  EXPECT_EQ(consultations.deny(now, host, specialist.who).error(), Refusal::kWrongState);
  events();
  EXPECT_TRUE(consultations.deny(now, host, patient.who));
  EXPECT_EQ(events(), (std::vector{Kind::kDenied}));
  EXPECT_EQ(state(patient), "forgotten");
  EXPECT_EQ(consultations.authenticate(now, patient.session.reveal()).error(), Refusal::kUnauthorized);
  EXPECT_EQ(consultations.resume(now, patient.resume.reveal()).error(), Refusal::kUnauthorized);
}

TEST_F(HostsTest, WhoWasDeniedMayKnockAgainWithTheUsesThatAreLeft) {
  const std::string link = invite(1, 2);
  const Joined patient = *consultations.join(now, link, "");
  ASSERT_TRUE(consultations.deny(now, host, patient.who));
  EXPECT_EQ(state(*consultations.join(now, link, "")), "waiting");
}

TEST_F(HostsTest, ReturnTakesEveryRightBack) {
  const Joined specialist = join(0);
  const Joined patient = join(1);
  admit(patient);
  ASSERT_TRUE(consultations.return_to_waiting(now, host, patient.who));
  EXPECT_EQ(state(patient), "waiting");
  EXPECT_TRUE(rights(patient).empty());
  EXPECT_TRUE(receives_of(*made, *find(patient)).empty());
  EXPECT_EQ(consultations.return_to_waiting(now, host, specialist.who).error(), Refusal::kWrongState);
}

TEST_F(HostsTest, NobodyIsSentToAWaitingRoomThatIsNotThere) {
  const Consultation& room = create("test", {{}});
  const Joined joined = join(room, 0);
  EXPECT_EQ(consultations.return_to_waiting(now, host, joined.who).error(), Refusal::kWrongState);
}

TEST_F(HostsTest, MuteAndStopAddUp) {
  const Joined patient = join(1);
  ASSERT_TRUE(consultations.mute_by_host(now, host, patient.who, one(MuteKind::kAudio)));
  ASSERT_TRUE(consultations.mute_by_host(now, host, patient.who, one(MuteKind::kVideo)));
  EXPECT_TRUE(find(patient)->host_muted.has(MuteKind::kAudio));
  EXPECT_TRUE(find(patient)->host_muted.has(MuteKind::kVideo));
  EXPECT_FALSE(find(patient)->host_muted.has(MuteKind::kScreen));
  events();
  ASSERT_TRUE(consultations.mute_by_host(now, host, patient.who, one(MuteKind::kAudio)));
  EXPECT_EQ(events(), std::vector<Kind>{}) << "once more changes nothing";
}

TEST_F(HostsTest, RemovedComesBackNeitherByTokenNorByLink) {
  const std::string token = invite(1, 5);
  const Joined patient = *consultations.join(now, token, "");
  events();
  ASSERT_TRUE(consultations.remove(now, host, patient.who));
  EXPECT_EQ(events(), (std::vector{Kind::kRemoved}));
  EXPECT_EQ(consultations.authenticate(now, patient.session.reveal()).error(), Refusal::kUnauthorized);
  EXPECT_EQ(consultations.resume(now, patient.resume.reveal()).error(), Refusal::kUnauthorized);
  EXPECT_EQ(consultations.join(now, token, "").error(), Refusal::kInvitationRevoked);
  EXPECT_EQ(consultations.remove(now, host, patient.who).error(), Refusal::kNotFound);
}

TEST_F(HostsTest, RemovingOneOfASeatForManyKeepsTheOthersIn) {
  const std::string token = invite(2, 5);
  const Joined first = *consultations.join(now, token, "");
  const Joined second = *consultations.join(now, token, "");
  ASSERT_TRUE(consultations.remove(now, host, first.who));
  EXPECT_EQ(state(second), "waiting");
  EXPECT_EQ(consultations.join(now, token, "").error(), Refusal::kInvitationRevoked);
}

TEST_F(HostsTest, AConfirmedIdentityIsShownUntilTheSeatIsTakenAnew) {
  const Joined patient = join(1);
  EXPECT_FALSE(find(patient)->is_identity_confirmed);
  ASSERT_TRUE(consultations.confirm_identity(now, host, patient.who));
  EXPECT_TRUE(find(patient)->is_identity_confirmed);
  events();
  ASSERT_TRUE(consultations.confirm_identity(now, host, patient.who));
  EXPECT_EQ(events(), std::vector<Kind>{});
}

// The ✱ of the table of roles, and nothing else: every right is tried for every role.
TEST_F(HostsTest, OnlyWhatTheCeilingLeavesIsGranted) {
  struct Row {
    Role role;
    Rights grantable;
  };
  const Row table[] = {
      {Role::kSpecialist, {}},
      {Role::kClinician, {}},
      {Role::kModerator, {}},
      {Role::kGp, {kModerate, kEnd, kList}},  // a list comes with deciding about those on it
      {Role::kPatient, {kScreen, kInvite}},
      {Role::kRelative, {kScreen}},
      {Role::kInterpreter, {}},
      {Role::kObserver, {kAudio}},
      {Role::kDevice, {kScreen}},
      {Role::kGateway, {}},
      {Role::kSupport, {}},
  };
  for (const Row& row : table) {
    const Consultation& room = create("samkonsultasjon", {{.role = row.role}});
    const Joined joined = join(room, 0);
    admit(joined);
    const Rights before = rights(joined);
    for (const Right right : kAllRights) {
      SCOPED_TRACE(std::string(to_text(row.role)) + " " + std::string(to_text(right)));
      const auto granted = consultations.grant(now, host, joined.who, {right});
      if (row.grantable.has(right)) {
        ASSERT_TRUE(granted);
        EXPECT_EQ(rights(joined), (before | Rights{right}));
        ASSERT_TRUE(consultations.grant(now, host, joined.who, {}));
      } else {
        EXPECT_EQ(granted.error(), Refusal::kForbidden);
      }
      EXPECT_EQ(rights(joined), before);
    }
  }
}

TEST_F(HostsTest, OneForbiddenRightAmongOthersGrantsNothing) {
  const Joined patient = join(1);
  admit(patient);
  EXPECT_EQ(consultations.grant(now, host, patient.who, {kScreen, kModerate}).error(), Refusal::kForbidden);
  EXPECT_FALSE(rights(patient).has(kScreen));
}

TEST_F(HostsTest, AGrantReplacesTheOneBefore) {
  const Joined patient = join(1);
  admit(patient);
  ASSERT_TRUE(consultations.grant(now, host, patient.who, {kScreen}));
  ASSERT_TRUE(consultations.grant(now, host, patient.who, {kInvite}));
  EXPECT_FALSE(rights(patient).has(kScreen));
  EXPECT_TRUE(rights(patient).has(kInvite));
}

TEST_F(HostsTest, WhatTemplateOrSeatWithholdsIsNotGranted) {
  const Consultation& phone = create("phone_conference", {{.role = Role::kPatient}});
  const Joined caller = join(phone, 0);
  EXPECT_EQ(consultations.grant(now, host, caller.who, {kScreen}).error(), Refusal::kForbidden);
  const Consultation& room = create("samkonsultasjon", {{.role = Role::kPatient, .withheld = {kScreen, kAudio}}});
  const Joined patient = join(room, 0);
  admit(patient);
  EXPECT_EQ(consultations.grant(now, host, patient.who, {kScreen}).error(), Refusal::kForbidden);
  EXPECT_FALSE(rights(patient).has(kAudio));
}

TEST_F(HostsTest, AGrantEndsWithWhoWasGivenIt) {
  const Consultation& room = create("samkonsultasjon", {{.role = Role::kGp}});
  const std::string link = invite(room, 0, 2);
  const Joined first = *consultations.join(now, link, "");
  admit(first);
  ASSERT_TRUE(consultations.grant(now, host, first.who, {kModerate}));
  ASSERT_TRUE(consultations.may(first.who, room.key, kModerate));
  const Joined second = *consultations.join(now, link, "");
  EXPECT_EQ(state(second), "waiting") << "the link may have changed hands";
  admit(second);
  EXPECT_FALSE(consultations.may(second.who, room.key, kModerate));
}

TEST_F(HostsTest, AGrantSurvivesABreak) {
  const Consultation& room = create("samkonsultasjon", {{.role = Role::kGp}});
  const Joined gp = connect(room, 0);
  admit(gp);
  ASSERT_TRUE(consultations.grant(now, host, gp.who, {kModerate}));
  consultations.signal_closed(now, gp.who);
  ASSERT_TRUE(consultations.resume(now, gp.resume.reveal()));
  EXPECT_TRUE(consultations.may(gp.who, room.key, kModerate));
}

TEST_F(HostsTest, GroupsAreBitsAndAtLeastOne) {
  const Joined patient = join(1);
  EXPECT_EQ(find(patient)->groups, 1U);
  ASSERT_TRUE(consultations.set_groups(now, host, patient.who, 6));
  EXPECT_EQ(find(patient)->groups, 6U);
  EXPECT_EQ(consultations.set_groups(now, host, patient.who, 0).error(), Refusal::kInvalidValue);
  EXPECT_EQ(find(patient)->groups, 6U);
}

TEST_F(HostsTest, EightPersonsMoreFitBeforeOneConnection) {
  const Joined patient = join(1);
  std::vector<PresentPerson> persons(8, {Role::kRelative, "x"});
  ASSERT_TRUE(consultations.set_persons(now, host, patient.who, persons));
  EXPECT_EQ(find(patient)->persons.size(), 8U);
  persons.push_back({Role::kRelative, "y"});
  EXPECT_EQ(consultations.set_persons(now, host, patient.who, persons).error(), Refusal::kInvalidValue);
  EXPECT_EQ(find(patient)->persons.size(), 8U);
}

TEST_F(HostsTest, AHeldConsultationRestsForAllButHosts) {
  const Joined specialist = connect(0);
  const Joined patient = connect(1);
  admit(patient);
  events();
  const uint32_t version = made->version;
  ASSERT_TRUE(consultations.set_held(now, host, made->key, true));
  EXPECT_EQ(events(), (std::vector{Kind::kRoomChanged}));
  EXPECT_EQ(made->version, version + 1);
  EXPECT_TRUE((rights(patient) & kMediaRights).empty());
  EXPECT_TRUE(receives_of(*made, *find(patient)).empty());
  EXPECT_EQ(rights(specialist) & kMediaRights, kMediaRights);
  EXPECT_EQ(receives_of(*made, *find(specialist)), kMediaRights);
  ASSERT_TRUE(consultations.set_held(now, host, made->key, true));
  EXPECT_EQ(made->version, version + 1) << "once more changes nothing";
  ASSERT_TRUE(consultations.set_held(now, host, made->key, false));
  EXPECT_EQ(rights(patient), (Rights{kAudio, kVideo, kExtraCamera}));
}

TEST_F(HostsTest, NobodyUnknownIsDecidedAbout) {
  const ParticipantRef stranger{made->key, ParticipantKey::random(random)};
  EXPECT_EQ(consultations.admit(now, host, stranger).error(), Refusal::kNotFound);
  EXPECT_EQ(consultations.deny(now, host, stranger).error(), Refusal::kNotFound);
  EXPECT_EQ(consultations.return_to_waiting(now, host, stranger).error(), Refusal::kNotFound);
  EXPECT_EQ(consultations.mute_by_host(now, host, stranger, one(MuteKind::kAudio)).error(), Refusal::kNotFound);
  EXPECT_EQ(consultations.remove(now, host, stranger).error(), Refusal::kNotFound);
  EXPECT_EQ(consultations.confirm_identity(now, host, stranger).error(), Refusal::kNotFound);
  EXPECT_EQ(consultations.grant(now, host, stranger, {}).error(), Refusal::kNotFound);
  EXPECT_EQ(consultations.set_groups(now, host, stranger, 1).error(), Refusal::kNotFound);
  EXPECT_EQ(consultations.set_persons(now, host, stranger, {}).error(), Refusal::kNotFound);
}

TEST_F(HostsTest, AParticipantOfAnotherConsultationIsUnknown) {
  const Consultation& second = create("samkonsultasjon", {{.role = Role::kPatient}});
  const Joined patient = join(second, 0);
  EXPECT_EQ(consultations.admit(now, host, {made->key, patient.who.participant}).error(), Refusal::kNotFound);
  EXPECT_FALSE(consultations.may(patient.who, made->key, kAudio));
}

}  // namespace
}  // namespace eir
