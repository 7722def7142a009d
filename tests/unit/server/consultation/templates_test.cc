#include "server/consultation/templates.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>

namespace eir {
namespace {

using std::chrono::seconds;
using testing::IsEmpty;
using testing::UnorderedElementsAre;
using enum Right;

constexpr std::array kAllRoles = {Role::kSpecialist, Role::kClinician,   Role::kGp,       Role::kPatient,
                                  Role::kRelative,   Role::kInterpreter, Role::kObserver, Role::kModerator,
                                  Role::kDevice,     Role::kGateway,     Role::kSupport};
static_assert(kAllRoles.size() == kRoleCount);

const ConsultationTemplate& built_in(std::string_view name) {
  static const Templates all = Templates::built_in();
  const ConsultationTemplate* found = all.find(name);
  if (found == nullptr) throw std::runtime_error("no template " + std::string(name));
  return *found;
}

// What the role sends from the start, and what a host could add.
Rights given(const ConsultationTemplate& kind, Role role) {
  return ceiling_of(role).given.without(kind.policy_of(role).withheld);
}
Rights grantable(const ConsultationTemplate& kind, Role role) {
  return ceiling_of(role).grantable.without(kind.policy_of(role).withheld);
}
Rights media_given(const ConsultationTemplate& kind, Role role) { return given(kind, role) & kMediaRights; }

std::string shipped_file() {
  std::ifstream file(EIR_SOURCE_DIR "/config/templates.yaml");
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST(Templates, AllKindsOfMeetingsAreThere) {
  EXPECT_THAT(Templates::built_in().names(),
              UnorderedElementsAre("samkonsultasjon", "wound", "psych", "phone_conference", "phone_conference_screen",
                                   "mdt", "referral_intake", "network_meeting", "lecture", "ambulance", "one_way",
                                   "home_followup", "group", "test"));
}

TEST(Templates, TheProgramHoldsTheShippedFile) {
  Templates read;
  ASSERT_THAT(read.add(shipped_file(), "templates.yaml"), IsEmpty());
  ASSERT_EQ(read.names(), Templates::built_in().names());
  for (const std::string& name : read.names()) EXPECT_EQ(*read.find(name), built_in(name)) << name;
}

TEST(Templates, AboveEachShippedTemplateASentenceSaysForWhom) {
  std::istringstream lines(shipped_file());
  std::string line;
  std::string comment;
  while (std::getline(lines, line)) {
    if (line.starts_with("#")) {
      comment += line;
      continue;
    }
    const bool is_name = !line.empty() && line[0] != ' ';
    EXPECT_TRUE(!is_name || comment.starts_with("# For ")) << line;
    comment.clear();
  }
}

TEST(Templates, SamkonsultasjonIsTheDefaults) {
  ConsultationTemplate expected;
  expected.name = "samkonsultasjon";
  EXPECT_EQ(built_in("samkonsultasjon"), expected);
  EXPECT_TRUE(expected.has_waiting_room);
  EXPECT_EQ(expected.participants_max, 16U);
  EXPECT_EQ(expected.absent_host, AbsentHost::kKeep);
  EXPECT_EQ(expected.lock_at_admitted, 0U);
}

TEST(Templates, SupportIsNeverShownAnybody) {
  for (const std::string& name : Templates::built_in().names()) {
    EXPECT_TRUE(built_in(name).policy_of(Role::kSupport).receives.empty()) << name;
    EXPECT_EQ(given(built_in(name), Role::kSupport), Rights{kList}) << name;
  }
}

TEST(Templates, HostsKeepTheirPowersEverywhere) {
  for (const std::string& name : Templates::built_in().names()) {
    for (const Role role : {Role::kSpecialist, Role::kClinician, Role::kModerator}) {
      const Rights powers{kModerate, kInvite, kEnd, kList};
      EXPECT_TRUE(given(built_in(name), role).contains(powers)) << name;
    }
  }
}

TEST(Templates, OnlyTheTestRoomHasNoWaitingRoomAndEcho) {
  for (const std::string& name : Templates::built_in().names()) {
    EXPECT_EQ(built_in(name).has_waiting_room, name != "test") << name;
    EXPECT_EQ(built_in(name).may_echo, name == "test") << name;
  }
}

TEST(Templates, NoPatientRelativeOrTelephoneSkipsTheWaitingRoom) {
  for (const std::string& name : Templates::built_in().names()) {
    for (const Role role : {Role::kPatient, Role::kRelative, Role::kGateway, Role::kSupport}) {
      EXPECT_FALSE(built_in(name).policy_of(role).skips_waiting) << name << " " << to_text(role);
    }
  }
}

TEST(Templates, WoundWithholdsNothing) {
  for (const Role role : kAllRoles) EXPECT_EQ(given(built_in("wound"), role), ceiling_of(role).given);
  EXPECT_TRUE(given(built_in("wound"), Role::kDevice).has(kExtraCamera));
  EXPECT_TRUE(built_in("wound").has_waiting_room);
}

TEST(Templates, PsychIsHeldWithoutItsTherapistAndLocksAtTheFirstAdmitted) {
  const ConsultationTemplate& kind = built_in("psych");
  EXPECT_EQ(kind.absent_host, AbsentHost::kHold);
  EXPECT_EQ(kind.absent_host_grace, seconds(30));
  EXPECT_EQ(kind.lock_at_admitted, 1U);
  EXPECT_EQ(kind.participants_max, 8U);
}

TEST(Templates, GroupIsHeldWithoutItsHostAndTakesOneAfterAnother) {
  const ConsultationTemplate& kind = built_in("group");
  EXPECT_EQ(kind.absent_host, AbsentHost::kHold);
  EXPECT_EQ(kind.absent_host_grace, seconds(30));
  EXPECT_EQ(kind.lock_at_admitted, 0U);
  EXPECT_EQ(kind.participants_max, 16U);
  EXPECT_EQ(media_given(kind, Role::kPatient), (Rights{kAudio, kVideo, kExtraCamera}));
  EXPECT_EQ(grantable(kind, Role::kPatient), Rights{kScreen}) << "nobody can be allowed to invite a relative";
}

TEST(Templates, PhoneConferenceIsSoundAloneAndTheGpDoesNotWait) {
  const ConsultationTemplate& kind = built_in("phone_conference");
  EXPECT_TRUE(kind.is_audio_only);
  for (const Role role : kAllRoles) {
    EXPECT_EQ(media_given(kind, role), ceiling_of(role).given & Rights{kAudio}) << to_text(role);
    EXPECT_TRUE((grantable(kind, role) & Rights{kVideo, kExtraCamera, kScreen}).empty()) << to_text(role);
    EXPECT_EQ(kind.policy_of(role).skips_waiting, role == Role::kGp) << to_text(role);
  }
}

TEST(Templates, PhoneConferenceWithScreenHasNoCameras) {
  const ConsultationTemplate& kind = built_in("phone_conference_screen");
  EXPECT_FALSE(kind.is_audio_only);
  for (const Role role : {Role::kSpecialist, Role::kClinician, Role::kModerator, Role::kGp}) {
    EXPECT_EQ(media_given(kind, role), (Rights{kAudio, kScreen})) << to_text(role);
  }
  for (const Role role : {Role::kPatient, Role::kRelative, Role::kInterpreter, Role::kDevice, Role::kGateway}) {
    EXPECT_EQ(media_given(kind, role), Rights{kAudio}) << to_text(role);
  }
  EXPECT_TRUE(kind.policy_of(Role::kGp).skips_waiting);
}

TEST(Templates, AtAStaffMeetingTheGpWaitsForTheOwnItem) {
  EXPECT_EQ(built_in("mdt").participants_max, 32U);
  EXPECT_EQ(built_in("referral_intake").participants_max, 16U);
  for (const std::string_view name : {"mdt", "referral_intake"}) {
    EXPECT_FALSE(built_in(name).policy_of(Role::kGp).skips_waiting) << name;
    EXPECT_EQ(given(built_in(name), Role::kGp), ceiling_of(Role::kGp).given) << name;
  }
}

TEST(Templates, ReferralsAreReadByStaffAlone) {
  const ConsultationTemplate& kind = built_in("referral_intake");
  for (const Role role : {Role::kPatient, Role::kRelative}) {
    EXPECT_TRUE(given(kind, role).empty() && grantable(kind, role).empty());
    EXPECT_TRUE(kind.policy_of(role).receives.empty());
  }
}

TEST(Templates, FromTheAmbulanceComesThePictureAndSoundGoesBothWays) {
  const ConsultationTemplate& kind = built_in("ambulance");
  for (const Role role : kAllRoles) {
    const bool is_in_the_car = role == Role::kClinician || role == Role::kDevice;
    EXPECT_EQ(given(kind, role).has(kVideo), is_in_the_car) << to_text(role);
    EXPECT_EQ(given(kind, role).has(kExtraCamera), is_in_the_car) << to_text(role);
    EXPECT_EQ(given(kind, role).has(kAudio), ceiling_of(role).given.has(kAudio)) << to_text(role);
    const Rights expected = role == Role::kSupport ? Rights{} : kMediaRights;
    EXPECT_EQ(kind.policy_of(role).receives, expected) << to_text(role);
  }
  EXPECT_EQ(kind.absent_host, AbsentHost::kKeep);
}

TEST(Templates, CrewCamerasAndGpComeIntoTheAmbulanceAtOnce) {
  const ConsultationTemplate& kind = built_in("ambulance");
  for (const Role role : kAllRoles) {
    const bool skips = role == Role::kClinician || role == Role::kGp || role == Role::kDevice;
    EXPECT_EQ(kind.policy_of(role).skips_waiting, skips) << to_text(role);
  }
}

TEST(Templates, OneWayShowsThePatientToOthersAndNobodyToThePatient) {
  const ConsultationTemplate& kind = built_in("one_way");
  EXPECT_EQ(media_given(kind, Role::kPatient), (Rights{kAudio, kVideo, kExtraCamera}));
  EXPECT_EQ(media_given(kind, Role::kRelative), (Rights{kAudio, kVideo}));
  EXPECT_EQ(media_given(kind, Role::kDevice), (Rights{kAudio, kVideo, kExtraCamera}));
  for (const Role role : {Role::kPatient, Role::kRelative, Role::kDevice}) {
    EXPECT_TRUE(kind.policy_of(role).receives.empty()) << to_text(role);
  }
  for (const Role role : {Role::kSpecialist, Role::kClinician, Role::kGp, Role::kModerator, Role::kInterpreter,
                          Role::kObserver, Role::kGateway}) {
    EXPECT_TRUE(media_given(kind, role).empty()) << to_text(role);
    EXPECT_TRUE((grantable(kind, role) & kMediaRights).empty()) << to_text(role);
    EXPECT_EQ(kind.policy_of(role).receives, kMediaRights) << to_text(role);
  }
}

TEST(Templates, HomeFollowupIsASmallMeetingWithAllRights) {
  EXPECT_EQ(built_in("home_followup").participants_max, 8U);
  for (const Role role : kAllRoles) EXPECT_EQ(given(built_in("home_followup"), role), ceiling_of(role).given);
}

TEST(Templates, InANetworkMeetingFewPublishAndObserversMayBeGivenTheMicrophone) {
  const ConsultationTemplate& kind = built_in("network_meeting");
  EXPECT_EQ(kind.participants_max, 200U);
  for (const Role role : {Role::kPatient, Role::kRelative, Role::kObserver}) {
    EXPECT_TRUE(media_given(kind, role).empty()) << to_text(role);
    EXPECT_EQ(kind.policy_of(role).receives, kMediaRights) << to_text(role);
  }
  EXPECT_EQ(grantable(kind, Role::kObserver), Rights{kAudio});
  EXPECT_TRUE(grantable(kind, Role::kPatient).empty());
  EXPECT_TRUE(grantable(kind, Role::kRelative).empty());
  for (const Role role : {Role::kObserver, Role::kGp, Role::kInterpreter, Role::kDevice}) {
    EXPECT_TRUE(kind.policy_of(role).skips_waiting) << to_text(role);
  }
}

TEST(Templates, InALectureAGpAsksByVoice) {
  const ConsultationTemplate& kind = built_in("lecture");
  EXPECT_EQ(kind.participants_max, 200U);
  EXPECT_EQ(media_given(kind, Role::kGp), Rights{kAudio});
  EXPECT_TRUE(kind.policy_of(Role::kGp).skips_waiting) << "what a role's line leaves out is as below";
  EXPECT_EQ(media_given(kind, Role::kInterpreter), (Rights{kAudio, kVideo}));
  EXPECT_TRUE(media_given(kind, Role::kObserver).empty());
  EXPECT_EQ(media_given(kind, Role::kSpecialist), kMediaRights);
}

TEST(Templates, TestIsOpenToAllUpToWhatAWorkerHolds) {
  const ConsultationTemplate& kind = built_in("test");
  EXPECT_EQ(kind.participants_max, 250U);
  EXPECT_EQ(kind.lock_at_admitted, 0U);
  for (const Role role : kAllRoles) EXPECT_EQ(given(kind, role), ceiling_of(role).given) << to_text(role);
}

}  // namespace
}  // namespace eir
