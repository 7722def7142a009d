#include "server/consultation/documents.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include "tests/unit/server/consultation/consultations_test.h"

namespace eir {
namespace {

namespace json = boost::json;
using std::chrono::seconds;

// 20 characters of base64url are the 15 bytes of an id; "A" is six zero bits.
const std::string kConsultation = "c_AAAAAAAAAAAAAAAAAAAA";
const std::string kSeat = "s_AAAAAAAAAAAAAAAAAAAB";
const std::string kInvitation = "i_AAAAAAAAAAAAAAAAAAAC";
const std::string kParticipant = "p_AAAAAAAAAAAAAAAAAAAD";
const std::string kHash = std::string(62, '0') + "ff";

// As an Eir of this version writes them.
json::object consultation_document() {
  return {{"id", kConsultation},
          {"template", "psych"},
          {"state", "open"},
          {"version", 7},
          {"created", "2030-01-02T03:04:05Z"},
          {"starts", "2030-01-02T04:00:00Z"},
          {"ends", "2030-01-02T05:00:00Z"},
          {"locked", true},
          {"hold", "host_absent"},
          {"seats", json::array{json::object{{"id", kSeat},
                                             {"role", "patient"},
                                             {"many", true},
                                             {"skipsWaiting", true},
                                             {"identity", "host_confirms"},
                                             {"withheld", json::array{"audio", "video"}},
                                             {"granted", json::array{"screen"}},
                                             {"organisation", "Sykehuset"}}}},
          {"invitations", json::array{json::object{{"id", kInvitation},
                                                   {"seat", kSeat},
                                                   {"token", kHash},
                                                   {"uses", 2},
                                                   {"usesMax", 3},
                                                   {"notBefore", "2030-01-01T00:00:00Z"},
                                                   {"notAfter", "2030-01-03T00:00:00Z"},
                                                   {"revoked", true}}}}};
}

json::object participant_document() {
  return {{"id", kParticipant},
          {"seat", kSeat},
          {"invitation", kInvitation},
          {"role", "patient"},
          {"admitted", true},
          {"wasAdmitted", true},
          {"identityConfirmed", true},
          {"echo", true},
          {"left", true},
          {"muted", json::array{"audio", "screen"}},
          {"hostMuted", json::array{"video"}},
          {"groups", uint64_t{1} << 63},
          {"persons", json::array{"clinician", "relative"}},
          {"resume", kHash},
          {"sessions", json::array{json::object{{"token", kHash}, {"expires", "2030-01-02T03:14:05Z"}}}},
          {"organisation", "Sykehuset"},
          {"connectedSince", "2030-01-02T03:05:00Z"}};
}

std::optional<Consultation> read_consultation(const json::object& document) {
  return consultation_from_document(json::serialize(document), built_in_templates());
}
std::optional<Participant> read_participant(const json::object& document) {
  return participant_from_document(json::serialize(document));
}

WallTime at(std::string_view text) { return *parse_time(text); }

TEST(Documents, EveryFieldOfAConsultationIsReadAndWrittenAgain) {
  const auto read = read_consultation(consultation_document());
  ASSERT_TRUE(read);
  EXPECT_EQ(read->key.to_string(), kConsultation);
  EXPECT_EQ(read->kind->name, "psych");
  EXPECT_EQ(read->state, ConsultationState::kOpen);
  EXPECT_EQ(read->version, 7U);
  EXPECT_EQ(read->created, at("2030-01-02T03:04:05Z"));
  EXPECT_EQ(read->starts, at("2030-01-02T04:00:00Z"));
  EXPECT_EQ(read->ends, at("2030-01-02T05:00:00Z"));
  EXPECT_TRUE(read->is_locked);
  EXPECT_EQ(read->hold, Hold::kHostAbsent);
  ASSERT_EQ(read->seats.size(), 1U);
  const Seat& seat = read->seats[0];
  EXPECT_EQ(seat.key.to_string(), kSeat);
  EXPECT_EQ(seat.role, Role::kPatient);
  EXPECT_TRUE(seat.many);
  EXPECT_EQ(seat.organisation, "Sykehuset");
  EXPECT_TRUE(seat.skips_waiting);
  EXPECT_EQ(seat.identity, IdentityNeed::kHostConfirms);
  EXPECT_EQ(seat.withheld, (Rights{Right::kAudio, Right::kVideo}));
  EXPECT_EQ(seat.granted, (Rights{Right::kScreen}));
  ASSERT_EQ(read->invitations.size(), 1U);
  const Invitation& invitation = read->invitations[0];
  EXPECT_EQ(invitation.key.to_string(), kInvitation);
  EXPECT_EQ(invitation.seat, seat.key);
  EXPECT_EQ(invitation.token.bytes[31], 0xff);
  EXPECT_EQ(invitation.uses, 2U);
  EXPECT_EQ(invitation.uses_max, 3U);
  EXPECT_EQ(invitation.not_before, at("2030-01-01T00:00:00Z"));
  EXPECT_EQ(invitation.not_after, at("2030-01-03T00:00:00Z"));
  EXPECT_TRUE(invitation.is_revoked);
  EXPECT_EQ(json::parse(to_document(*read)), consultation_document());
}

TEST(Documents, EveryFieldOfAParticipantIsReadAndWrittenAgain) {
  const auto read = read_participant(participant_document());
  ASSERT_TRUE(read);
  EXPECT_EQ(read->key.to_string(), kParticipant);
  EXPECT_EQ(read->seat.to_string(), kSeat);
  EXPECT_EQ(read->invitation.to_string(), kInvitation);
  EXPECT_EQ(read->role, Role::kPatient);
  EXPECT_EQ(read->organisation, "Sykehuset");
  EXPECT_TRUE(read->is_admitted);
  EXPECT_TRUE(read->was_admitted);
  EXPECT_TRUE(read->is_identity_confirmed);
  EXPECT_TRUE(read->wants_echo);
  EXPECT_EQ(read->presence, Presence::kLeft);
  EXPECT_TRUE(read->muted.has(MuteKind::kAudio));
  EXPECT_FALSE(read->muted.has(MuteKind::kVideo));
  EXPECT_TRUE(read->muted.has(MuteKind::kScreen));
  EXPECT_FALSE(read->host_muted.has(MuteKind::kAudio));
  EXPECT_TRUE(read->host_muted.has(MuteKind::kVideo));
  EXPECT_EQ(read->groups, uint64_t{1} << 63);
  ASSERT_EQ(read->persons.size(), 2U);
  EXPECT_EQ(read->persons[0].role, Role::kClinician);
  EXPECT_EQ(read->persons[1].role, Role::kRelative);
  EXPECT_EQ(read->resume.bytes[31], 0xff);
  ASSERT_EQ(read->sessions.size(), 1U);
  EXPECT_EQ(read->sessions[0].token.bytes[31], 0xff);
  EXPECT_EQ(read->sessions[0].expires, at("2030-01-02T03:14:05Z"));
  EXPECT_EQ(read->connected_since, at("2030-01-02T03:05:00Z"));
  EXPECT_EQ(json::parse(to_document(*read)), participant_document());
}

TEST(Documents, FlagsThatAreFalseReadAsFalse) {
  json::object document = participant_document();
  for (const auto* flag : {"admitted", "wasAdmitted", "identityConfirmed", "echo", "left"}) document[flag] = false;
  const auto read = read_participant(document);
  ASSERT_TRUE(read);
  EXPECT_FALSE(read->is_admitted || read->was_admitted || read->is_identity_confirmed || read->wants_echo);
  EXPECT_EQ(read->presence, Presence::kJoined);
  EXPECT_EQ(json::parse(to_document(*read)), document);
}

// Each member taken away, and each made a thing of another type: only times that need not be there may be missing.
template <class Read>
void expect_no_member_is_missed(const json::object& good, const Read& read, const std::set<std::string>& optional) {
  for (const auto& member : good) {
    const std::string name = member.key();
    SCOPED_TRACE(name);
    json::object without = good;
    without.erase(name);
    EXPECT_EQ(read(without).has_value(), optional.count(name) > 0);
    for (const json::value& wrong : {json::value(nullptr), json::value(-1), json::value("x"), json::value(true),
                                     json::value(json::object()), json::value(json::array{1})}) {
      if (wrong.kind() == member.value().kind() && wrong.is_bool()) continue;
      if (wrong.is_string() && name == "organisation") continue;  // any text is one
      json::object changed = good;
      changed[name] = wrong;
      EXPECT_FALSE(read(changed)) << json::serialize(wrong);
    }
  }
}

TEST(Documents, AConsultationThatMissesSomethingIsRefused) {
  expect_no_member_is_missed(consultation_document(), read_consultation, {"starts", "ends"});
}

TEST(Documents, ASeatOrAnInvitationThatMissesSomethingIsRefused) {
  for (const char* list : {"seats", "invitations"}) {
    const auto read = [&](const json::object& entry) {
      json::object document = consultation_document();
      document[list].as_array()[0] = entry;
      return read_consultation(document);
    };
    expect_no_member_is_missed(consultation_document()[list].as_array()[0].as_object(), read, {"organisation"});
  }
}

TEST(Documents, AParticipantThatMissesSomethingIsRefused) {
  expect_no_member_is_missed(participant_document(), read_participant, {"connectedSince", "organisation"});
}

TEST(Documents, WhatCannotBeIsRefused) {
  json::object document = consultation_document();
  document["template"] = "nothing_of_this_name";
  EXPECT_FALSE(read_consultation(document));
  document = consultation_document();
  document["version"] = uint64_t{1} << 32;
  EXPECT_FALSE(read_consultation(document));
  document = consultation_document();
  document["invitations"].as_array()[0].as_object()["seat"] = "s_AAAAAAAAAAAAAAAAAAAZ";
  EXPECT_FALSE(read_consultation(document)) << "an invitation to a seat that is not there";
  document = consultation_document();
  document["seats"].as_array()[0].as_object()["granted"] = json::array{"everything"};
  EXPECT_FALSE(read_consultation(document));
  document = participant_document();
  document["groups"] = 0;
  EXPECT_FALSE(read_participant(document)) << "nobody is in no group";
  document = participant_document();
  document["muted"] = json::array{"ears"};
  EXPECT_FALSE(read_participant(document));
  for (const char* text : {"", "{", "[]", "null", "{} {}"}) {
    EXPECT_FALSE(consultation_from_document(text, built_in_templates())) << text;
    EXPECT_FALSE(participant_from_document(text)) << text;
  }
}

TEST(Documents, WhatANewerEirWroteIsPassedOver) {
  json::object document = consultation_document();
  document["newThing"] = 1;
  document["seats"].as_array()[0].as_object()["newThing"] = json::array{};
  EXPECT_TRUE(read_consultation(document));
  document = participant_document();
  document["newThing"] = "x";
  EXPECT_TRUE(read_participant(document));
}

}  // namespace
}  // namespace eir
