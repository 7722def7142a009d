#include "server/consultation/consultations.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace eir {
namespace {

const TenantKey kDemo{"demo"};
const TenantKey kOther{"other"};

// One consultation of a specialist, a patient and an observer seat for many, on a clock that the test moves.
class ConsultationsTest : public testing::Test {
 protected:
  ConsultationsTest() {
    const std::vector<SeatRequest> seats = {
        {Role::kSpecialist, false}, {Role::kPatient, false}, {Role::kObserver, true}};
    made = *consultations.create(kDemo, *find_template("samkonsultasjon"), seats);
  }

  std::string invite(size_t seat, uint32_t uses_max = 1) {
    InvitationRequest request;
    request.uses_max = uses_max;
    return consultations.invite(now, kDemo, {made->key, made->seats[seat].key}, request)->token.reveal();
  }
  Joined join(size_t seat) { return *consultations.join(now, invite(seat), ""); }
  const Participant* find(const Joined& joined) const { return made->find_participant(joined.who.participant); }
  std::string state(const Joined& joined) const {
    const Participant* participant = find(joined);
    return participant == nullptr ? "forgotten" : std::string(state_text(*participant));
  }
  void pass(Duration time) {
    now.steady += time;
    now.wall += std::chrono::duration_cast<std::chrono::seconds>(time);
    consultations.handle_timeout(now);
  }
  std::vector<ConsultationEvent::Kind> events() {
    std::vector<ConsultationEvent::Kind> kinds;
    while (const auto event = consultations.poll_event()) kinds.push_back(event->kind);
    return kinds;
  }

  void expel_first() { static_cast<void>(consultations.remove({made->key, made->participants.begin()->first})); }

  SeededRandom random{1};
  Consultations consultations{random};
  Now now{Timestamp(1000s), WallTime(std::chrono::seconds(1'900'000'000))};
  const Consultation* made = nullptr;
};

using Kind = ConsultationEvent::Kind;

TEST_F(ConsultationsTest, IsPlannedUntilSomebodyIsAdmitted) {
  EXPECT_EQ(made->state, ConsultationState::kPlanned);
  join(1);
  EXPECT_EQ(made->state, ConsultationState::kPlanned);
  join(0);
  EXPECT_EQ(made->state, ConsultationState::kOpen);
  EXPECT_EQ(made->version, 2U);
}

TEST_F(ConsultationsTest, AnotherTenantFindsNothing) {
  EXPECT_EQ(consultations.find(kDemo, made->key), made);
  EXPECT_EQ(consultations.find(kOther, made->key), nullptr);
  EXPECT_EQ(consultations.add_seat(kOther, made->key, {}).error(), Refusal::kNotFound);
  EXPECT_EQ(consultations.invite(now, kOther, {made->key, made->seats[0].key}, {}).error(), Refusal::kNotFound);
}

TEST_F(ConsultationsTest, PatientWaitsWithoutAnyRight) {
  const Joined patient = join(1);
  EXPECT_EQ(state(patient), "waiting");
  EXPECT_TRUE(rights_of(*made, *find(patient)).empty());
  ASSERT_TRUE(consultations.admit(patient.who));
  EXPECT_EQ(state(patient), "admitted");
  EXPECT_EQ(rights_of(*made, *find(patient)), (Rights{Right::kAudio, Right::kVideo, Right::kExtraCamera}));
}

TEST_F(ConsultationsTest, SpecialistPassesTheWaitingRoomAndMayModerate) {
  const Joined specialist = join(0);
  EXPECT_EQ(state(specialist), "admitted");
  EXPECT_TRUE(consultations.may(specialist.who, made->key, Right::kModerate));
  EXPECT_FALSE(consultations.may(specialist.who, ConsultationKey::random(random), Right::kModerate));
}

TEST_F(ConsultationsTest, TemplateTestHasNoWaitingRoomAndTakes250) {
  const SeatRequest many{Role::kPatient, true};
  const Consultation* load = *consultations.create(kDemo, *find_template("test"), {&many, 1});
  InvitationRequest request;
  request.uses_max = 251;
  const auto invitation = consultations.invite(now, kDemo, {load->key, load->seats[0].key}, request);
  for (int i = 0; i < 250; ++i) {
    const auto joined = consultations.join(now, invitation->token.reveal(), "");
    ASSERT_TRUE(joined);
    EXPECT_TRUE(load->find_participant(joined->who.participant)->is_admitted);
  }
  EXPECT_EQ(consultations.join(now, invitation->token.reveal(), "").error(), Refusal::kFull);
}

TEST_F(ConsultationsTest, NoMoreAreMadeThanTheNodeTakesUntilOneEnds) {
  Consultations few(random, {.consultations = 2, .participants_per_consultation = 250});
  const ConsultationTemplate& kind = *find_template("test");
  const ConsultationKey first = (*few.create(kDemo, kind, {}))->key;
  ASSERT_TRUE(few.create(kOther, kind, {}));
  EXPECT_EQ(few.create(kDemo, kind, {}).error(), Refusal::kUnavailable);
  ASSERT_TRUE(few.end(now, first));
  ASSERT_TRUE(few.end(now, first));
  EXPECT_TRUE(few.create(kDemo, kind, {})) << "an ended one is still there to be asked for, but does not count";
  EXPECT_EQ(few.create(kDemo, kind, {}).error(), Refusal::kUnavailable);
  now.steady += Consultations::kEndedLife;
  few.handle_timeout(now);
  EXPECT_EQ(few.find(first), nullptr);
  EXPECT_EQ(few.create(kDemo, kind, {}).error(), Refusal::kUnavailable) << "nor does it once it is forgotten";
}

TEST_F(ConsultationsTest, TheNodesNumberOfParticipantsHoldsWhereItIsLessThanTheTemplates) {
  Consultations small(random, {.consultations = 10, .participants_per_consultation = 2});
  const SeatRequest many{Role::kPatient, true};
  const Consultation* room = *small.create(kDemo, *find_template("test"), {&many, 1});
  EXPECT_EQ(small.participants_max(*room), 2U);
  EXPECT_EQ(consultations.participants_max(*made), 16U) << "the template's, which is less";
  InvitationRequest request;
  request.uses_max = 9;
  const std::string token = small.invite(now, kDemo, {room->key, room->seats[0].key}, request)->token.reveal();
  const auto first = small.join(now, token, "");
  ASSERT_TRUE(first);
  ASSERT_TRUE(small.join(now, token, ""));
  EXPECT_EQ(small.join(now, token, "").error(), Refusal::kFull);
  small.leave(now, first->who);
  ASSERT_TRUE(small.join(now, token, "")) << "who left makes room";
  EXPECT_EQ(small.resume(now, first->resume.reveal()).error(), Refusal::kFull);
}

TEST_F(ConsultationsTest, InvitationIsUsedUpAfterItsUses) {
  const std::string token = invite(2, 2);
  EXPECT_TRUE(consultations.join(now, token, ""));
  EXPECT_TRUE(consultations.join(now, token, ""));
  EXPECT_EQ(consultations.join(now, token, "").error(), Refusal::kInvitationUsed);
}

TEST_F(ConsultationsTest, InvitationHoldsFromNotBeforeUntilNotAfter) {
  InvitationRequest request;
  request.not_before = now.wall + std::chrono::seconds(60);
  request.not_after = now.wall + std::chrono::seconds(120);
  request.uses_max = 9;
  const auto issued = consultations.invite(now, kDemo, {made->key, made->seats[2].key}, request);
  const std::string token = issued->token.reveal();
  pass(59s);
  EXPECT_EQ(consultations.join(now, token, "").error(), Refusal::kInvitationEarly);
  pass(1s);
  EXPECT_TRUE(consultations.join(now, token, ""));
  pass(60s);
  EXPECT_EQ(consultations.join(now, token, "").error(), Refusal::kInvitationExpired);
}

TEST_F(ConsultationsTest, RevokedInvitationLetsNobodyIn) {
  const auto issued = consultations.invite(now, kDemo, {made->key, made->seats[0].key}, {});
  ASSERT_TRUE(consultations.revoke(kDemo, made->key, issued->key));
  EXPECT_EQ(consultations.join(now, issued->token.reveal(), "").error(), Refusal::kInvitationRevoked);
}

TEST_F(ConsultationsTest, UnknownTokensAreUnauthorized) {
  EXPECT_EQ(consultations.join(now, "x", "").error(), Refusal::kUnauthorized);
  EXPECT_EQ(consultations.resume(now, "x").error(), Refusal::kUnauthorized);
  EXPECT_EQ(consultations.authenticate(now, "x").error(), Refusal::kUnauthorized);
}

TEST_F(ConsultationsTest, NewestUseOfALinkTakesTheSeatAndWaitsAgain) {
  const std::string token = invite(1, 2);
  const Joined first = *consultations.join(now, token, "");
  ASSERT_TRUE(consultations.admit(first.who));
  events();
  const Joined second = *consultations.join(now, token, "");
  EXPECT_EQ(events(), (std::vector{Kind::kReplaced, Kind::kChanged}));
  EXPECT_EQ(state(first), "forgotten");
  EXPECT_EQ(state(second), "waiting");
  EXPECT_EQ(consultations.authenticate(now, first.session.reveal()).error(), Refusal::kUnauthorized);
  EXPECT_EQ(consultations.resume(now, first.resume.reveal()).error(), Refusal::kUnauthorized);
}

TEST_F(ConsultationsTest, SeatForManyGivesEachUseItsOwnParticipant) {
  const std::string token = invite(2, 2);
  const Joined first = *consultations.join(now, token, "");
  const Joined second = *consultations.join(now, token, "");
  EXPECT_NE(first.who, second.who);
  EXPECT_EQ(state(first), "waiting");
  EXPECT_EQ(state(second), "waiting");
}

TEST_F(ConsultationsTest, SessionTokenLivesTenMinutes) {
  const Joined host = join(0);
  consultations.signal_opened(host.who);
  pass(10min - 1s);
  EXPECT_EQ(*consultations.authenticate(now, host.session.reveal()), host.who);
  const Token renewed = consultations.renew_session(now, host.who);
  pass(1s);
  EXPECT_EQ(consultations.authenticate(now, host.session.reveal()).error(), Refusal::kTokenExpired);
  EXPECT_EQ(*consultations.authenticate(now, renewed.reveal()), host.who);
}

TEST_F(ConsultationsTest, ClosedSignalMeansReconnectingFor30SecondsThenLeftAndForgottenAfter60More) {
  const Joined host = join(0);
  consultations.signal_opened(host.who);
  EXPECT_EQ(state(host), "admitted");
  consultations.signal_closed(now, host.who);
  EXPECT_EQ(state(host), "reconnecting");
  pass(30s - 1ms);
  EXPECT_EQ(state(host), "reconnecting");
  pass(1ms);
  EXPECT_EQ(state(host), "left");
  pass(60s - 1ms);
  EXPECT_EQ(state(host), "left");
  pass(1ms);
  EXPECT_EQ(state(host), "forgotten");
  EXPECT_EQ(consultations.next_timeout(), kNever);
}

TEST_F(ConsultationsTest, LivingTransportKeepsItReconnectingUntilTheWorkerFreesIt) {
  const Joined host = join(0);
  consultations.signal_opened(host.who);
  consultations.transport_opened(host.who);
  consultations.signal_closed(now, host.who);
  pass(300s);
  EXPECT_EQ(state(host), "reconnecting");
  consultations.transport_closed(now, host.who, true);
  EXPECT_EQ(state(host), "left");
}

TEST_F(ConsultationsTest, ClosedTransportUnderLivingSignalChangesNothing) {
  const Joined host = join(0);
  consultations.signal_opened(host.who);
  consultations.transport_opened(host.who);
  consultations.transport_closed(now, host.who, true);
  EXPECT_EQ(state(host), "admitted");
}

TEST_F(ConsultationsTest, ResumeGivesBackTheSameAdmittedParticipantWithNewTokens) {
  const Joined patient = join(1);
  ASSERT_TRUE(consultations.admit(patient.who));
  consultations.signal_opened(patient.who);
  consultations.signal_closed(now, patient.who);
  pass(30s + 59s);
  ASSERT_EQ(state(patient), "left");
  const auto again = consultations.resume(now, patient.resume.reveal());
  ASSERT_TRUE(again);
  EXPECT_EQ(again->who, patient.who);
  EXPECT_EQ(state(patient), "admitted");
  EXPECT_EQ(consultations.resume(now, patient.resume.reveal()).error(), Refusal::kUnauthorized);
  EXPECT_EQ(consultations.authenticate(now, patient.session.reveal()).error(), Refusal::kUnauthorized);
  EXPECT_TRUE(consultations.authenticate(now, again->session.reveal()));
}

TEST_F(ConsultationsTest, ResumeTellsThatAnOlderConnectionIsToBeClosed) {
  const Joined host = join(0);
  consultations.signal_opened(host.who);
  events();
  ASSERT_TRUE(consultations.resume(now, host.resume.reveal()));
  EXPECT_EQ(events(), (std::vector{Kind::kTakenOver, Kind::kChanged}));
}

TEST_F(ConsultationsTest, LeaveIsLeftAtOnce) {
  const Joined host = join(0);
  consultations.signal_opened(host.who);
  consultations.leave(now, host.who);
  EXPECT_EQ(state(host), "left");
  EXPECT_TRUE(rights_of(*made, *find(host)).empty());
  EXPECT_EQ(consultations.authenticate(now, host.session.reveal()).error(), Refusal::kTokenExpired);
}

TEST_F(ConsultationsTest, RemovedComesBackNeitherByTokenNorByLink) {
  const std::string token = invite(1, 5);
  const Joined patient = *consultations.join(now, token, "");
  ASSERT_TRUE(consultations.remove(patient.who));
  EXPECT_EQ(consultations.authenticate(now, patient.session.reveal()).error(), Refusal::kUnauthorized);
  EXPECT_EQ(consultations.resume(now, patient.resume.reveal()).error(), Refusal::kUnauthorized);
  EXPECT_EQ(consultations.join(now, token, "").error(), Refusal::kInvitationRevoked);
}

TEST_F(ConsultationsTest, DenyIsForThoseWhoWait) {
  const Joined host = join(0);
  const Joined patient = join(1);
  EXPECT_EQ(consultations.deny(host.who).error(), Refusal::kWrongState);
  EXPECT_TRUE(consultations.deny(patient.who));
  EXPECT_EQ(state(patient), "forgotten");
}

TEST_F(ConsultationsTest, ReturnTakesEveryRightBack) {
  const Joined host = join(0);
  const Joined patient = join(1);
  ASSERT_TRUE(consultations.admit(patient.who));
  ASSERT_TRUE(consultations.return_to_waiting(patient.who));
  EXPECT_EQ(state(patient), "waiting");
  EXPECT_TRUE(rights_of(*made, *find(patient)).empty());
  EXPECT_EQ(consultations.return_to_waiting(host.who).error(), Refusal::kWrongState);
}

TEST_F(ConsultationsTest, OnlyTheMutedPersonUnmutes) {
  const Joined patient = join(1);
  MuteKinds audio;
  audio.set(MuteKind::kAudio, true);
  ASSERT_TRUE(consultations.mute_by_host(patient.who, audio));
  EXPECT_TRUE(find(patient)->host_muted.has(MuteKind::kAudio));
  consultations.mute_self(patient.who, MuteKind::kAudio, true);
  EXPECT_TRUE(find(patient)->host_muted.has(MuteKind::kAudio));
  consultations.mute_self(patient.who, MuteKind::kAudio, false);
  EXPECT_TRUE(find(patient)->host_muted.empty());
}

TEST_F(ConsultationsTest, EndedIsFinalAndForgottenAfterAnHour) {
  const Joined host = join(0);
  const std::string unused = invite(1);
  const ConsultationKey key = made->key;
  ASSERT_TRUE(consultations.end(now, key));
  EXPECT_TRUE(consultations.end(now, key));
  EXPECT_EQ(made->state, ConsultationState::kEnded);
  EXPECT_EQ(consultations.join(now, unused, "").error(), Refusal::kConsultationEnded);
  EXPECT_EQ(consultations.authenticate(now, host.session.reveal()).error(), Refusal::kUnauthorized);
  EXPECT_EQ(consultations.add_seat(kDemo, key, {}).error(), Refusal::kConsultationEnded);
  pass(1h);
  EXPECT_EQ(consultations.find(key), nullptr);
  EXPECT_EQ(consultations.join(now, unused, "").error(), Refusal::kUnauthorized);
}

TEST_F(ConsultationsTest, DisplayNameHas64CharactersHoweverManyBytes) {
  std::string name;
  for (int i = 0; i < 64; ++i) name += "\xc3\xb8";  // ø
  EXPECT_TRUE(consultations.join(now, invite(0), name));
  EXPECT_EQ(consultations.join(now, invite(0), name + "x").error(), Refusal::kInvalidValue);
}

TEST_F(ConsultationsTest, SeatsAndInvitationsHaveLimits) {
  const std::vector<SeatRequest> seats(Consultations::kSeatsMax + 1);
  EXPECT_EQ(consultations.create(kDemo, *find_template("test"), seats).error(), Refusal::kInvalidValue);
  InvitationRequest request;
  request.uses_max = 0;
  const SeatRef seat{made->key, made->seats[0].key};
  EXPECT_EQ(consultations.invite(now, kDemo, seat, request).error(), Refusal::kInvalidValue);
  request.uses_max = 1;
  request.not_after = now.wall;
  EXPECT_EQ(consultations.invite(now, kDemo, seat, request).error(), Refusal::kInvalidValue);
}

// Whatever happens in whatever order: who is not admitted or has left has no right, a place is kept for each seat once,
// and every participant but the connected ones has a deadline.
TEST_F(ConsultationsTest, RandomHistoriesKeepTheInvariants) {
  for (uint64_t seed = 1; seed <= 50; ++seed) {
    SCOPED_TRACE(seed);
    SeededRandom dice(seed);
    std::vector<Joined> people;
    const std::string links[] = {invite(0, 1000), invite(1, 1000), invite(2, 1000)};
    for (int step = 0; step < 200; ++step) {
      if (people.empty() || dice.chance(0.2)) {
        if (const auto joined = consultations.join(now, links[dice.below(3)], "")) people.push_back(*joined);
      } else {
        Joined& person = people[dice.below(people.size())];
        switch (dice.below(9)) {
          case 0:
            static_cast<void>(consultations.admit(person.who));
            break;
          case 1:
            static_cast<void>(consultations.return_to_waiting(person.who));
            break;
          case 2:
            static_cast<void>(consultations.deny(person.who));
            break;
          case 3:
            consultations.signal_opened(person.who);
            break;
          case 4:
            consultations.signal_closed(now, person.who);
            break;
          case 5:
            consultations.transport_opened(person.who);
            break;
          case 6:
            consultations.transport_closed(now, person.who, dice.chance(0.5));
            break;
          case 7:
            consultations.leave(now, person.who);
            break;
          default:
            if (const auto again = consultations.resume(now, person.resume.reveal())) person = *again;
        }
      }
      pass(Duration(static_cast<int64_t>(dice.below(20'000'000'000))));
      const auto specialists = std::ranges::count_if(
          made->participants, [](const auto& entry) { return entry.second.role == Role::kSpecialist; });
      ASSERT_LE(specialists, 1);
      for (const auto& [key, person] : made->participants) {
        const bool is_in = person.is_admitted && person.presence != Presence::kLeft;
        ASSERT_TRUE(is_in || rights_of(*made, person).empty());
        const bool is_kept = person.presence != Presence::kLeft && (person.is_signalling || person.transports > 0);
        ASSERT_EQ(person.deadline == kNever, is_kept);
      }
    }
    while (!made->participants.empty()) expel_first();
  }
}

}  // namespace
}  // namespace eir
