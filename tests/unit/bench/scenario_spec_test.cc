#include "bench/scenario_spec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <set>
#include <string>
#include <vector>

namespace eir::bench {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// "key@line" of each error.
std::vector<std::string> places(const ParsedSpec& parsed) {
  std::vector<std::string> out;
  for (const SpecError& error : parsed.errors) out.push_back(error.key + "@" + std::to_string(error.line));
  return out;
}

TEST(ScenarioSpec, EveryKeyIsRead) {
  const auto parsed = parse_scenario(R"(title: Everything
host: eird
rooms: 2
people:
  - name: speaker
    count: 3
    video:
      - {frames_per_second: 25, packets_per_frame: 10, packet_bytes: 900, group_packets: 3,
         group_interval_ms: 6, key_frame_factor: 4, key_frame_interval_s: 2}
      - {}
    audio: [{payload_bytes: 80, talk_s: 1, silence_s: 2, dtx: true}]
    slots: {video: 5, audio: 4}
    storm_after_s: 7
warm_up_s: 1
seconds: 9
joins: {at_once: 50, per_second: 20}
churn: {per_minute: 30}
network: {loss_percent: 0.5, delay_ms: 40, rate_kbit: 3000, seed: 11}
check_one_in: 8
)",
                                     "all.yaml");
  ASSERT_EQ(parsed.error_text(), "");
  const ScenarioSpec& spec = parsed.spec;
  EXPECT_EQ(spec.title, "Everything");
  EXPECT_EQ(spec.rooms, 2U);
  EXPECT_EQ(spec.people_per_room(), 3U);
  EXPECT_EQ(spec.people_count(), 6U);
  const PeopleSpec& people = spec.people.at(0);
  EXPECT_EQ(people.name, "speaker");
  EXPECT_EQ(people.storm_after_s, 7U);
  EXPECT_EQ(people.slots.video, 5U);
  EXPECT_EQ(people.slots.audio, 4U);
  ASSERT_EQ(people.video.size(), 2U);
  EXPECT_EQ(people.video[0].frames_per_second, 25U);
  EXPECT_EQ(people.video[0].packets_per_frame, 10U);
  EXPECT_EQ(people.video[0].packet_bytes, 900U);
  EXPECT_EQ(people.video[0].group_packets, 3U);
  EXPECT_EQ(people.video[0].group_interval_ms, 6U);
  EXPECT_EQ(people.video[0].key_frame_factor, 4U);
  EXPECT_EQ(people.video[0].key_frame_interval_s, 2U);
  EXPECT_EQ(people.video[1].packets_per_frame, VideoSpec{}.packets_per_frame);
  EXPECT_EQ(people.audio.at(0).payload_bytes, 80U);
  EXPECT_EQ(people.audio.at(0).talk_s, 1U);
  EXPECT_EQ(people.audio.at(0).silence_s, 2U);
  EXPECT_TRUE(people.audio.at(0).dtx);
  EXPECT_EQ(spec.warm_up_s, 1U);
  EXPECT_EQ(spec.seconds, 9U);
  EXPECT_EQ(spec.joins.at_once, 50U);
  EXPECT_EQ(spec.joins.per_second, 20U);
  EXPECT_EQ(spec.churn.per_minute, 30U);
  EXPECT_DOUBLE_EQ(spec.network.loss_percent, 0.5);
  EXPECT_EQ(spec.network.delay_ms, 40U);
  EXPECT_EQ(spec.network.rate_kbit, 3000U);
  EXPECT_EQ(spec.network.seed, 11U);
  EXPECT_EQ(spec.check_one_in, 8U);
}

TEST(ScenarioSpec, AllMistakesAreToldWithTheirLines) {
  const auto parsed = parse_scenario(R"(title: Wrong
rooms: 0
speed: 3
people:
  - count: many
    slots: {video: 50, video: 1}
  - {count: 1, audio: 7}
network: {loss_percent: -1}
host: janus
)",
                                     "wrong.yaml");
  EXPECT_THAT(places(parsed),
              ElementsAre("rooms@2", "speed@3", "people[0].count@5", "people[0].slots.video@6",
                          "people[0].slots.video@6", "people[1].audio@7", "network.loss_percent@8", "host@9"));
  EXPECT_THAT(parsed.error_text(), HasSubstr("wrong.yaml:3: speed is not a key of a scenario\n"));
  EXPECT_THAT(parsed.error_text(), HasSubstr("rooms must be a number from 1 to 2000\n"));
  EXPECT_THAT(parsed.error_text(), HasSubstr("stands here twice"));
}

TEST(ScenarioSpec, WhatIsQuotedIsNoNumber) {
  EXPECT_THAT(places(parse_scenario("people: [{}]\nseconds: \"5\"\n", "x")), ElementsAre("seconds@2"));
  EXPECT_THAT(places(parse_scenario("people: [{}]\nnetwork: {loss_percent: 1e0}\n", "x")),
              ElementsAre("network.loss_percent@2"));
}

TEST(ScenarioSpec, SomebodyMustBeThere) {
  EXPECT_THAT(places(parse_scenario("", "x")), ElementsAre("people@1"));
  EXPECT_THAT(places(parse_scenario("rooms: 3", "x")), ElementsAre("people@1"));
}

TEST(ScenarioSpec, ARoomIsNotLargerThanAConsultationMayBe) {
  EXPECT_TRUE(parse_scenario("people: [{count: 250}]", "x").ok());
  EXPECT_THAT(places(parse_scenario("people: [{count: 251}]", "x")), ElementsAre("people@1"));
  EXPECT_TRUE(parse_scenario("{host: router, people: [{count: 251}]}", "x").ok());
}

TEST(ScenarioSpec, AllRoomsTogetherHaveALimit) {
  EXPECT_TRUE(parse_scenario("{rooms: 2000, people: [{count: 2}]}", "x").ok());
  EXPECT_FALSE(parse_scenario("{rooms: 2000, people: [{count: 2}, {}]}", "x").ok());
}

TEST(ScenarioSpec, AStormComesBeforeTheEnd) {
  EXPECT_TRUE(parse_scenario("{seconds: 5, people: [{storm_after_s: 4}]}", "x").ok());
  EXPECT_THAT(places(parse_scenario("{seconds: 5, people: [{storm_after_s: 5}]}", "x")),
              ElementsAre("people[0].storm_after_s@1"));
}

TEST(ScenarioSpec, TextThatIsNoYamlIsRefusedAsAWhole) {
  EXPECT_THAT(places(parse_scenario("people: [", "x")).at(0), HasSubstr("(document)@"));
  EXPECT_FALSE(parse_scenario("- a list\n", "x").ok());
  EXPECT_FALSE(parse_scenario("people: [{}]\n---\npeople: [{}]\n", "x").ok());
}

TEST(ScenarioSpec, AKeyThatCannotBePrintedIsShownWithoutHarm) {
  EXPECT_THAT(places(parse_scenario("people: [{}]\nspeéd: 1\n", "x")), ElementsAre("spe??d@2"));
  EXPECT_THAT(places(parse_scenario("people: [{}]\n\"a\\tb\": 1\n", "x")), ElementsAre("a?b@2"));
  EXPECT_THAT(places(parse_scenario("people: [{}]\n\"\": 1\n", "x")), ElementsAre("(empty)@2"));
}

TEST(ScenarioSpec, AllThatIsShippedIsRight) {
  std::set<std::string> titles;
  for (const auto& file : std::filesystem::directory_iterator(EIR_SOURCE_DIR "/bench/scenarios")) {
    const ScenarioSpec spec = load_scenario(file.path().string());
    EXPECT_TRUE(titles.insert(spec.title).second) << spec.title << " is the title of two";
  }
  EXPECT_GE(titles.size(), 14U);
}

}  // namespace
}  // namespace eir::bench
