#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bench/host.h"
#include "bench/own_process.h"

namespace eir::bench {

// A Janus of one's own, with the VideoRoom plugin and the WebSockets transport alone, on ports of its own, its files in
// a temporary directory; otherwise configured as Debian's /etc/janus/janus.jcfg is, but for what README.md names.
class OwnJanus {
 public:
  struct Options {
    std::string program = "/usr/bin/janus";
    uint16_t port = 18180;  // of its WebSockets transport
    // 0, as it comes: a thread for each connection. Else so many threads share all connections.
    uint32_t event_loops = 0;
  };
  // Throws std::runtime_error if it does not listen within 20 s.
  explicit OwnJanus(const Options& options);
  uint16_t port() const { return port_; }
  pid_t pid() const { return process_->pid(); }

 private:
  void write_files(const Options& options);
  void await_ready();

  uint16_t port_;
  TemporaryDirectory directory_;
  std::optional<OwnProcess> process_;
};

class JanusConnection;

// Rooms of Janus' VideoRoom plugin. Each person has a connection for publishing and another one for watching all others
// of the room, which is how its own pages use it.
class JanusHost final : public Host {
 public:
  explicit JanusHost(const OwnJanus::Options& options);
  ~JanusHost() override;

  std::string name() const override;
  void open_rooms(size_t count) override;
  // Done when it returns: this server's joins are not what is measured.
  std::unique_ptr<Session> join(const Seat& seat, std::string offer) override;
  bool makes_offer_to(Part part) const override { return part == Part::kWatches; }
  bool is_one_way() const override { return true; }
  void poll() override;
  std::vector<pid_t> workers() const override { return {janus_.pid()}; }
  Counters counters() override { return {}; }

 private:
  class Publisher;
  class Watcher;
  struct Feed {
    uint64_t id = 0;
    size_t person = 0;
  };
  struct Room {
    uint64_t number = 0;
    std::vector<Feed> feeds;
  };
  void open_room(size_t index);

  OwnJanus::Options options_;
  OwnJanus janus_;
  std::unique_ptr<JanusConnection> connection_;
  std::map<size_t, Room> rooms_;
};

}  // namespace eir::bench
