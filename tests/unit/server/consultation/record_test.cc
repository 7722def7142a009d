// What acts put on record: one transition each, with the right lines and without a name or a secret.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <set>

#include "tests/unit/server/consultation/consultations_test.h"
#include "tests/unit/server/consultation/stored_rows.h"

namespace eir {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class RecordTest : public ConsultationsTest {
 protected:
  RecordTest() { transitions(); }
  static boost::json::object parse(const std::string& document) { return boost::json::parse(document).as_object(); }
  // The usage records of the transitions since the last look.
  std::vector<boost::json::object> usage() {
    std::vector<boost::json::object> all;
    for (const Transition& transition : transitions()) {
      for (const UsageRow& row : transition.usage) all.push_back(parse(row.document));
    }
    return all;
  }
};

MuteKinds audio() {
  MuteKinds kinds;
  kinds.set(MuteKind::kAudio, true);
  return kinds;
}

TEST_F(RecordTest, EveryActHasItsCode) {
  const Consultation& room = create("samkonsultasjon", {{.role = Role::kSpecialist}, {.role = Role::kPatient}});
  EXPECT_THAT(actions(), ElementsAre("consultation.created"));
  const auto issued = consultations.invite(now, owner, {room.key, room.seats[1].key}, {});
  const Joined patient = *consultations.join(now, issued->token.reveal(), "");
  consultations.signal_opened(now, patient.who);
  EXPECT_THAT(actions(), ElementsAre("invitation.made", "participant.joined", "participant.connected"));
  admit(patient);
  ASSERT_TRUE(consultations.confirm_identity(now, host, patient.who));
  ASSERT_TRUE(consultations.mute_by_host(now, host, patient.who, audio()));
  ASSERT_TRUE(consultations.grant(now, host, patient.who, {Right::kScreen}));
  ASSERT_TRUE(consultations.set_groups(now, host, patient.who, 2));
  ASSERT_TRUE(consultations.set_persons(now, host, patient.who, {{Role::kRelative, "x"}}));
  ASSERT_TRUE(consultations.return_to_waiting(now, host, patient.who));
  ASSERT_TRUE(consultations.deny(now, host, patient.who));
  EXPECT_THAT(actions(), ElementsAre("participant.admitted", "participant.identity_confirmed", "participant.muted",
                                     "participant.granted", "participant.grouped", "participant.persons",
                                     "participant.returned", "participant.denied"));
  ASSERT_TRUE(consultations.set_locked(now, host, room.key, true));
  ASSERT_TRUE(consultations.set_locked(now, host, room.key, false));
  ASSERT_TRUE(consultations.set_held(now, host, room.key, true));
  ASSERT_TRUE(consultations.set_held(now, host, room.key, false));
  ASSERT_TRUE(consultations.set_end_time(now, owner, room.key, now.wall + std::chrono::hours(1)));
  ASSERT_TRUE(consultations.add_seat(now, owner, room.key, {}));
  ASSERT_TRUE(consultations.revoke(now, owner, room.key, issued->key));
  EXPECT_THAT(actions(),
              ElementsAre("consultation.locked", "consultation.unlocked", "consultation.held", "consultation.released",
                          "consultation.end_time_set", "seat.added", "invitation.revoked"));
  const Joined specialist = connect(room, 0);
  consultations.leave(now, specialist.who);
  ASSERT_TRUE(consultations.resume(now, specialist.resume.reveal()));
  ASSERT_TRUE(consultations.remove(now, host, specialist.who));
  ASSERT_TRUE(consultations.end(now, owner, room.key));
  EXPECT_THAT(actions(),
              ElementsAre("invitation.made", "participant.joined", "participant.connected", "participant.left",
                          "participant.resumed", "participant.removed", "consultation.ended"));
}

TEST_F(RecordTest, AnActSaysWhoDidWhatToWhomAndWhatCameOfIt) {
  const Joined patient = join(1);
  transitions();
  admit(patient);
  const auto all = transitions();
  ASSERT_THAT(all, SizeIs(1));
  ASSERT_THAT(all[0].audit, SizeIs(1));
  const AuditRow& row = all[0].audit[0];
  EXPECT_EQ(row.tenant, "demo");
  EXPECT_EQ(row.consultation, made->key.to_string());
  EXPECT_EQ(row.time_ms, 1'900'000'000'000);
  EXPECT_EQ(parse(row.document), (boost::json::object{{"action", "participant.admitted"},
                                                      {"actor", "credential:k_2"},
                                                      {"consultation", made->key.to_string()},
                                                      {"state", "open"},
                                                      {"version", 3},
                                                      {"locked", false},
                                                      {"participant", patient.who.participant.to_string()},
                                                      {"seat", made->seats[1].key.to_string()},
                                                      {"role", "patient"}}));
  EXPECT_EQ(all[0].event->document, row.document);
}

TEST_F(RecordTest, TheActThatLocksByItselfSaysSo) {
  const Consultation& room = create("psych", {{.role = Role::kPatient}});
  const Joined patient = join(room, 0);
  transitions();
  admit(patient);
  EXPECT_EQ(parse(transitions().front().audit[0].document).at("locked"), true);
}

TEST_F(RecordTest, EirsOwnActsAreTheSystems) {
  const Joined joined = connect(0);
  consultations.signal_closed(now, joined.who);
  transitions();
  pass(30s);
  const auto all = transitions();
  ASSERT_THAT(all, SizeIs(1));
  const boost::json::object line = parse(all[0].audit[0].document);
  EXPECT_EQ(line.at("action"), "participant.left");
  EXPECT_EQ(line.at("actor"), "system");
  EXPECT_EQ(line.at("detail"), "connection_lost");
}

TEST_F(RecordTest, OwnMutesRenewalsAndForgettingAreRowsWithoutALine) {
  const Joined joined = connect(0);
  transitions();
  consultations.mute_self(now, joined.who, MuteKind::kAudio, true);
  consultations.renew_session(now, joined.who);
  consultations.leave(now, joined.who);
  transitions();
  pass(60s);
  const auto all = transitions();
  ASSERT_THAT(all, SizeIs(1));
  EXPECT_THAT(all[0].audit, IsEmpty());
  EXPECT_FALSE(all[0].event);
  ASSERT_THAT(all[0].participants, SizeIs(1));
  EXPECT_EQ(all[0].participants[0].id, joined.who.participant.to_string());
  EXPECT_EQ(all[0].participants[0].document, "");
}

TEST_F(RecordTest, ARefusedActChangesNothingAndIsOnRecordIfItIsAskedFor) {
  EXPECT_FALSE(consultations.admit(now, host, {made->key, ParticipantKey::random(random)}));
  EXPECT_THAT(transitions(), IsEmpty());
  consultations.note_refused(now, host, demo, "participant.admit", made->key.to_string());
  const auto all = transitions();
  ASSERT_THAT(all, SizeIs(1));
  EXPECT_FALSE(all[0].consultation);
  EXPECT_FALSE(all[0].event);
  ASSERT_THAT(all[0].audit, SizeIs(1));
  EXPECT_EQ(all[0].audit[0].tenant, "demo");
  EXPECT_EQ(parse(all[0].audit[0].document), (boost::json::object{{"action", "participant.admit"},
                                                                  {"actor", "credential:k_2"},
                                                                  {"consultation", made->key.to_string()},
                                                                  {"refused", true}}));
}

TEST_F(RecordTest, NobodyIsToldBeforeItIsOnDisk) {
  const uint64_t before = consultations.last_transition();
  const Joined patient = join(1);  // two transitions: the invitation, the joining
  EXPECT_FALSE(consultations.poll_event(before + 1));
  const auto told = consultations.poll_event(before + 2);
  ASSERT_TRUE(told);
  EXPECT_EQ(told->transition, before + 2);
  admit(patient);
  while (consultations.poll_event(before + 2)) {
  }
  EXPECT_FALSE(consultations.poll_event(before + 2));
  EXPECT_TRUE(consultations.poll_event(before + 3));
}

TEST_F(RecordTest, TheRowOfAnEndedConsultationIsFinal) {
  ASSERT_TRUE(consultations.end(now, owner, made->key));
  const auto all = transitions();
  ASSERT_THAT(all, SizeIs(1));
  ASSERT_TRUE(all[0].consultation);
  EXPECT_TRUE(all[0].consultation->is_final);
  EXPECT_EQ(all[0].consultation->tenant, "demo");
}

// --- usage ---

TEST_F(RecordTest, UsageIsTheTimeFromTheFirstConnectionUntilLeaving) {
  const Joined patient = join(1);
  pass(100s);
  consultations.signal_opened(now, patient.who);
  ASSERT_TRUE(consultations.set_persons(now, host, patient.who, {{Role::kRelative, "x"}, {Role::kClinician, "y"}}));
  pass(300s);
  consultations.leave(now, patient.who);
  const auto records = usage();
  ASSERT_THAT(records, SizeIs(1));
  EXPECT_EQ(records[0], (boost::json::object{{"participant", patient.who.participant.to_string()},
                                             {"seat", made->seats[1].key.to_string()},
                                             {"role", "patient"},
                                             {"persons", 3},
                                             {"template", "samkonsultasjon"},
                                             {"medium", "video"},
                                             {"from", "2030-03-17T17:48:20Z"},  // 1,900,000,000 s and 100
                                             {"to", "2030-03-17T17:53:20Z"},
                                             {"seconds", 300},
                                             {"reason", "left"}}));
}

TEST_F(RecordTest, AShortBreakIsPartOfTheTimeAndALongOneEndsIt) {
  const Joined joined = connect(0);
  pass(10s);
  consultations.signal_closed(now, joined.who);
  pass(20s);
  consultations.signal_opened(now, joined.who);
  pass(10s);
  consultations.signal_closed(now, joined.who);
  pass(30s);
  const auto first = usage();
  ASSERT_THAT(first, SizeIs(1));
  EXPECT_EQ(first[0].at("seconds"), 70);
  EXPECT_EQ(first[0].at("reason"), "connection_lost");
  ASSERT_TRUE(consultations.resume(now, joined.resume.reveal()));
  consultations.signal_opened(now, joined.who);
  pass(5s);
  ASSERT_TRUE(consultations.end(now, owner, made->key));
  const auto second = usage();
  ASSERT_THAT(second, SizeIs(1));
  EXPECT_EQ(second[0].at("seconds"), 5);
  EXPECT_EQ(second[0].at("reason"), "ended");
}

TEST_F(RecordTest, WhoNeverConnectedUsedNothing) {
  const Joined patient = join(1);
  pass(60s);
  ASSERT_TRUE(consultations.remove(now, host, patient.who));
  EXPECT_THAT(usage(), IsEmpty());
}

TEST_F(RecordTest, RemovalDenialAndANewerUseOfTheSeatEndTheTimeToo) {
  const std::string link = invite(1, 9);
  const auto come = [&] {
    Joined joined = *consultations.join(now, link, "");
    consultations.signal_opened(now, joined.who);
    return joined;
  };
  come();
  pass(1s);
  const Joined second = come();
  pass(2s);
  ASSERT_TRUE(consultations.deny(now, host, second.who));
  const Joined third = come();
  pass(3s);
  ASSERT_TRUE(consultations.remove(now, host, third.who));
  const auto records = usage();
  ASSERT_THAT(records, SizeIs(3));
  EXPECT_EQ(records[0].at("reason"), "replaced");
  EXPECT_EQ(records[0].at("seconds"), 1);
  EXPECT_EQ(records[1].at("reason"), "denied");
  EXPECT_EQ(records[1].at("seconds"), 2);
  EXPECT_EQ(records[2].at("reason"), "removed");
  EXPECT_EQ(records[2].at("seconds"), 3);
}

TEST_F(RecordTest, AClockThatIsSetBackMakesNoNegativeTime) {
  const Joined joined = connect(0);
  now.wall -= std::chrono::hours(1);
  consultations.leave(now, joined.who);
  EXPECT_EQ(usage().at(0).at("seconds"), 0);
}

// --- what must not be there ---

class SecretsTest : public RecordTest {
 protected:
  std::string planted(const std::string& name) {
    if (!name.empty()) secrets.insert(name);
    return name;
  }
  Joined come(size_t seat, const std::string& name) {
    const std::string link = invite(seat, 3);
    secrets.insert(link);
    return keep(*consultations.join(now, link, planted(name)));
  }
  Joined keep(Joined joined) {
    secrets.insert(joined.session.reveal());
    secrets.insert(joined.resume.reveal());
    return joined;
  }
  std::set<std::string> secrets;
};

std::string everything_in(const Transition& transition) {
  std::string text;
  if (transition.consultation) text += transition.consultation->tenant + transition.consultation->document;
  for (const auto& row : transition.participants) text += row.id + row.consultation + row.document;
  for (const auto& row : transition.audit) text += row.tenant + row.consultation + row.document;
  for (const auto& row : transition.usage) text += row.consultation + row.participant + row.document;
  if (transition.event) text += transition.event->type + transition.event->document;
  return text;
}

TEST_F(SecretsTest, NoNameAndNoTokenIsInAnyRow) {
  StoredRows rows;
  Consultations& domain = consultations;
  const Joined specialist = come(0, "Planted Specialist");
  const Joined patient = come(1, "Planted Patient");
  const Joined observer = come(2, "");
  domain.name_self(observer.who, planted("Planted Observer"));
  for (const Joined& one : {specialist, patient, observer}) domain.signal_opened(now, one.who);
  admit(patient);
  admit(observer);
  ASSERT_TRUE(domain.confirm_identity(now, Actor::participant(specialist.who.participant), patient.who));
  ASSERT_TRUE(domain.set_persons(now, host, patient.who, {{Role::kRelative, planted("Planted Relative")}}));
  ASSERT_TRUE(domain.mute_by_host(now, host, patient.who, audio()));
  ASSERT_TRUE(domain.grant(now, host, observer.who, {Right::kAudio}));
  domain.mute_self(now, patient.who, MuteKind::kAudio, false);
  secrets.insert(domain.renew_session(now, patient.who).reveal());
  domain.signal_closed(now, patient.who);
  keep(*domain.resume(now, patient.resume.reveal()));
  domain.signal_opened(now, patient.who);
  ASSERT_TRUE(domain.remove(now, host, observer.who));
  domain.leave(now, specialist.who);
  pass(60s);
  ASSERT_TRUE(domain.end(now, owner, made->key));
  // The fixture took the first transition, which made the consultation.
  const auto all = transitions();
  ASSERT_GT(all.size(), 20U);
  ASSERT_EQ(secrets.size(), 3U + 6U + 4U + 2U + 1U);  // links, tokens of three people, names, resumed, renewed
  for (const Transition& transition : all) {
    const std::string text = everything_in(transition);
    for (const std::string& secret : secrets) {
      EXPECT_THAT(text, testing::Not(HasSubstr(secret)));
    }
  }
}

}  // namespace
}  // namespace eir
