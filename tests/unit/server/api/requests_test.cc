#include "server/api/requests.h"

#include <gtest/gtest.h>

#include <string>

namespace eir {
namespace {

Parsed<ConsultationRequest> parse_create(std::string_view body) {
  static const Templates kTemplates = Templates::built_in();
  return eir::parse_create(body, kTemplates);
}

template <class T>
std::string code(const Parsed<T>& parsed) {
  return parsed.problem ? parsed.problem->code : "ok";
}

TEST(Requests, CreateReadsTemplateAndSeats) {
  const auto parsed =
      parse_create(R"({"template":"samkonsultasjon","seats":[{"role":"specialist"},{"role":"observer","many":true}]})");
  ASSERT_FALSE(parsed.problem);
  EXPECT_EQ(parsed.value.kind->name, "samkonsultasjon");
  ASSERT_EQ(parsed.value.seats.size(), 2U);
  EXPECT_EQ(parsed.value.seats[0].role, Role::kSpecialist);
  EXPECT_FALSE(parsed.value.seats[0].many);
  EXPECT_TRUE(parsed.value.seats[1].many);
}

TEST(Requests, EachFaultHasItsCode) {
  EXPECT_EQ(code(parse_create("")), "invalid_json");
  EXPECT_EQ(code(parse_create("[]")), "invalid_json");
  EXPECT_EQ(code(parse_create(R"({"template":"test"} x)")), "invalid_json");
  EXPECT_EQ(code(parse_create("{}")), "missing_field");
  EXPECT_EQ(code(parse_create(R"({"template":"none"})")), "invalid_value");
  EXPECT_EQ(code(parse_create(R"({"template":7})")), "invalid_value");
  EXPECT_EQ(code(parse_create(R"({"template":"test","seats":[{"role":"gp","organisation":"a\u0000"}]})")),
            "invalid_value");
  EXPECT_EQ(code(parse_create(R"({"template":"test","subject":"x"})")), "unknown_field");
  EXPECT_EQ(code(parse_create(R"({"template":"test","seats":[{"role":"admin"}]})")), "invalid_value");
  EXPECT_EQ(code(parse_create(R"({"template":"test","seats":[{"role":"gp","name":"x"}]})")), "unknown_field");
  EXPECT_EQ(code(parse_create(R"({"template":"test","seats":[{}]})")), "missing_field");
  EXPECT_EQ(code(parse_create(R"({"template":"test","seats":null})")), "invalid_value");
}

TEST(Requests, NameGivenTwiceIsRefusedAtEveryDepth) {
  EXPECT_EQ(code(parse_join(R"({"token":"a","token":"b"})")), "invalid_json");
  EXPECT_EQ(code(parse_create(R"({"template":"test","seats":[{"role":"gp","role":"patient"}]})")), "invalid_json");
}

TEST(Requests, ColonsAndQuotesInsideStringsAreNoMembers) {
  const auto parsed = parse_join(R"({"token":"a:\":b\\","displayName":"x:y"})");
  ASSERT_FALSE(parsed.problem);
  EXPECT_EQ(parsed.value.token, "a:\":b\\");
}

TEST(Requests, DepthAndBadUtf8AreRefused) {
  EXPECT_EQ(code(parse_join(std::string(100'000, '['))), "invalid_json");
  EXPECT_EQ(code(parse_join("{\"token\":\"\xff\"}")), "invalid_json");
}

TEST(Requests, UnknownFieldIsNamedButNeverEchoedRaw) {
  const auto parsed = parse_join(R"({"token":"a","na<me":1})");
  ASSERT_TRUE(parsed.problem);
  EXPECT_EQ(parsed.problem->code, "unknown_field");
  EXPECT_EQ(parsed.problem->detail, "na?me");
}

TEST(Requests, DisplayNameHasNoControlCharacters) {
  EXPECT_EQ(code(parse_join(R"({"token":"a","displayName":"a\nb"})")), "invalid_value");
  EXPECT_EQ(code(parse_join(R"({"token":"a","displayName":"a\u0000b"})")), "invalid_value");
  EXPECT_EQ(parse_join(R"({"token":"a","displayName":"Åse"})").value.display_name, "Åse");
}

TEST(Requests, InvitationHasDefaultsAndBounds) {
  EXPECT_EQ(parse_invitation("").value.uses_max, 1U);
  EXPECT_EQ(parse_invitation(R"({"kind":"link","maxUses":3})").value.uses_max, 3U);
  EXPECT_EQ(code(parse_invitation(R"({"kind":"pin"})")), "invalid_value");
  EXPECT_EQ(code(parse_invitation(R"({"maxUses":-1})")), "invalid_value");
  EXPECT_EQ(code(parse_invitation(R"({"maxUses":4294967296})")), "invalid_value");
  EXPECT_EQ(code(parse_invitation(R"({"maxUses":1.5})")), "invalid_value");
  EXPECT_EQ(code(parse_invitation(R"({"maxUses":"3"})")), "invalid_value");
  EXPECT_EQ(code(parse_invitation(R"({"notAfter":"tomorrow"})")), "invalid_value");
}

TEST(Requests, MuteMeansAudioUnlessItSaysOtherwise) {
  EXPECT_TRUE(parse_mute("").value.has(MuteKind::kAudio));
  const auto parsed = parse_mute(R"({"kinds":["video","screen"]})");
  EXPECT_FALSE(parsed.value.has(MuteKind::kAudio));
  EXPECT_TRUE(parsed.value.has(MuteKind::kVideo));
  EXPECT_TRUE(parsed.value.has(MuteKind::kScreen));
  EXPECT_EQ(code(parse_mute(R"({"kinds":[]})")), "invalid_value");
  EXPECT_EQ(code(parse_mute(R"({"kinds":["smell"]})")), "invalid_value");
}

TEST(Requests, CreateReadsThePlan) {
  const auto parsed =
      parse_create(R"({"template":"test","startsAt":"2026-01-31T12:00:00Z","endsAt":"2026-01-31T13:00:00Z"})");
  ASSERT_FALSE(parsed.problem);
  EXPECT_EQ(parsed.value.starts, parse_time("2026-01-31T12:00:00Z"));
  EXPECT_EQ(parsed.value.ends, parse_time("2026-01-31T13:00:00Z"));
  EXPECT_EQ(code(parse_create(R"({"template":"test","startsAt":"noon"})")), "invalid_value");
  EXPECT_EQ(code(parse_create(R"({"template":"test","endsAt":0})")), "invalid_value");
}

TEST(Requests, SeatSaysWhoSkipsTheWaitAndWhatIsWithheld) {
  const auto parsed = parse_seat(
      R"({"role":"gp","skipsWaiting":true,"identity":"host_confirms","withhold":["screen"],"invitation":{"maxUses":2}})");
  ASSERT_FALSE(parsed.problem);
  EXPECT_TRUE(parsed.value.seat.skips_waiting);
  EXPECT_EQ(parsed.value.seat.identity, IdentityNeed::kHostConfirms);
  EXPECT_EQ(parsed.value.seat.withheld, Rights{Right::kScreen});
  ASSERT_TRUE(parsed.value.invitation);
  EXPECT_EQ(parsed.value.invitation->uses_max, 2U);
  EXPECT_FALSE(parse_seat(R"({"role":"gp"})").value.invitation);
  EXPECT_EQ(code(parse_seat(R"({"role":"gp","withhold":["sleep"]})")), "invalid_value");
  EXPECT_EQ(code(parse_seat(R"({"role":"gp","identity":"pin"})")), "invalid_value");
  EXPECT_EQ(code(parse_seat(R"({"role":"gp","invitation":{"colour":1}})")), "unknown_field");
}

TEST(Requests, StopMeansCameraAndScreenUnlessItSaysOtherwise) {
  EXPECT_FALSE(parse_stop("").value.has(MuteKind::kAudio));
  EXPECT_TRUE(parse_stop("").value.has(MuteKind::kVideo));
  EXPECT_TRUE(parse_stop("").value.has(MuteKind::kScreen));
  EXPECT_FALSE(parse_stop(R"({"kinds":["screen"]})").value.has(MuteKind::kVideo));
}

TEST(Requests, GroupsAreBitsFromZeroToSixtyThree) {
  EXPECT_EQ(parse_groups(R"({"groups":[0,63]})").value, (uint64_t{1} << 63) | 1);
  EXPECT_EQ(code(parse_groups(R"({"groups":[64]})")), "invalid_value");
  EXPECT_EQ(code(parse_groups(R"({"groups":[-1]})")), "invalid_value");
  EXPECT_EQ(code(parse_groups(R"({"groups":[]})")), "invalid_value");
  EXPECT_EQ(code(parse_groups("{}")), "missing_field");
}

TEST(Requests, GrantNamesRightsAndNothingElse) {
  EXPECT_EQ(parse_grant(R"({"rights":["screen","extra_camera"]})").value,
            (Rights{Right::kScreen, Right::kExtraCamera}));
  EXPECT_TRUE(parse_grant(R"({"rights":[]})").value.empty());
  EXPECT_EQ(code(parse_grant(R"({"rights":["everything"]})")), "invalid_value");
  EXPECT_EQ(code(parse_grant("{}")), "missing_field");
}

TEST(Requests, PersonsHaveARoleAndPerhapsAName) {
  const auto parsed = parse_persons(R"({"persons":[{"role":"relative","name":"Åse"},{"role":"interpreter"}]})");
  ASSERT_EQ(parsed.value.size(), 2U);
  EXPECT_EQ(parsed.value[0].role, Role::kRelative);
  EXPECT_EQ(parsed.value[0].name, "Åse");
  EXPECT_EQ(parsed.value[1].name, "");
  EXPECT_EQ(code(parse_persons(R"({"persons":[{"role":"ghost"}]})")), "invalid_value");
  EXPECT_EQ(code(parse_persons(R"({"persons":[{"role":"gp","name":"a\nb"}]})")), "invalid_value");
  EXPECT_EQ(code(parse_persons(R"({"persons":[{"role":"gp","age":7}]})")), "unknown_field");
}

TEST(Requests, ExtendTakesTheNewEnd) {
  EXPECT_EQ(parse_extend(R"({"endsAt":"2026-01-31T13:00:00Z"})").value, parse_time("2026-01-31T13:00:00Z"));
  EXPECT_EQ(code(parse_extend(R"({"endsAt":"later"})")), "invalid_value");
  EXPECT_EQ(code(parse_extend("{}")), "missing_field");
}

TEST(Requests, EmptyBodyTakesNothingElse) {
  EXPECT_FALSE(parse_empty(""));
  EXPECT_FALSE(parse_empty("{}"));
  EXPECT_EQ(parse_empty(R"({"a":1})")->code, "unknown_field");
}

// 1 700 000 000 s after the epoch is 2023-11-14 22:13:20 UTC.
TEST(Requests, TimesAreRfc3339InUtc) {
  const WallTime time{std::chrono::seconds(1'700'000'000)};
  EXPECT_EQ(to_text(time), "2023-11-14T22:13:20Z");
  EXPECT_EQ(parse_time("2023-11-14T22:13:20Z"), time);
  EXPECT_EQ(to_text(*parse_time("2024-02-29T00:00:00Z")), "2024-02-29T00:00:00Z");
  for (const char* bad : {"2023-02-29T00:00:00Z", "2023-11-14T24:00:00Z", "2023-11-14T22:13:20+01:00",
                          "2023-11-14 22:13:20Z", "2023-11-14T22:13:20.5Z", "-023-11-14T22:13:20Z", ""}) {
    EXPECT_FALSE(parse_time(bad)) << bad;
  }
}

}  // namespace
}  // namespace eir
