// Invitations used, and the tokens that follow from them.
#include <gtest/gtest.h>

#include "tests/unit/server/consultation/consultations_test.h"

namespace eir {
namespace {

using std::chrono::seconds;
using JoiningTest = ConsultationsTest;

TEST_F(JoiningTest, PatientWaitsWithoutAnyRight) {
  const Joined patient = join(1);
  EXPECT_EQ(state(patient), "waiting");
  EXPECT_TRUE(rights(patient).empty());
  EXPECT_TRUE(receives_of(*made, *find(patient)).empty());
}

TEST_F(JoiningTest, SpecialistPassesTheWaitingRoomAndMayModerate) {
  const Joined specialist = join(0);
  EXPECT_EQ(state(specialist), "admitted");
  EXPECT_TRUE(consultations.may(specialist.who, made->key, Right::kModerate));
  EXPECT_FALSE(consultations.may(specialist.who, ConsultationKey::random(random), Right::kModerate));
}

TEST_F(JoiningTest, ASeatThatSkipsWaitingIsInAtOnce) {
  const Consultation& room = create("samkonsultasjon", {{.role = Role::kGp, .skips_waiting = true}});
  EXPECT_EQ(state(join(room, 0)), "admitted");
}

TEST_F(JoiningTest, TemplateTestHasNoWaitingRoomAndTakes250) {
  const Consultation& load = create("test", {seat_for_many(Role::kPatient)});
  const std::string token = invite(load, 0, 251);
  for (int i = 0; i < 250; ++i) {
    const auto joined = consultations.join(now, token, "");
    ASSERT_TRUE(joined);
    EXPECT_EQ(state(*joined), "admitted");
  }
  EXPECT_EQ(consultations.join(now, token, "").error(), Refusal::kFull);
}

TEST_F(JoiningTest, WhoLeftMakesRoomAndCannotComeBackIntoAFullOne) {
  const Consultation& room = create("psych", {seat_for_many(Role::kRelative)});  // eight at most
  const std::string token = invite(room, 0, 9);
  const Joined first = *consultations.join(now, token, "");
  for (int i = 1; i < 8; ++i) ASSERT_TRUE(consultations.join(now, token, ""));
  EXPECT_EQ(consultations.join(now, token, "").error(), Refusal::kFull);
  consultations.leave(now, first.who);
  ASSERT_TRUE(consultations.join(now, token, ""));
  EXPECT_EQ(consultations.resume(now, first.resume.reveal()).error(), Refusal::kFull);
}

TEST_F(JoiningTest, TheNewestUseOfASeatFitsIntoAFullConsultation) {
  const Consultation& room = create("psych", {seat_for_many(Role::kRelative), {.role = Role::kPatient}});
  const std::string token = invite(room, 0, 7);
  for (int i = 0; i < 7; ++i) ASSERT_TRUE(consultations.join(now, token, ""));
  const std::string link = invite(room, 1, 2);
  ASSERT_TRUE(consultations.join(now, link, ""));
  EXPECT_TRUE(consultations.join(now, link, ""));
}

TEST_F(JoiningTest, InvitationIsUsedUpAfterItsUses) {
  const std::string token = invite(2, 2);
  EXPECT_TRUE(consultations.join(now, token, ""));
  EXPECT_TRUE(consultations.join(now, token, ""));
  EXPECT_EQ(consultations.join(now, token, "").error(), Refusal::kInvitationUsed);
}

TEST_F(JoiningTest, ARefusedJoinUsesNothingUp) {
  const std::string token = invite(1);
  EXPECT_EQ(consultations.join(now, token, std::string(65, 'x')).error(), Refusal::kInvalidValue);
  EXPECT_EQ(consultations.join(now, token, "", true).error(), Refusal::kInvalidValue) << "no echo in this template";
  EXPECT_TRUE(consultations.join(now, token, ""));
}

TEST_F(JoiningTest, EchoIsForTemplatesThatHaveIt) {
  const Consultation& room = create("test", {{}});
  const auto joined = consultations.join(now, invite(room, 0), "", true);
  ASSERT_TRUE(joined);
  EXPECT_TRUE(find(*joined)->wants_echo);
}

TEST_F(JoiningTest, InvitationHoldsFromNotBeforeUntilNotAfter) {
  InvitationRequest request;
  request.not_before = now.wall + seconds(60);
  request.not_after = now.wall + seconds(120);
  request.uses_max = 9;
  const auto issued = consultations.invite(now, owner, {made->key, made->seats[2].key}, request);
  const std::string token = issued->token.reveal();
  pass(59s);
  EXPECT_EQ(consultations.join(now, token, "").error(), Refusal::kInvitationEarly);
  pass(1s);
  EXPECT_TRUE(consultations.join(now, token, ""));
  pass(59s);
  EXPECT_TRUE(consultations.join(now, token, ""));
  pass(1s);
  EXPECT_EQ(consultations.join(now, token, "").error(), Refusal::kInvitationExpired);
}

TEST_F(JoiningTest, RevokedInvitationLetsNobodyInAndNobodyOut) {
  InvitationRequest twice;
  twice.uses_max = 2;
  const auto issued = consultations.invite(now, owner, {made->key, made->seats[0].key}, twice);
  const auto joined = consultations.join(now, issued->token.reveal(), "");
  ASSERT_TRUE(consultations.revoke(now, owner, made->key, issued->key));
  EXPECT_EQ(consultations.join(now, issued->token.reveal(), "").error(), Refusal::kInvitationRevoked);
  EXPECT_EQ(state(*joined), "admitted");
  EXPECT_TRUE(consultations.revoke(now, owner, made->key, issued->key)) << "once more changes nothing";
}

TEST_F(JoiningTest, UnknownTokensAreUnauthorized) {
  EXPECT_EQ(consultations.join(now, "x", "").error(), Refusal::kUnauthorized);
  EXPECT_EQ(consultations.resume(now, "x").error(), Refusal::kUnauthorized);
  EXPECT_EQ(consultations.authenticate(now, "x").error(), Refusal::kUnauthorized);
}

TEST_F(JoiningTest, ATokenOfOneKindIsNoneOfAnother) {
  const std::string link = invite(0, 2);
  const Joined joined = *consultations.join(now, link, "");
  EXPECT_EQ(consultations.authenticate(now, link).error(), Refusal::kUnauthorized);
  EXPECT_EQ(consultations.authenticate(now, joined.resume.reveal()).error(), Refusal::kUnauthorized);
  EXPECT_EQ(consultations.resume(now, joined.session.reveal()).error(), Refusal::kUnauthorized);
  EXPECT_EQ(consultations.join(now, joined.session.reveal(), "").error(), Refusal::kUnauthorized);
}

TEST_F(JoiningTest, NewestUseOfALinkTakesTheSeatAndWaitsAgain) {
  const std::string token = invite(1, 2);
  const Joined first = *consultations.join(now, token, "");
  admit(first);
  ASSERT_TRUE(consultations.confirm_identity(now, host, first.who));
  events();
  const Joined second = *consultations.join(now, token, "");
  EXPECT_EQ(events(), (std::vector{Kind::kReplaced, Kind::kChanged}));
  EXPECT_EQ(state(first), "forgotten");
  EXPECT_EQ(state(second), "waiting");
  EXPECT_FALSE(find(second)->is_identity_confirmed);
  EXPECT_EQ(consultations.authenticate(now, first.session.reveal()).error(), Refusal::kUnauthorized);
  EXPECT_EQ(consultations.resume(now, first.resume.reveal()).error(), Refusal::kUnauthorized);
}

TEST_F(JoiningTest, AnotherLinkToTheSameSeatTakesItToo) {
  const Joined first = join(1);
  const Joined second = join(1);
  EXPECT_EQ(state(first), "forgotten");
  EXPECT_EQ(state(second), "waiting");
}

TEST_F(JoiningTest, SeatForManyGivesEachUseItsOwnParticipant) {
  const std::string token = invite(2, 2);
  const Joined first = *consultations.join(now, token, "");
  const Joined second = *consultations.join(now, token, "");
  EXPECT_NE(first.who, second.who);
  EXPECT_EQ(state(first), "waiting");
  EXPECT_EQ(state(second), "waiting");
}

TEST_F(JoiningTest, SessionTokenLivesTenMinutes) {
  const Joined joined = connect(0);
  pass(10min - 1s);
  EXPECT_EQ(*consultations.authenticate(now, joined.session.reveal()), joined.who);
  const Token renewed = consultations.renew_session(now, joined.who);
  pass(1s);
  EXPECT_EQ(consultations.authenticate(now, joined.session.reveal()).error(), Refusal::kTokenExpired);
  EXPECT_EQ(*consultations.authenticate(now, renewed.reveal()), joined.who);
}

TEST_F(JoiningTest, FourSessionTokensAreGoodAtOnceAndTheOldestGoesFirst) {
  const Joined joined = connect(0);
  std::vector<Token> tokens{joined.session};
  for (int i = 0; i < 4; ++i) tokens.push_back(consultations.renew_session(now, joined.who));
  EXPECT_EQ(consultations.authenticate(now, tokens[0].reveal()).error(), Refusal::kUnauthorized);
  for (size_t i = 1; i < 5; ++i) EXPECT_TRUE(consultations.authenticate(now, tokens[i].reveal())) << i;
}

TEST_F(JoiningTest, NobodyWhoLeftIsGivenAFurtherSession) {
  const Joined joined = connect(0);
  consultations.leave(now, joined.who);
  const Token late = consultations.renew_session(now, joined.who);
  EXPECT_EQ(consultations.authenticate(now, late.reveal()).error(), Refusal::kUnauthorized);
}

TEST_F(JoiningTest, DisplayNameHas64CharactersHoweverManyBytes) {
  std::string name;
  for (int i = 0; i < 64; ++i) name += "\xc3\xb8";  // ø
  EXPECT_TRUE(consultations.join(now, invite(0), name));
  EXPECT_EQ(consultations.join(now, invite(0), name + "x").error(), Refusal::kInvalidValue);
  EXPECT_EQ(consultations.join(now, invite(0), "a\nb").error(), Refusal::kInvalidValue);
  EXPECT_EQ(consultations.join(now, invite(0), "a\x7f").error(), Refusal::kInvalidValue);
}

TEST_F(JoiningTest, ANameIsSaidOnceAfterARestartAndNotReplaced) {
  const Joined joined = join(0);
  consultations.name_self(joined.who, "first");
  EXPECT_EQ(find(joined)->display_name, "first");
  consultations.name_self(joined.who, "second");
  EXPECT_EQ(find(joined)->display_name, "first");
}

TEST_F(JoiningTest, ANameThatIsSaidLateIsToldToOthers) {
  const Joined joined = connect(0);
  events();
  consultations.name_self(joined.who, "late");
  EXPECT_EQ(events(), std::vector{Kind::kChanged});
  consultations.name_self(joined.who, "again");
  EXPECT_TRUE(events().empty());
  const Joined nameless = connect(1);
  events();
  consultations.name_self(nameless.who, "");
  EXPECT_TRUE(events().empty());
}

}  // namespace
}  // namespace eir
