#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/config/config.h"

// What the supervisor hands a child at its start, as JSON in a sealed memory file: numbers of inherited descriptors and
// the settings that a child may know. A media worker reads no configuration file and learns no secret of control's.
namespace eir::channel {

// One socket that the supervisor bound, as inherited.
struct InheritedSocket {
  int fd = -1;
  std::string address;  // local address, without port
  uint16_t port = 0;
  std::string announce;  // what clients are told; equals `address` unless configured
};

struct LogStart {
  LogFormat format = LogFormat::kText;
  LogLevel level = LogLevel::kInfo;
  std::string process;        // "control", "worker-3"
  std::string redaction_key;  // hexadecimal
};

struct WorkerStart {
  uint32_t worker = 0;
  int channel_fd = -1;     // Unix stream: channel::ChannelEnd
  int supervisor_fd = -1;  // Unix seqpacket: channel::SupervisorLink
  std::vector<InheritedSocket> udp;
  bool forbid_cm80 = false;
  Dscp dscp;
  bool measure_delay = false;
  uint32_t participants_max = 0;
  uint32_t transports_per_participant_max = 0;
  uint32_t alone_s = 0;
  LogStart log;
};

struct ControlStart {
  int supervisor_fd = -1;
  uint32_t workers = 0;
  std::string config_file;  // names the file in messages; empty: none was given
  std::string config_yaml;  // what is in effect
  std::vector<InheritedSocket> https;
  std::vector<InheritedSocket> http_loopback;
  std::vector<InheritedSocket> ops;
  LogStart log;
};

std::string to_json(const WorkerStart& start);
std::string to_json(const ControlStart& start);
std::optional<WorkerStart> parse_worker_start(std::string_view json);
std::optional<ControlStart> parse_control_start(std::string_view json);

}  // namespace eir::channel
