#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

// What a scenario is: who is in the rooms, what they send and watch, and the network they have. The YAML keys are the
// member names; bench/README.md explains each, bench/scenarios/ has examples.
namespace eir::bench {

// One camera: frames of equal size, each sent in groups of packets as browsers' pacers do.
struct VideoSpec {
  uint32_t frames_per_second = 30;
  uint32_t packets_per_frame = 8;
  uint32_t packet_bytes = 1080;  // of media in each; RTP, extensions, descriptor and tag add some 45
  uint32_t group_packets = 4;
  uint32_t group_interval_ms = 5;
  uint32_t key_frame_factor = 1;      // how many times as large as another frame
  uint32_t key_frame_interval_s = 0;  // so often without being asked; 0: only when asked
};

// One microphone: 50 packets/s.
struct AudioSpec {
  uint32_t payload_bytes = 100;
  uint32_t talk_s = 10;
  uint32_t silence_s = 0;  // after each `talk_s`; 0: always talks
  bool dtx = false;        // nothing but comfort noise in silence
};

// The receiving m-lines of an offer.
struct SlotSpec {
  uint32_t video = 0;
  uint32_t audio = 0;
};

// People of one kind, in each room.
struct PeopleSpec {
  std::string name = "people";
  uint32_t count = 1;
  std::vector<VideoSpec> video;  // the cameras of each
  std::vector<AudioSpec> audio;
  SlotSpec slots;
  // They come all at the same moment, so many seconds into the measurement; 0: before it.
  uint32_t storm_after_s = 0;
};

// How those come who are there before the measurement.
struct JoinSpec {
  uint32_t at_once = 1;     // so many joins are under way at a time
  uint32_t per_second = 0;  // at most; 0: as fast as `at_once` lets them
};

// Somebody leaves and somebody of the same kind comes.
struct ChurnSpec {
  uint32_t per_minute = 0;  // in all rooms together
};

// Of each person's access line, both ways, within the bench.
struct NetworkSpec {
  double loss_percent = 0;
  uint32_t delay_ms = 0;
  uint32_t rate_kbit = 0;  // 0: no limit
  uint32_t seed = 1;
};

enum class HostKind : uint8_t {
  kEird,    // whatever --eird, --quickstart or --in-process names
  kRouter,  // always --in-process: a room that is larger than a consultation may be
};

struct ScenarioSpec {
  std::string title = "scenario";
  HostKind host = HostKind::kEird;
  uint32_t rooms = 1;
  std::vector<PeopleSpec> people;
  uint32_t warm_up_s = 2;
  uint32_t seconds = 20;
  JoinSpec joins;
  ChurnSpec churn;
  NetworkSpec network;
  // Of each slot one packet in so many is decrypted and checked; one person checks all of them.
  uint32_t check_one_in = 16;
  // The server measures how long datagrams stay in it, where the bench starts it.
  bool added_delay = false;

  size_t people_per_room() const;
  size_t people_count() const { return rooms * people_per_room(); }
};

inline constexpr size_t kPeopleMax = 4000;
inline constexpr size_t kPeoplePerConsultationMax = 250;

// A line, a key and what is wrong with it.
struct SpecError {
  int line = 0;
  std::string key;  // "people[1].video[0].packet_bytes"; "(document)" where the text as a whole is wrong
  std::string message;
};

struct ParsedSpec {
  ScenarioSpec spec;
  std::vector<SpecError> errors;
  std::string filename;

  bool ok() const { return errors.empty(); }
  // One line per error: "file:line: key message".
  std::string error_text() const;
};

// Unknown keys, keys that stand twice and values out of range are errors, reported all at once.
ParsedSpec parse_scenario(std::string_view text, std::string_view filename);
// Throws std::runtime_error with the error text.
ScenarioSpec load_scenario(const std::string& path);

}  // namespace eir::bench
