#pragma once

#include <optional>
#include <string>
#include <vector>

#include "bench/api_client.h"
#include "bench/host.h"
#include "bench/own_process.h"
#include "bench/process_stats.h"

namespace eir::bench {

// Where a running eird is, as the last line of deploy/quickstart --json says it.
struct EirdAddress {
  std::string api;
  std::string ops;
  std::string credential;  // the secret itself
  pid_t pid = 0;
};
// Throws std::runtime_error or boost::system::system_error.
EirdAddress parse_quickstart(std::string_view json_line);

// An eird of one's own: a state directory and a configuration under the temporary directory, ports from `port_base` on
// loopback. Stopped by its process id, and its directory removed, when this is destroyed.
class OwnEird {
 public:
  struct Options {
    std::string program;
    uint16_t port_base = 18080;  // HTTP; ops one higher; media from ten higher
    uint32_t workers = 1;
    bool measures_delay = false;  // media.measure_delay
  };
  // Throws std::runtime_error if it does not get ready within 20 s.
  explicit OwnEird(const Options& options);
  const EirdAddress& address() const { return address_; }

 private:
  void write_files(const Options& options);
  void await_ready();

  TemporaryDirectory directory_;
  std::optional<OwnProcess> process_;
  EirdAddress address_;
};

// A running eird, by its API: one consultation of the template `test` per room, one invitation used by all.
class EirdHost final : public Host {
 public:
  explicit EirdHost(EirdAddress address);

  std::string name() const override { return "eird"; }
  void open_rooms(size_t count) override;
  std::unique_ptr<Session> join(const Seat& seat, std::string offer) override;
  void poll() override { api_.poll(); }
  std::vector<pid_t> workers() const override;
  std::vector<pid_t> processes() const override { return process_tree_of(address_.pid); }
  Counters counters() override;

 private:
  std::string open_room();

  EirdAddress address_;
  ApiClient api_;
  ApiClient ops_;
  std::vector<std::string> invitations_;  // of each room
};

}  // namespace eir::bench
