// Each cell of the roles × rights table that is about media, as packets at the router's send call: the domain decides,
// the product's own conversions carry it over, and what leaves for the host is counted.
#include <gtest/gtest.h>

#include <array>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "lib/rtp/rtp_packet.h"
#include "server/media/conversions.h"
#include "tests/sim/sim_test.h"
#include "tests/sim_rights/meeting.h"

namespace eir {
namespace {

enum class Kind : uint8_t { kAudio, kVideo, kExtraCamera, kScreen };
constexpr std::array kKindNames = {"audio", "video", "extra_camera", "screen"};

// The people of a Meeting in a SimWorld: seat n is person n. After each act of the meeting comes sync(), which tells
// the router what the control process would tell it.
class MeetingWorld {
 public:
  MeetingWorld(std::string_view kind, const std::vector<std::string>& roles, uint64_t seed = 1)
      : meeting(kind, roles), world(seed) {
    world.on_send = [this](SimNetwork::NodeId to, ByteView bytes) { count(to, bytes); };
  }

  SimPerson& enter(size_t seat, const ClientOptions& options, const AccessLine& line = {}) {
    if (seat > 0) meeting.come(seat);
    people_.emplace(seat, &world.join(options, line, to_router(meeting.rights(seat))));
    return *people_.at(seat);
  }

  void sync() {
    for (const auto& [seat, person] : people_) {
      if (gone_.contains(seat)) continue;
      if (meeting.is_gone(seat)) {
        // The client itself goes on sending, and asking for what it lost.
        EXPECT_TRUE(world.router().leave(world.now(), person->id, farewell_));
        gone_.insert(seat);
        continue;
      }
      world.set_rights(*person, to_router(meeting.rights(seat)));
      const uint32_t muted = to_right_bits(meeting.muted(seat));
      EXPECT_TRUE(world.router().set_mute(world.now(), person->id, muted));
    }
    sent_.clear();
  }

  // RTP and RTX packets that left for the person since the last sync(): all, or of one track.
  uint64_t sent_to(size_t seat) const {
    uint64_t sum = 0;
    for (const auto& [key, packets] : sent_) sum += key.first == people_.at(seat)->node ? packets : 0;
    return sum;
  }
  uint64_t sent_to(size_t seat, TrackId track) const {
    const auto found = sent_.find({people_.at(seat)->node, track.value});
    return found == sent_.end() ? 0 : found->second;
  }

  // As the client says of its tracks after publishing.
  void label(size_t seat, std::string_view mid, TrackLabel label) {
    EXPECT_TRUE(world.router().set_label(world.now(), people_.at(seat)->id, mid, label));
  }
  // The newest that was told of the m-line.
  TrackId track(size_t seat, std::string_view mid) const {
    TrackId id{};
    for (const RouterEvent& event : world.events()) {
      const auto* published = std::get_if<TrackPublished>(&event);
      const bool is_it =
          published != nullptr && published->track.participant == people_.at(seat)->id && published->track.mid == mid;
      if (is_it) id = published->track.track;
    }
    return id;
  }

  Meeting meeting;
  SimWorld world;

 private:
  // The one CSRC (RFC 3550 section 5.1) names the track.
  void count(SimNetwork::NodeId to, ByteView bytes) {
    if (classify(bytes) != PacketClass::kRtp) return;
    const bool has_csrc = (bytes[0] & 0x0f) != 0 && bytes.size() >= 16;
    ++sent_[{to, has_csrc ? load_u32(&bytes[12]) : 0}];
  }

  std::map<size_t, SimPerson*> people_;
  std::set<size_t> gone_;
  std::map<std::pair<SimNetwork::NodeId, uint32_t>, uint64_t> sent_;
  TransmitQueue farewell_{16, 16 * TransmitQueue::kDatagramMax};
};

ClientOptions one_track(Kind kind) {
  ClientOptions options;
  if (kind == Kind::kAudio) {
    options.audio = {AudioTrackOptions{}};
  } else {
    options.video = {VideoTrackOptions{}};
  }
  return options;
}

TrackLabel label_of(Kind kind) {
  switch (kind) {
    case Kind::kAudio:
      return TrackLabel::kMicrophone;
    case Kind::kVideo:
      return TrackLabel::kCamera;
    case Kind::kExtraCamera:
      return TrackLabel::kExtraCamera;
    case Kind::kScreen:
      return TrackLabel::kScreen;
  }
  return TrackLabel::kScreen;
}

// A line per role: audio, video, extra camera, screen. y: from the start, g: a host may grant it.
struct Line {
  const char* role;
  const char* cells;
};
constexpr std::array kTable = {
    Line{"specialist", "yyyy"}, Line{"clinician", "yyyy"}, Line{"moderator", "yyyy"},   Line{"gp", "yyyy"},
    Line{"patient", "yyyg"},    Line{"relative", "yy-g"},  Line{"interpreter", "yy--"}, Line{"observer", "g---"},
    Line{"device", "yyyg"},     Line{"gateway", "y---"},   Line{"support", "----"},
};

using Cell = std::tuple<Line, Kind>;
class MediaMatrix : public testing::TestWithParam<Cell> {};
std::string name_of(const testing::TestParamInfo<Cell>& info) {
  const auto& [line, kind] = info.param;
  return std::string(line.role) + "_" + kKindNames[static_cast<size_t>(kind)];
}
INSTANTIATE_TEST_SUITE_P(Table, MediaMatrix,
                         testing::Combine(testing::ValuesIn(kTable),
                                          testing::Values(Kind::kAudio, Kind::kVideo, Kind::kExtraCamera,
                                                          Kind::kScreen)),
                         name_of);

TEST_P(MediaMatrix, PacketsPassAsTheTableSays) {
  const auto& [line, kind] = GetParam();
  const char cell = line.cells[static_cast<size_t>(kind)];
  const bool is_host = std::string_view(line.cells) == "yyyy" && std::string_view(line.role) != "gp";
  MeetingWorld room("samkonsultasjon", {line.role});
  room.enter(0, watcher(1));
  room.enter(1, one_track(kind));
  room.label(1, "0", label_of(kind));
  const auto passes_now = [&] {
    room.sync();
    room.world.run_for(500ms);
    return room.sent_to(0) > 0;
  };
  EXPECT_EQ(passes_now(), is_host) << "waiting";
  ASSERT_TRUE(room.meeting.admit(1));
  EXPECT_EQ(passes_now(), cell == 'y');
  if (cell != 'g') return;
  ASSERT_TRUE(room.meeting.grant_all(1));
  EXPECT_TRUE(passes_now());
  ASSERT_TRUE(room.meeting.grant_nothing(1));
  EXPECT_FALSE(passes_now());
}

// What templates take away, and what is left beside it. The four kinds at once.
struct TemplateLine {
  const char* kind;
  const char* role;
  const char* cells;
};
constexpr std::array kTemplateTable = {
    TemplateLine{"phone_conference", "specialist", "y---"},
    TemplateLine{"phone_conference", "moderator", "y---"},
    TemplateLine{"phone_conference", "gp", "y---"},
    TemplateLine{"phone_conference", "patient", "y---"},
    TemplateLine{"phone_conference", "relative", "y---"},
    TemplateLine{"phone_conference", "interpreter", "y---"},
    TemplateLine{"phone_conference", "device", "y---"},
    TemplateLine{"phone_conference_screen", "specialist", "y--y"},
    TemplateLine{"phone_conference_screen", "gp", "y--y"},
    TemplateLine{"phone_conference_screen", "patient", "y---"},
    TemplateLine{"ambulance", "specialist", "y---"},
    TemplateLine{"ambulance", "clinician", "yyyy"},
    TemplateLine{"ambulance", "gp", "y---"},
    TemplateLine{"ambulance", "patient", "y---"},
    TemplateLine{"ambulance", "relative", "y---"},
    TemplateLine{"ambulance", "interpreter", "y---"},
    TemplateLine{"ambulance", "device", "yyyg"},
    TemplateLine{"one_way", "specialist", "----"},
    TemplateLine{"one_way", "gp", "----"},
    TemplateLine{"one_way", "patient", "yyyg"},
    TemplateLine{"one_way", "relative", "yy-g"},
    TemplateLine{"one_way", "interpreter", "----"},
    TemplateLine{"one_way", "observer", "----"},
    TemplateLine{"one_way", "gateway", "----"},
    TemplateLine{"referral_intake", "patient", "----"},
    TemplateLine{"referral_intake", "relative", "----"},
    TemplateLine{"network_meeting", "patient", "----"},
    TemplateLine{"network_meeting", "relative", "----"},
    TemplateLine{"network_meeting", "observer", "g---"},
    TemplateLine{"lecture", "gp", "y---"},
    TemplateLine{"psych", "patient", "yyyg"},
    TemplateLine{"group", "patient", "yyyg"},
};

class TemplateMatrix : public testing::TestWithParam<TemplateLine> {};
std::string name_of_line(const testing::TestParamInfo<TemplateLine>& info) {
  return std::string(info.param.kind) + "_" + info.param.role;
}
INSTANTIATE_TEST_SUITE_P(Table, TemplateMatrix, testing::ValuesIn(kTemplateTable), name_of_line);

TEST_P(TemplateMatrix, PacketsPassAsTheTemplateSays) {
  const TemplateLine& line = GetParam();
  MeetingWorld room(line.kind, {line.role});
  ClientOptions receiver = watcher(1);
  receiver.video_slots = 3;
  room.enter(0, receiver);
  ClientOptions all = one_track(Kind::kAudio);
  all.video = {VideoTrackOptions{}, VideoTrackOptions{}, VideoTrackOptions{}};
  room.enter(1, all);
  // The client's first m-line is the microphone; the second camera is one without anybody saying so.
  room.label(1, "3", TrackLabel::kScreen);
  ASSERT_TRUE(room.meeting.admit(1));
  const auto expect_passes = [&](bool with_grants) {
    room.sync();
    room.world.run_for(500ms);
    for (size_t kind = 0; kind < 4; ++kind) {
      const char cell = line.cells[kind];
      const uint64_t sent = room.sent_to(0, room.track(1, std::to_string(kind)));
      EXPECT_EQ(sent > 0, cell == 'y' || (cell == 'g' && with_grants)) << kKindNames[kind] << " " << sent;
    }
  };
  expect_passes(false);
  ASSERT_TRUE(room.meeting.grant_all(1));
  expect_passes(true);
  ASSERT_TRUE(room.meeting.grant_nothing(1));
  expect_passes(false);
}

// --- what takes everything away ---

// A clinician (seat 0) and a patient (seat 1) who see each other over lines that lose packets, so that both keep
// asking for what was sent before.
class TakingAway : public SimTest {
 protected:
  TakingAway() : room("samkonsultasjon", {"patient", "patient"}, GetParam()) {
    AccessLine lossy;
    lossy.up.loss = lossy.down.loss = 0.05;
    room.enter(0, two_way(1), lossy);
    room.enter(1, two_way(1), lossy);
    EXPECT_TRUE(room.meeting.admit(1));
    room.sync();
    room.world.run_for(3s);
    EXPECT_GT(room.sent_to(0), 100U);
    EXPECT_GT(room.sent_to(1), 100U);
    EXPECT_GT(room.world.router().counters().rtx_out, 0U);
  }
  void expect_silence_both_ways() {
    room.sync();
    room.world.run_for(5s);
    EXPECT_EQ(room.sent_to(0), 0U);
    EXPECT_EQ(room.sent_to(1), 0U);
  }
  MeetingWorld room;
};
INSTANTIATE_TEST_SUITE_P(Seeds, TakingAway, testing::Values(1, 2));

TEST_P(TakingAway, NotAPacketAfterRemoval) {
  ASSERT_TRUE(room.meeting.remove(1));
  expect_silence_both_ways();
}

TEST_P(TakingAway, NotAPacketAfterReturningToTheWaitingRoom) {
  ASSERT_TRUE(room.meeting.return_to_waiting(1));
  expect_silence_both_ways();
  ASSERT_TRUE(room.meeting.admit(1));
  room.sync();
  room.world.run_for(1s);
  EXPECT_GT(room.sent_to(0), 0U);
}

TEST_P(TakingAway, NotAPacketWhileItIsHeld) {
  ASSERT_TRUE(room.meeting.hold(true));
  expect_silence_both_ways();
  ASSERT_TRUE(room.meeting.hold(false));
  room.sync();
  room.world.run_for(1s);
  EXPECT_GT(room.sent_to(0), 0U);
  EXPECT_GT(room.sent_to(1), 0U);
}

TEST_P(TakingAway, NotAPacketBetweenGroups) {
  ASSERT_TRUE(room.meeting.put_into_group(1, 2));
  expect_silence_both_ways();
}

TEST_P(TakingAway, NotASoundAfterAMuteAndThePictureGoesOn) {
  ASSERT_TRUE(room.meeting.mute_audio(1));
  room.sync();
  room.world.run_for(5s);
  EXPECT_EQ(room.sent_to(0, room.track(1, "0")), 0U);
  EXPECT_GT(room.sent_to(0, room.track(1, "1")), 100U);
}

TEST_P(TakingAway, NotAPictureAfterAStopAndTheSoundGoesOn) {
  ASSERT_TRUE(room.meeting.stop_video(1));
  room.sync();
  room.world.run_for(5s);
  EXPECT_EQ(room.sent_to(0, room.track(1, "1")), 0U);
  EXPECT_GT(room.sent_to(0, room.track(1, "0")), 100U);
}

TEST_P(TakingAway, NotAPacketToOrFromAnotherPatientBehindTheLock) {
  ASSERT_TRUE(room.meeting.lock());
  room.enter(2, two_way(2));
  EXPECT_FALSE(room.meeting.admit(2));
  room.sync();
  room.world.run_for(3s);
  EXPECT_EQ(room.sent_to(2), 0U);
  EXPECT_EQ(room.sent_to(0, room.track(2, "0")) + room.sent_to(0, room.track(2, "1")), 0U);
  EXPECT_GT(room.sent_to(0), 100U) << "the others go on";
}

// --- several cameras ---

TEST(Cameras, AStopIsForAllOfThem) {
  MeetingWorld room("wound", {"patient"});
  ClientOptions receiver = watcher(0);
  receiver.video_slots = 2;
  room.enter(0, receiver);
  ClientOptions two_cameras;
  two_cameras.video = {VideoTrackOptions{}, VideoTrackOptions{}};
  room.enter(1, two_cameras);
  room.label(1, "1", TrackLabel::kWound);
  ASSERT_TRUE(room.meeting.admit(1));
  room.sync();
  room.world.run_for(1s);
  EXPECT_GT(room.sent_to(0, room.track(1, "0")), 0U);
  EXPECT_GT(room.sent_to(0, room.track(1, "1")), 0U);
  ASSERT_TRUE(room.meeting.stop_video(1));
  room.sync();
  room.world.run_for(1s);
  EXPECT_EQ(room.sent_to(0), 0U);
}

TEST(Cameras, ASecondPictureUnderTheNameOfTheCameraDoesNotPass) {
  MeetingWorld room("samkonsultasjon", {"relative"});
  ClientOptions receiver = watcher(0);
  receiver.video_slots = 2;
  room.enter(0, receiver);
  ClientOptions two_cameras;
  two_cameras.video = {VideoTrackOptions{}, VideoTrackOptions{}};
  SimPerson& relative = room.enter(1, two_cameras);
  ASSERT_TRUE(room.meeting.admit(1));
  static_cast<void>(room.world.router().set_label(room.world.now(), relative.id, "1", TrackLabel::kCamera));
  room.sync();
  room.world.run_for(1s);
  EXPECT_GT(room.sent_to(0, room.track(1, "0")), 0U);
  EXPECT_EQ(room.sent_to(0, room.track(1, "1")), 0U);
}

}  // namespace
}  // namespace eir
