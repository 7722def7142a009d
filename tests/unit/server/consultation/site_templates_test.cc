#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "server/consultation/templates.h"
#include "tests/unit/server/consultation/template_yaml.h"

namespace eir {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using enum Right;

// What the site's template `mine` comes to; empty errors are required.
ConsultationTemplate mine(const std::string& yaml) {
  Templates all = Templates::built_in();
  EXPECT_THAT(all.add(yaml, "site.yaml"), IsEmpty()) << yaml;
  const ConsultationTemplate* found = all.find("mine");
  return found == nullptr ? ConsultationTemplate{} : *found;
}

std::vector<std::string> errors_of(const std::string& yaml) {
  Templates all = Templates::built_in();
  return all.add(yaml, "f");
}

TEST(SiteTemplates, EveryFieldIsRead) {
  const ConsultationTemplate kind = mine(
      "mine:\n"
      "  waiting_room: false\n"
      "  audio_only: true\n"
      "  echo: true\n"
      "  participants_max: 42\n"
      "  lock_at_admitted: 3\n"
      "  absent_host: {policy: end, grace_s: 7}\n"
      "  join_early_min: 5\n"
      "  join_late_min: 6\n"
      "  roles:\n"
      "    observer: {withhold: [audio, list], receives: [audio, screen], skips_waiting: true, signs: true}\n"
      "    interpreter: {signs: false}\n");
  EXPECT_EQ(kind.name, "mine");
  EXPECT_FALSE(kind.has_waiting_room);
  EXPECT_TRUE(kind.is_audio_only);
  EXPECT_TRUE(kind.may_echo);
  EXPECT_EQ(kind.participants_max, 42U);
  EXPECT_EQ(kind.lock_at_admitted, 3U);
  EXPECT_EQ(kind.absent_host, AbsentHost::kEnd);
  EXPECT_EQ(kind.absent_host_grace, seconds(7));
  EXPECT_EQ(kind.join_early, minutes(5));
  EXPECT_EQ(kind.join_late, minutes(6));
  EXPECT_EQ(kind.policy_of(Role::kObserver).withheld, (Rights{kAudio, kList}));
  EXPECT_EQ(kind.policy_of(Role::kObserver).receives, (Rights{kAudio, kScreen}));
  EXPECT_TRUE(kind.policy_of(Role::kObserver).skips_waiting);
  EXPECT_TRUE(kind.policy_of(Role::kObserver).signs);
  EXPECT_FALSE(kind.policy_of(Role::kInterpreter).signs);
  EXPECT_EQ(kind.policy_of(Role::kPatient), ConsultationTemplate{}.policy_of(Role::kPatient));
}

TEST(SiteTemplates, EveryFieldOfEveryTemplateSurvivesBeingWrittenAndReadAgain) {
  // Besides those that come with Eir: one in which each field differs from its default, for each role in another way.
  Templates all = Templates::built_in();
  ConsultationTemplate odd{.name = "odd", .has_waiting_room = false, .is_audio_only = true, .may_echo = true};
  odd.participants_max = 2;
  odd.lock_at_admitted = 1;
  odd.absent_host = AbsentHost::kEnd;
  odd.absent_host_grace = seconds(3600);
  odd.join_early = minutes(1440);
  odd.join_late = minutes(0);
  for (size_t i = 0; i < kRoleCount; ++i) {
    odd.roles[i].withheld = Rights{kAllRights[i % kAllRights.size()], kScreen};
    if (static_cast<Role>(i) != Role::kSupport) odd.roles[i].receives = Rights{kAllRights[i % 4]};
    odd.roles[i].skips_waiting = i % 2 == 0;
    odd.roles[i].signs = i % 3 == 0;
  }
  ASSERT_THAT(all.add(to_yaml(odd), "odd"), IsEmpty());
  EXPECT_EQ(*all.find("odd"), odd);
  for (const std::string& name : all.names()) {
    Templates again;
    EXPECT_THAT(again.add(to_yaml(*all.find(name)), "printed"), IsEmpty()) << name;
    ASSERT_NE(again.find(name), nullptr);
    EXPECT_EQ(*again.find(name), *all.find(name)) << name;
  }
}

TEST(SiteTemplates, WhatIsLeftOutIsAsInTheOneBelowAndListsReplace) {
  const ConsultationTemplate kind = mine(
      "mine: {extends: below, absent_host: {grace_s: 9}, roles: {gp: {withhold: [video]}}}\n"
      "below:\n"
      "  extends: psych\n"
      "  join_late_min: 11\n"
      "  roles: {gp: {withhold: [screen, invite], skips_waiting: true}, patient: {withhold: [invite]}}\n");
  EXPECT_EQ(kind.absent_host, AbsentHost::kHold) << "from psych";
  EXPECT_EQ(kind.absent_host_grace, seconds(9));
  EXPECT_EQ(kind.lock_at_admitted, 1U);
  EXPECT_EQ(kind.join_late, minutes(11));
  EXPECT_EQ(kind.policy_of(Role::kGp).withheld, Rights{kVideo});
  EXPECT_TRUE(kind.policy_of(Role::kGp).skips_waiting);
  EXPECT_EQ(kind.policy_of(Role::kPatient).withheld, Rights{kInvite});
}

TEST(SiteTemplates, ASiteMayReplaceWhatItExtends) {
  Templates all = Templates::built_in();
  const ConsultationTemplate* before = all.find("psych");
  ASSERT_THAT(all.add("psych: {extends: psych, participants_max: 4}\n", "site"), IsEmpty());
  EXPECT_EQ(all.find("psych")->participants_max, 4U);
  EXPECT_EQ(all.find("psych")->lock_at_admitted, 1U);
  EXPECT_EQ(all.find("group")->participants_max, 16U) << "made from the earlier one";
  EXPECT_EQ(before->participants_max, 8U) << "running consultations keep theirs";
  EXPECT_EQ(all.names(), Templates::built_in().names());
}

TEST(SiteTemplates, InOneFileTheReplacementIsWhatOthersExtend) {
  Templates all = Templates::built_in();
  ASSERT_THAT(all.add("mine: {extends: psych}\npsych: {extends: psych, participants_max: 4}\n", "site"), IsEmpty());
  EXPECT_EQ(all.find("mine")->participants_max, 4U);
  EXPECT_EQ(all.find("mine")->name, "mine");
}

TEST(SiteTemplates, TheSameFileReadTwiceKeepsTheTemplatesWhereTheyAre) {
  Templates all = Templates::built_in();
  ASSERT_THAT(all.add("mine: {participants_max: 4}\n", "site"), IsEmpty());
  const ConsultationTemplate* before = all.find("mine");
  ASSERT_THAT(all.add("mine: {participants_max: 4}\n", "site"), IsEmpty());
  EXPECT_EQ(all.find("mine"), before);
}

TEST(SiteTemplates, NothingAddedIsNoMistake) {
  EXPECT_THAT(errors_of(""), IsEmpty());
  EXPECT_THAT(errors_of("# only a comment\n"), IsEmpty());
  EXPECT_EQ(mine("mine: {}\n"), (ConsultationTemplate{.name = "mine"}));
  EXPECT_EQ(Templates::built_in().find("nowhere"), nullptr);
  EXPECT_EQ(Templates::built_in().find(""), nullptr);
}

TEST(SiteTemplates, ATemplateOnlyTakesAway) {
  // An observer with all rights named in every way that there is.
  const ConsultationTemplate kind =
      mine("mine: {roles: {observer: {withhold: [], receives: [audio, video, extra_camera, screen]}}}\n");
  EXPECT_TRUE(kind.policy_of(Role::kObserver).withheld.empty()) << "and that is all it can say about sending";
  EXPECT_THAT(errors_of("mine: {roles: {observer: {grants: [video]}}}\n"),
              ElementsAre("f:1: mine.roles.observer.grants is not a key of Eir"));
}

TEST(SiteTemplates, AllMistakesAreReportedAtOnceWithLineAndKey) {
  const auto errors = errors_of(
      "Mine: {}\n"                                          // 1: capital
      "a:\n"                                                // 2
      "  extends: nowhere\n"                                // 3: unknown
      "  waiting_room: yes\n"                               // 4: not a YAML 1.2 boolean
      "  participants_max: 251\n"                           // 5: out of range
      "  lock_at_admitted: \"1\"\n"                         // 6: text
      "  absent_host:\n"                                    // 7
      "    policy: leave\n"                                 // 8: unknown
      "    grace_s: 3601\n"                                 // 9: out of range
      "    again: 1\n"                                      // 10: unknown
      "  join_early_min: -1\n"                              // 11: negative
      "  join_late_min: 1441\n"                             // 12: out of range
      "  roles:\n"                                          // 13
      "    nurse: {}\n"                                     // 14: unknown
      "    patient: {withhold: [microphone]}\n"             // 15: unknown
      "    gp: {receives: [end]}\n"                         // 16: no medium
      "    relative: {withhold: [audio, audio]}\n"          // 17: twice
      "    device: {skips_waiting: 1, withold: [audio]}\n"  // 18: a number; unknown
      "    support: {receives: [audio]}\n"                  // 19: above its ceiling
      "  echo: true\n"                                      // 20
      "  echo: true\n"                                      // 21: twice
      "  recording: true\n"                                 // 22: unknown
      "a: {}\n");                                           // 23: twice
  EXPECT_THAT(
      errors,
      ElementsAre("f:1: a template's name is made of a-z, 0-9 and _, at most 32",  //
                  "f:3: a.extends names no template: nowhere",                     //
                  "f:4: a.waiting_room must be true or false",                     //
                  "f:5: a.participants_max must be a number from 2 to 250",        //
                  "f:6: a.lock_at_admitted must be a number from 0 to 250",        //
                  "f:8: a.absent_host.policy must be one of keep, hold, end",      //
                  "f:9: a.absent_host.grace_s must be a number from 0 to 3600",    //
                  "f:10: a.absent_host.again is not a key of Eir",                 //
                  "f:11: a.join_early_min must be a number from 0 to 1440",        //
                  "f:12: a.join_late_min must be a number from 0 to 1440",         //
                  "f:14: a.roles.nurse is not a role",                             //
                  "f:15: a.roles.patient.withhold may hold only audio, video, extra_camera, screen, moderate, invite, "
                  "end, list",                                                                   //
                  "f:16: a.roles.gp.receives may hold only audio, video, extra_camera, screen",  //
                  "f:17: a.roles.relative.withhold names audio twice",                           //
                  "f:18: a.roles.device.skips_waiting must be true or false",                    //
                  "f:18: a.roles.device.withold is not a key of Eir",                            //
                  "f:19: a.roles.support.receives must be []: support reads lists and no more",  //
                  "f:21: a.echo stands here twice",                                              //
                  "f:22: a.recording is not a key of Eir",                                       //
                  "f:23: a stands here twice"));
}

TEST(SiteTemplates, WithOneMistakeNothingIsTaken) {
  Templates all = Templates::built_in();
  EXPECT_THAT(all.add("good: {}\npsych: {participants_max: 3}\nbad: {echo: 1}\n", "f"),
              ElementsAre("f:3: bad.echo must be true or false"));
  EXPECT_EQ(all.find("good"), nullptr);
  EXPECT_EQ(*all.find("psych"), *Templates::built_in().find("psych"));
  EXPECT_EQ(all.names(), Templates::built_in().names());
}

TEST(SiteTemplates, WrongShapesAreRefused) {
  EXPECT_THAT(errors_of("- a\n"), ElementsAre("f:1: must be a group of templates by name"));
  EXPECT_THAT(errors_of("a:\n"), ElementsAre("f:1: a must be a group of keys"));
  EXPECT_THAT(errors_of("a: {roles: [patient]}\n"), ElementsAre("f:1: a.roles must be a group of keys"));
  EXPECT_THAT(errors_of("a: {roles: {gp: {withhold: audio}}}\n"),
              ElementsAre("f:1: a.roles.gp.withhold must be a list; an empty list is written []"));
  EXPECT_THAT(errors_of("a: {[b]: c}\n"), ElementsAre("f:1: a has a key that is not plain text"));
  EXPECT_THAT(errors_of("a: {absent_host: hold}\n"), ElementsAre("f:1: a.absent_host must be a group of keys"));
  EXPECT_THAT(errors_of("a: {extends: [psych]}\n"), ElementsAre("f:1: a.extends must be a template's name"));
  EXPECT_THAT(errors_of("a: {\n"), ElementsAre(HasSubstr("is not YAML")));
  EXPECT_THAT(errors_of("a: {}\n---\nb: {}\n"), ElementsAre(HasSubstr("more than one YAML document")));
}

TEST(SiteTemplates, ATextThatBeginsWithACommaIsRefusedInTime) { EXPECT_THAT(errors_of(",a: {}\n"), SizeIs(1)); }

TEST(SiteTemplates, ACircleIsReportedOnceAndNoConsequenceOfIt) {
  EXPECT_THAT(errors_of("a: {extends: b}\nb: {extends: c}\nc: {extends: a}\nd: {extends: c}\n"),
              ElementsAre("f:3: c.extends goes in a circle"));
  EXPECT_THAT(errors_of("a: {extends: a}\n"), ElementsAre("f:1: a.extends goes in a circle"));
  // A template that is there already is no circle, whoever extends whom.
  EXPECT_THAT(errors_of("psych: {extends: group}\ngroup: {extends: psych}\n"),
              ElementsAre("f:2: group.extends goes in a circle"));
  EXPECT_THAT(errors_of("psych: {extends: group}\n"), IsEmpty());
}

TEST(SiteTemplates, ALockThatCouldNeverCloseIsAMistake) {
  EXPECT_THAT(errors_of("a: {extends: b, participants_max: 4}\nb: {lock_at_admitted: 5}\n"),
              ElementsAre("f:1: a never locks: lock_at_admitted is above participants_max"));
  EXPECT_THAT(errors_of("a: {participants_max: 5, lock_at_admitted: 5}\n"), IsEmpty());
}

TEST(SiteTemplates, NamesHaveUpToThirtyTwoCharacters) {
  const std::string longest(32, 'a');
  EXPECT_THAT(errors_of(longest + ": {}\n"), IsEmpty());
  EXPECT_THAT(errors_of("_0z: {}\n"), IsEmpty());
  EXPECT_THAT(errors_of(longest + "a: {}\n"), SizeIs(1));
  EXPECT_THAT(errors_of("\"\": {}\n"), SizeIs(1));
  EXPECT_THAT(errors_of("a-b: {}\n"), SizeIs(1));
  EXPECT_THAT(errors_of("s\xc3\xa5r: {}\n"), SizeIs(1));
  EXPECT_THAT(errors_of("[a]: {}\n"), SizeIs(1));
}

TEST(SiteTemplates, SixtyFourFitAndNotOneMore) {
  std::string yaml;
  for (size_t i = Templates::built_in().names().size(); i < 64; ++i) yaml += "t" + std::to_string(i) + ": {}\n";
  EXPECT_THAT(errors_of(yaml), IsEmpty());
  EXPECT_THAT(errors_of(yaml + "psych: {}\n"), IsEmpty()) << "a replacement is not one more";
  EXPECT_THAT(errors_of(yaml + "more: {}\nandmore: {}\n"),
              ElementsAre(HasSubstr("more is one too many: there may be 64 templates")));
}

TEST(SiteTemplates, RangesEndWhereTheySay) {
  EXPECT_THAT(errors_of("a: {participants_max: 2, absent_host: {grace_s: 0}, join_early_min: 0}\n"), IsEmpty());
  EXPECT_THAT(errors_of("a: {participants_max: 250, absent_host: {grace_s: 3600}, join_late_min: 1440}\n"), IsEmpty());
  EXPECT_THAT(errors_of("a: {participants_max: 1}\n"), SizeIs(1));
  EXPECT_THAT(errors_of("a: {participants_max: 99999999999999999999}\n"), SizeIs(1));
}

TEST(SiteTemplates, HugeGroupsAreNotWalked) {
  std::string keys;
  std::string entries = "audio";
  for (int i = 0; i < 65; ++i) {
    keys += "  k" + std::to_string(i) + ": 1\n";
    entries += ", audio";
  }
  EXPECT_THAT(errors_of("a:\n" + keys), ElementsAre("f:1: a has too many keys"));
  EXPECT_THAT(errors_of("a: {roles: {gp: {withhold: [" + entries + "]}}}\n"),
              ElementsAre("f:1: a.roles.gp.withhold has too many entries"));
  EXPECT_THAT(errors_of(std::string((256 << 10) + 1, '#')), ElementsAre(HasSubstr("is larger than")));
}

}  // namespace
}  // namespace eir
