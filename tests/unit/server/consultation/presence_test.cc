// Connections and the time between them: who is there, who comes back, who is forgotten.
#include <gtest/gtest.h>

#include "tests/unit/server/consultation/consultations_test.h"

namespace eir {
namespace {

using PresenceTest = ConsultationsTest;

TEST_F(PresenceTest, WhoJoinedHasAsLongToConnectAsTheSessionLives) {
  const Joined joined = join(0);
  pass(10min - 1ms);
  EXPECT_EQ(state(joined), "admitted");
  pass(1ms);
  EXPECT_EQ(state(joined), "left");
}

TEST_F(PresenceTest, ClosedSignalMeansReconnectingFor30SecondsThenLeftAndForgottenAfter60More) {
  const Joined joined = connect(0);
  EXPECT_EQ(state(joined), "admitted");
  consultations.signal_closed(now, joined.who);
  EXPECT_EQ(state(joined), "reconnecting");
  pass(30s - 1ms);
  EXPECT_EQ(state(joined), "reconnecting");
  events();
  pass(1ms);
  EXPECT_EQ(state(joined), "left");
  EXPECT_EQ(events(), (std::vector{Kind::kGone}));
  pass(60s - 1ms);
  EXPECT_EQ(state(joined), "left");
  pass(1ms);
  EXPECT_EQ(state(joined), "forgotten");
}

TEST_F(PresenceTest, AnOpenedSignalWithinThe30SecondsIsABreakThatNobodyCounts) {
  const Joined joined = connect(0);
  consultations.signal_closed(now, joined.who);
  pass(29s);
  consultations.signal_opened(now, joined.who);
  pass(300s);
  EXPECT_EQ(state(joined), "admitted");
}

TEST_F(PresenceTest, LivingTransportKeepsItReconnectingUntilTheWorkerFreesIt) {
  const Joined joined = connect(0);
  consultations.transport_opened(now, joined.who);
  consultations.signal_closed(now, joined.who);
  pass(300s);
  EXPECT_EQ(state(joined), "reconnecting");
  consultations.transport_closed(now, joined.who, true);
  EXPECT_EQ(state(joined), "left");
}

TEST_F(PresenceTest, ATransportThatIsClosedInOrderLeaves30SecondsForANewOne) {
  const Joined joined = join(0);
  consultations.transport_opened(now, joined.who);
  EXPECT_EQ(state(joined), "admitted");
  consultations.transport_closed(now, joined.who, false);
  EXPECT_EQ(state(joined), "reconnecting");
  pass(30s);
  EXPECT_EQ(state(joined), "left");
}

TEST_F(PresenceTest, TheLastOfSeveralTransportsCounts) {
  const Joined joined = join(0);
  consultations.transport_opened(now, joined.who);
  consultations.transport_opened(now, joined.who);
  consultations.transport_closed(now, joined.who, true);
  EXPECT_EQ(state(joined), "admitted");
  consultations.transport_closed(now, joined.who, true);
  EXPECT_EQ(state(joined), "left");
}

TEST_F(PresenceTest, ClosedTransportUnderLivingSignalChangesNothing) {
  const Joined joined = connect(0);
  consultations.transport_opened(now, joined.who);
  consultations.transport_closed(now, joined.who, true);
  EXPECT_EQ(state(joined), "admitted");
}

TEST_F(PresenceTest, ResumeGivesBackTheSameAdmittedParticipantWithNewTokens) {
  const Joined patient = connect(1);
  admit(patient);
  consultations.signal_closed(now, patient.who);
  pass(30s);
  pass(60s - 1ms);
  ASSERT_EQ(state(patient), "left");
  const auto again = consultations.resume(now, patient.resume.reveal());
  ASSERT_TRUE(again);
  EXPECT_EQ(again->who, patient.who);
  EXPECT_EQ(state(patient), "admitted");
  EXPECT_EQ(consultations.resume(now, patient.resume.reveal()).error(), Refusal::kUnauthorized);
  EXPECT_EQ(consultations.authenticate(now, patient.session.reveal()).error(), Refusal::kUnauthorized);
  EXPECT_TRUE(consultations.authenticate(now, again->session.reveal()));
}

TEST_F(PresenceTest, AResumeTokenIsGoodFor60SecondsAfterLeaving) {
  const Joined joined = connect(0);
  consultations.leave(now, joined.who);
  pass(60s);
  EXPECT_EQ(consultations.resume(now, joined.resume.reveal()).error(), Refusal::kUnauthorized);
}

TEST_F(PresenceTest, WhoWaitedStillWaitsAfterResuming) {
  const Joined patient = connect(1);
  consultations.signal_closed(now, patient.who);
  ASSERT_TRUE(consultations.resume(now, patient.resume.reveal()));
  consultations.signal_opened(now, patient.who);
  EXPECT_EQ(state(patient), "waiting");
}

TEST_F(PresenceTest, WhoResumedHas30SecondsToConnect) {
  const Joined joined = connect(0);
  consultations.leave(now, joined.who);
  ASSERT_TRUE(consultations.resume(now, joined.resume.reveal()));
  pass(30s - 1ms);
  EXPECT_EQ(state(joined), "admitted");
  pass(1ms);
  EXPECT_EQ(state(joined), "left");
}

TEST_F(PresenceTest, ATransportOfWhoHadLeftKeepsNobodyInAfterResuming) {
  const Joined joined = connect(0);
  consultations.transport_opened(now, joined.who);
  consultations.leave(now, joined.who);
  ASSERT_TRUE(consultations.resume(now, joined.resume.reveal()));
  consultations.transport_closed(now, joined.who, true);
  pass(30s);
  EXPECT_EQ(state(joined), "left");
}

TEST_F(PresenceTest, NorAfterResumingTwice) {
  const Joined joined = connect(0);
  consultations.transport_opened(now, joined.who);
  consultations.leave(now, joined.who);
  const auto again = consultations.resume(now, joined.resume.reveal());
  ASSERT_TRUE(consultations.resume(now, again->resume.reveal()));
  consultations.transport_closed(now, joined.who, true);
  pass(30s);
  EXPECT_EQ(state(joined), "left");
}

TEST_F(PresenceTest, ResumeTellsThatAnOlderConnectionIsToBeClosed) {
  const Joined joined = connect(0);
  events();
  ASSERT_TRUE(consultations.resume(now, joined.resume.reveal()));
  EXPECT_EQ(events(), (std::vector{Kind::kTakenOver, Kind::kChanged}));
}

TEST_F(PresenceTest, LeaveIsLeftAtOnce) {
  const Joined joined = connect(0);
  consultations.leave(now, joined.who);
  EXPECT_EQ(state(joined), "left");
  EXPECT_TRUE(rights(joined).empty());
  EXPECT_EQ(consultations.authenticate(now, joined.session.reveal()).error(), Refusal::kTokenExpired);
}

TEST_F(PresenceTest, WhoLeftIsNotBroughtBackByALateConnection) {
  const Joined joined = connect(0);
  consultations.leave(now, joined.who);
  consultations.signal_opened(now, joined.who);
  consultations.transport_opened(now, joined.who);
  EXPECT_EQ(state(joined), "left");
}

TEST_F(PresenceTest, StrangersAreIgnored) {
  const ParticipantRef stranger{made->key, ParticipantKey::random(random)};
  consultations.mute_self(now, stranger, MuteKind::kAudio, true);
  consultations.name_self(stranger, "x");
  consultations.leave(now, stranger);
  consultations.signal_opened(now, stranger);
  consultations.signal_closed(now, stranger);
  consultations.transport_opened(now, stranger);
  consultations.transport_closed(now, stranger, true);
  EXPECT_EQ(consultations.authenticate(now, consultations.renew_session(now, stranger).reveal()).error(),
            Refusal::kUnauthorized);
  EXPECT_TRUE(made->participants.empty());
}

TEST_F(PresenceTest, OnlyTheMutedPersonUnmutes) {
  const Joined patient = join(1);
  MuteKinds audio;
  audio.set(MuteKind::kAudio, true);
  ASSERT_TRUE(consultations.mute_by_host(now, host, patient.who, audio));
  EXPECT_TRUE(find(patient)->host_muted.has(MuteKind::kAudio));
  consultations.mute_self(now, patient.who, MuteKind::kAudio, true);
  consultations.mute_self(now, patient.who, MuteKind::kVideo, false);
  EXPECT_TRUE(find(patient)->host_muted.has(MuteKind::kAudio));
  consultations.mute_self(now, patient.who, MuteKind::kAudio, false);
  EXPECT_TRUE(find(patient)->host_muted.empty());
  EXPECT_TRUE(find(patient)->muted.empty());
}

TEST_F(PresenceTest, ALateTimeoutIsHarmless) {
  const Joined joined = connect(0);
  consultations.signal_closed(now, joined.who);
  pass(1h);
  EXPECT_EQ(state(joined), "left") << "the 60 s begin when it is noticed";
  pass(60s);
  EXPECT_EQ(state(joined), "forgotten");
}

}  // namespace
}  // namespace eir
