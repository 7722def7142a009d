// Consultations, seats and invitations as their owner makes them.
#include <gtest/gtest.h>

#include "tests/unit/server/consultation/consultations_test.h"

namespace eir {
namespace {

using std::chrono::hours;
using std::chrono::seconds;
using CreationTest = ConsultationsTest;

TEST_F(CreationTest, AnotherTenantFindsNothing) {
  EXPECT_EQ(consultations.find(demo, made->key), made);
  EXPECT_EQ(consultations.find(other, made->key), nullptr);
  EXPECT_EQ(consultations.find(demo, ConsultationKey::random(random)), nullptr);
}

TEST_F(CreationTest, ThereIsNothingToDoWithAnUnknownConsultation) {
  const ConsultationKey unknown = ConsultationKey::random(random);
  EXPECT_EQ(consultations.add_seat(now, owner, unknown, {}).error(), Refusal::kNotFound);
  EXPECT_EQ(consultations.invite(now, owner, {unknown, made->seats[0].key}, {}).error(), Refusal::kNotFound);
  EXPECT_EQ(consultations.revoke(now, owner, unknown, InvitationKey::random(random)).error(), Refusal::kNotFound);
  EXPECT_EQ(consultations.end(now, owner, unknown).error(), Refusal::kNotFound);
  EXPECT_EQ(consultations.cancel(now, owner, unknown).error(), Refusal::kNotFound);
  EXPECT_EQ(consultations.mark_no_show(now, owner, unknown).error(), Refusal::kNotFound);
  EXPECT_EQ(consultations.set_end_time(now, owner, unknown, now.wall + hours(1)).error(), Refusal::kNotFound);
  EXPECT_EQ(consultations.set_locked(now, owner, unknown, true).error(), Refusal::kNotFound);
  EXPECT_EQ(consultations.set_held(now, owner, unknown, true).error(), Refusal::kNotFound);
}

TEST_F(CreationTest, ASeatOfAnotherConsultationIsNotFound) {
  const Consultation& second = create("samkonsultasjon", {{}});
  EXPECT_EQ(consultations.invite(now, owner, {made->key, second.seats[0].key}, {}).error(), Refusal::kNotFound);
}

TEST_F(CreationTest, AnInvitationOfAnotherConsultationIsNotRevoked) {
  const Consultation& second = create("samkonsultasjon", {{}});
  const auto issued = consultations.invite(now, owner, {second.key, second.seats[0].key}, {});
  EXPECT_EQ(consultations.revoke(now, owner, made->key, issued->key).error(), Refusal::kNotFound);
  EXPECT_TRUE(consultations.join(now, issued->token.reveal(), ""));
}

TEST_F(CreationTest, APatientIsConfirmedByAHostUnlessTheOwnerSaysOtherwise) {
  const Consultation& room = create(
      "samkonsultasjon",
      {{.role = Role::kPatient}, {.role = Role::kRelative}, {.role = Role::kPatient, .identity = IdentityNeed::kNone}});
  EXPECT_EQ(room.seats[0].identity, IdentityNeed::kHostConfirms);
  EXPECT_EQ(room.seats[1].identity, IdentityNeed::kNone);
  EXPECT_EQ(room.seats[2].identity, IdentityNeed::kNone);
}

TEST_F(CreationTest, NoMoreAreMadeThanTheNodeTakesUntilOneEnds) {
  Consultations few(random, {.consultations = 2, .participants_per_consultation = 250});
  ConsultationRequest request;
  request.kind = built_in_templates().find("test");
  const ConsultationKey first = (*few.create(now, owner, demo, request))->key;
  ASSERT_TRUE(few.create(now, owner, other, request));
  EXPECT_EQ(few.create(now, owner, demo, request).error(), Refusal::kUnavailable);
  ASSERT_TRUE(few.end(now, owner, first));
  ASSERT_TRUE(few.end(now, owner, first));
  EXPECT_TRUE(few.create(now, owner, demo, request)) << "an ended one can still be asked for, but does not count";
  EXPECT_EQ(few.create(now, owner, demo, request).error(), Refusal::kUnavailable);
  now.steady += Consultations::kEndedLife;
  few.handle_timeout(now);
  EXPECT_EQ(few.find(first), nullptr);
  EXPECT_EQ(few.create(now, owner, demo, request).error(), Refusal::kUnavailable) << "nor does it once it is forgotten";
}

TEST_F(CreationTest, TheNodesNumberOfParticipantsHoldsWhereItIsLessThanTheTemplates) {
  Consultations small(random, {.consultations = 10, .participants_per_consultation = 2});
  ConsultationRequest request;
  request.kind = built_in_templates().find("test");
  request.seats = {seat_for_many(Role::kPatient)};
  const Consultation& room = **small.create(now, owner, demo, request);
  EXPECT_EQ(small.participants_max(room), 2U);
  EXPECT_EQ(consultations.participants_max(*made), 16U) << "the template's, which is less";
}

TEST_F(CreationTest, SeatsAndInvitationsHaveLimits) {
  ConsultationRequest request;
  request.kind = built_in_templates().find("test");
  request.seats.resize(65);
  EXPECT_EQ(consultations.create(now, owner, demo, request).error(), Refusal::kInvalidValue);
  request.seats.resize(64);
  const Consultation& full = **consultations.create(now, owner, demo, request);
  EXPECT_EQ(consultations.add_seat(now, owner, full.key, {}).error(), Refusal::kFull);
  for (int i = 0; i < 512; ++i) invite(full, 0);
  EXPECT_EQ(consultations.invite(now, owner, {full.key, full.seats[0].key}, {}).error(), Refusal::kFull);
}

TEST_F(CreationTest, AnInvitationHasOneToAThousandUses) {
  const SeatRef seat{made->key, made->seats[0].key};
  InvitationRequest request;
  request.uses_max = 0;
  EXPECT_EQ(consultations.invite(now, owner, seat, request).error(), Refusal::kInvalidValue);
  request.uses_max = 1001;
  EXPECT_EQ(consultations.invite(now, owner, seat, request).error(), Refusal::kInvalidValue);
  request.uses_max = 1000;
  EXPECT_TRUE(consultations.invite(now, owner, seat, request));
}

TEST_F(CreationTest, AnInvitationEndsAfterItBeginsAndAfterNow) {
  const SeatRef seat{made->key, made->seats[0].key};
  InvitationRequest request;
  request.not_after = now.wall;
  EXPECT_EQ(consultations.invite(now, owner, seat, request).error(), Refusal::kInvalidValue);
  request.not_before = now.wall + seconds(10);
  request.not_after = now.wall + seconds(10);
  EXPECT_EQ(consultations.invite(now, owner, seat, request).error(), Refusal::kInvalidValue);
  request.not_after = now.wall + seconds(11);
  EXPECT_TRUE(consultations.invite(now, owner, seat, request));
}

TEST_F(CreationTest, AnInvitationLivesADayBeyondThePlannedEndAndNinetyDaysAtMost) {
  const SeatRef seat{made->key, made->seats[0].key};
  EXPECT_EQ(consultations.invite(now, owner, seat, {})->not_after, now.wall + hours(24));
  ASSERT_TRUE(consultations.set_end_time(now, owner, made->key, now.wall + hours(3)));
  EXPECT_EQ(consultations.invite(now, owner, seat, {})->not_after, now.wall + hours(27));
  InvitationRequest request;
  request.not_after = now.wall + hours(24 * 90) + seconds(1);
  EXPECT_EQ(consultations.invite(now, owner, seat, request).error(), Refusal::kInvalidValue);
  request.not_after = now.wall + hours(24 * 90);
  EXPECT_TRUE(consultations.invite(now, owner, seat, request));
}

TEST_F(CreationTest, PlannedTimesHaveAnOrderAndAnEndWithin400Days) {
  ConsultationRequest request;
  request.kind = built_in_templates().find("test");
  request.starts = now.wall + hours(1);
  request.ends = now.wall + hours(1);
  EXPECT_EQ(consultations.create(now, owner, demo, request).error(), Refusal::kInvalidValue);
  request.starts.reset();
  request.ends = now.wall;
  EXPECT_EQ(consultations.create(now, owner, demo, request).error(), Refusal::kInvalidValue);
  request.ends = now.wall + hours(24 * 400) + seconds(1);
  EXPECT_EQ(consultations.create(now, owner, demo, request).error(), Refusal::kInvalidValue);
  request.ends = now.wall + hours(24 * 400);
  EXPECT_TRUE(consultations.create(now, owner, demo, request));
}

TEST_F(CreationTest, ASeatThatIsAddedRaisesTheVersionAndAnInvitationDoesNot) {
  EXPECT_EQ(made->version, 1U);
  ASSERT_TRUE(consultations.add_seat(now, owner, made->key, {.role = Role::kInterpreter}));
  EXPECT_EQ(made->version, 2U);
  EXPECT_EQ(made->seats.back().role, Role::kInterpreter);
  invite(3);
  EXPECT_EQ(made->version, 2U);
}

}  // namespace
}  // namespace eir
