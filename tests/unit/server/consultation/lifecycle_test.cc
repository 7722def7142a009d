// A whole consultation: from planned to one of its ends, and what time does to it.
#include <gtest/gtest.h>

#include "tests/unit/server/consultation/consultations_test.h"

namespace eir {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using enum ConsultationState;

class LifecycleTest : public ConsultationsTest {
 protected:
  // From an hour ahead until two.
  const Consultation& plan(std::string_view kind = "samkonsultasjon") {
    ConsultationRequest request;
    request.kind = built_in_templates().find(kind);
    request.seats = {{.role = Role::kSpecialist}, {.role = Role::kPatient}};
    request.starts = now.wall + hours(1);
    request.ends = now.wall + hours(2);
    return **consultations.create(now, owner, demo, request);
  }
  std::string long_link(const Consultation& room, size_t seat) { return invite(room, seat, 9); }
};

TEST_F(LifecycleTest, PlannedThenWaitingThenOpenThenEnded) {
  EXPECT_EQ(made->state, kPlanned);
  EXPECT_EQ(made->version, 1U);
  const Joined patient = join(1);
  EXPECT_EQ(made->state, kWaiting);
  EXPECT_EQ(made->version, 2U);
  admit(patient);
  EXPECT_EQ(made->state, kOpen);
  EXPECT_EQ(made->version, 3U);
  ASSERT_TRUE(consultations.end(now, owner, made->key));
  EXPECT_EQ(made->state, kEnded);
  EXPECT_EQ(made->version, 4U);
}

TEST_F(LifecycleTest, AHostOpensByComing) {
  join(0);
  EXPECT_EQ(made->state, kOpen);
}

TEST_F(LifecycleTest, ItDoesNotGoBackWhenEverybodyIsGone) {
  const Joined patient = join(1);
  admit(patient);
  ASSERT_TRUE(consultations.remove(now, host, patient.who));
  EXPECT_EQ(made->state, kOpen);
  join(1);
  EXPECT_EQ(made->state, kOpen);
}

TEST_F(LifecycleTest, EndedIsFinalAndForgottenAfterAnHour) {
  const Joined specialist = join(0);
  const std::string unused = invite(1);
  const ConsultationKey key = made->key;
  events();
  ASSERT_TRUE(consultations.end(now, owner, key));
  EXPECT_EQ(events(), (std::vector{Kind::kEnded}));
  EXPECT_TRUE(consultations.end(now, owner, key)) << "ended once more is ended";
  EXPECT_EQ(events(), std::vector<Kind>{});
  EXPECT_EQ(consultations.join(now, unused, "").error(), Refusal::kConsultationOver);
  EXPECT_EQ(consultations.authenticate(now, specialist.session.reveal()).error(), Refusal::kUnauthorized);
  EXPECT_EQ(consultations.resume(now, specialist.resume.reveal()).error(), Refusal::kUnauthorized);
  pass(1h - 1ms);
  EXPECT_EQ(consultations.find(key), made);
  pass(1ms);
  EXPECT_EQ(consultations.find(key), nullptr);
  EXPECT_EQ(consultations.join(now, unused, "").error(), Refusal::kUnauthorized);
}

TEST_F(LifecycleTest, NothingOfAnEndedConsultationChanges) {
  const Joined joined = connect(1);
  const auto issued = consultations.invite(now, owner, {made->key, made->seats[0].key}, {});
  ASSERT_TRUE(consultations.end(now, owner, made->key));
  const uint64_t last = consultations.last_transition();
  const uint32_t version = made->version;
  constexpr Refusal kOver = Refusal::kConsultationOver;
  const ConsultationKey key = made->key;
  EXPECT_EQ(consultations.add_seat(now, owner, key, {}).error(), kOver);
  EXPECT_EQ(consultations.invite(now, owner, {key, made->seats[0].key}, {}).error(), kOver);
  EXPECT_EQ(consultations.revoke(now, owner, key, issued->key).error(), kOver);
  EXPECT_EQ(consultations.cancel(now, owner, key).error(), kOver);
  EXPECT_EQ(consultations.mark_no_show(now, owner, key).error(), kOver);
  EXPECT_EQ(consultations.set_end_time(now, owner, key, now.wall + hours(1)).error(), kOver);
  EXPECT_EQ(consultations.set_locked(now, owner, key, true).error(), kOver);
  EXPECT_EQ(consultations.set_held(now, owner, key, true).error(), kOver);
  EXPECT_EQ(consultations.admit(now, host, joined.who).error(), kOver);
  EXPECT_EQ(consultations.deny(now, host, joined.who).error(), kOver);
  EXPECT_EQ(consultations.return_to_waiting(now, host, joined.who).error(), kOver);
  EXPECT_EQ(consultations.mute_by_host(now, host, joined.who, MuteKinds{}).error(), kOver);
  EXPECT_EQ(consultations.remove(now, host, joined.who).error(), kOver);
  EXPECT_EQ(consultations.confirm_identity(now, host, joined.who).error(), kOver);
  EXPECT_EQ(consultations.grant(now, host, joined.who, {}).error(), kOver);
  EXPECT_EQ(consultations.set_groups(now, host, joined.who, 2).error(), kOver);
  EXPECT_EQ(consultations.set_persons(now, host, joined.who, {}).error(), kOver);
  consultations.mute_self(now, joined.who, MuteKind::kAudio, true);
  consultations.name_self(joined.who, "x");
  consultations.leave(now, joined.who);
  consultations.signal_opened(now, joined.who);
  consultations.signal_closed(now, joined.who);
  consultations.transport_opened(now, joined.who);
  consultations.transport_closed(now, joined.who, true);
  EXPECT_EQ(find(joined)->display_name, "");
  EXPECT_EQ(made->version, version);
  EXPECT_EQ(consultations.last_transition(), last);
}

TEST_F(LifecycleTest, ASessionThatIsAskedForTooLateIsForgottenWithTheConsultation) {
  const Joined joined = connect(0);
  ASSERT_TRUE(consultations.end(now, owner, made->key));
  const Token late = consultations.renew_session(now, joined.who);
  pass(1h);
  EXPECT_EQ(consultations.authenticate(now, late.reveal()).error(), Refusal::kUnauthorized);
}

TEST_F(LifecycleTest, AnythingButAnOpenOneCanBeCancelled) {
  const Consultation& waiting = create("samkonsultasjon", {{.role = Role::kPatient}});
  join(waiting, 0);
  ASSERT_TRUE(consultations.cancel(now, owner, waiting.key));
  EXPECT_EQ(waiting.state, kCancelled);
  EXPECT_TRUE(consultations.cancel(now, owner, waiting.key));
  EXPECT_EQ(consultations.end(now, owner, waiting.key).error(), Refusal::kConsultationOver);
  join(0);
  EXPECT_EQ(consultations.cancel(now, owner, made->key).error(), Refusal::kWrongState);
}

TEST_F(LifecycleTest, WhetherSomebodyMissedItIsKnownFromItsStartOn) {
  const Consultation& room = plan();
  EXPECT_EQ(consultations.mark_no_show(now, owner, room.key).error(), Refusal::kWrongState);
  pass(hours(1));
  ASSERT_TRUE(consultations.mark_no_show(now, owner, room.key));
  EXPECT_EQ(room.state, kNoShow);
  EXPECT_TRUE(consultations.mark_no_show(now, owner, room.key));
  join(0);
  EXPECT_EQ(consultations.mark_no_show(now, owner, made->key).error(), Refusal::kWrongState) << "it is open";
}

TEST_F(LifecycleTest, GuestsComeFromHalfAnHourBeforeTheStartAndHostsAtAnyTime) {
  const Consultation& room = plan();
  const std::string link = long_link(room, 1);
  pass(minutes(30) - 1s);
  EXPECT_EQ(consultations.join(now, link, "").error(), Refusal::kTooEarly);
  EXPECT_TRUE(consultations.join(now, long_link(room, 0), ""));
  pass(1s);
  EXPECT_TRUE(consultations.join(now, link, ""));
}

TEST_F(LifecycleTest, NobodyCameUntilAnHourAfterTheEndIsExpired) {
  const Consultation& room = plan();
  pass(hours(3) - 1s);
  EXPECT_EQ(room.state, kPlanned);
  events();
  pass(1s);
  EXPECT_EQ(room.state, kExpired);
  EXPECT_EQ(events(), (std::vector{Kind::kEnded}));
}

TEST_F(LifecycleTest, SomebodyWhoWaitedInVainUntilThenIsNoShow) {
  const Consultation& room = plan();
  pass(minutes(30));
  const Joined patient = *consultations.join(now, long_link(room, 1), "");
  consultations.signal_opened(now, patient.who);
  EXPECT_EQ(room.state, kWaiting);
  pass(hours(2) + minutes(30) - 1s);
  EXPECT_EQ(room.state, kWaiting);
  pass(1s);
  EXPECT_EQ(room.state, kNoShow);
}

TEST_F(LifecycleTest, AnOpenOneIsNotEndedOverPeoplesHeads) {
  const Consultation& room = plan();
  const Joined specialist = *consultations.join(now, long_link(room, 0), "");
  consultations.signal_opened(now, specialist.who);
  pass(hours(5));
  EXPECT_EQ(room.state, kOpen);
  consultations.leave(now, specialist.who);
  pass(minutes(1));
  EXPECT_EQ(room.state, kEnded);
}

TEST_F(LifecycleTest, AnExtendedOneStaysUntilItsNewEnd) {
  const Consultation& room = plan();
  const uint32_t version = room.version;
  ASSERT_TRUE(consultations.set_end_time(now, owner, room.key, now.wall + hours(4)));
  EXPECT_EQ(room.version, version + 1);
  pass(hours(5) - 1s);
  EXPECT_EQ(room.state, kPlanned);
  pass(1s);
  EXPECT_EQ(room.state, kExpired);
}

TEST_F(LifecycleTest, AnEndLiesAfterTheStartAndAheadWithin400Days) {
  const Consultation& room = plan();
  const auto set = [&](WallTime ends) { return consultations.set_end_time(now, owner, room.key, ends); };
  EXPECT_EQ(set(now.wall + hours(1)).error(), Refusal::kInvalidValue);
  EXPECT_EQ(set(now.wall).error(), Refusal::kInvalidValue);
  EXPECT_EQ(set(now.wall + hours(24 * 400) + std::chrono::seconds(1)).error(), Refusal::kInvalidValue);
  EXPECT_TRUE(set(now.wall + hours(24 * 400)));
}

TEST_F(LifecycleTest, WithoutAPlannedEndItIsOverAfterNinetyDaysUnlessSomebodyIsInIt) {
  const Consultation& open = create("test", {{.role = Role::kSpecialist}});
  const Joined specialist = connect(open, 0);
  pass(hours(24 * 90) - 1s);
  EXPECT_EQ(made->state, kPlanned);
  pass(1s);
  EXPECT_EQ(made->state, kExpired);
  EXPECT_EQ(open.state, kOpen);
  consultations.leave(now, specialist.who);
  pass(minutes(1));
  EXPECT_EQ(open.state, kEnded);
}

}  // namespace
}  // namespace eir
