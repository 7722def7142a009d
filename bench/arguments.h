#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/transport/srtp_keys.h"

namespace eir::bench {

enum class Command : uint8_t { kRun, kFanout, kRooms, kFloor, kPublish, kSideBySide };

struct Arguments {
  Command command = Command::kFanout;
  uint32_t subscribers = 30;
  uint32_t rooms = 10;
  bool by_rooms = false;    // side by side: rooms were asked for, not a fan-out
  uint32_t publishers = 3;  // of each room; of `publish` 8 unless said otherwise
  uint32_t seconds = 20;
  uint32_t workers = 1;
  uint32_t check_one_in = 16;
  uint16_t port_base = 18080;
  SrtpProfile srtp_profile = SrtpProfile::kAeadAes128Gcm;
  uint32_t event_loops = 0;  // of Janus; 0: a thread for each connection
  bool in_process = false;
  bool is_pinned = false;  // the server on one processor, the load on another
  bool with_added_delay = false;
  bool with_floor = true;  // of `run` false unless said otherwise
  uint32_t repeat = 1;     // runs of each scenario; of `side-by-side` 5 unless said otherwise
  std::vector<std::string> scenario_files;
  std::string eird;   // program to start
  std::string janus;  // program to start
  std::string whip;   // URL templates
  std::string whep;
  std::string bearer;
  std::string bearers_file;
  uint32_t pid = 0;        // of the server behind them
  std::string quickstart;  // file with the JSON line of deploy/quickstart
  std::string api = "http://127.0.0.1:8080";
  std::string token;
  std::string ivf_file;
  std::string ogg_file;
  std::string json_file;
  std::string html_file;
};

extern const std::string_view kUsage;

// Nothing: not understood, or beyond a limit. What is asked of one machine stays bounded: 250 people a room, 1000 in
// all, 10 minutes; scenario files have limits of their own.
std::optional<Arguments> parse_arguments(const std::vector<std::string_view>& words);

}  // namespace eir::bench
