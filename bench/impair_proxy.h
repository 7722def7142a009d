#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "bench/impair_options.h"
#include "lib/base/bytes.h"
#include "lib/base/random.h"
#include "lib/base/time.h"
#include "lib/client/sim_link.h"
#include "server/channel/owned_fd.h"

namespace eir::bench {

// What went one way, since the start. At any moment in + duplicated = out + dropped + lost_here + held.
struct ImpairCounters {
  uint64_t in = 0;
  uint64_t bytes_in = 0;
  uint64_t out = 0;
  uint64_t bytes_out = 0;
  uint64_t duplicated = 0;
  uint64_t dropped_loss = 0;
  uint64_t dropped_burst = 0;
  uint64_t dropped_queue = 0;
  uint64_t dropped_blackout = 0;
  uint64_t lost_here = 0;  // a full socket, a client that was forgotten, or more held than kHeldMax
  uint64_t held = 0;       // now
};

// Stands between clients and a server as a bad access line does: datagrams to its ports go to the server's ports, from
// a socket of their own for each client address, so that the server tells clients apart, and answers go back. All share
// one line, as the people of one house do; who wants lines apart starts several. Rates count IPv4 and UDP headers.
class ImpairProxy {
 public:
  static constexpr size_t kClientsMax = 128;      // addresses; the one that is silent longest is forgotten
  static constexpr Duration kClientKept = 30s;    // before that none is
  static constexpr size_t kHeldMax = 65536;       // datagrams on the line
  static constexpr size_t kDatagramMax = 2048;    // longer ones are cut: no path carries them
  static constexpr size_t kHeaderBytes = 20 + 8;  // IPv4 and UDP
  static constexpr Duration kReportInterval = 1s;

  // Throws std::system_error.
  explicit ImpairProxy(const ImpairOptions& options);

  // Serves until `until`, or a little before.
  void run_until(Timestamp until);
  // As told: "down rate=500k". False: not understood.
  bool change(std::string_view text);
  // One line of JSON; `queue_max_ms` since the last call.
  std::string report(Timestamp at);

  const ImpairCounters& counters(Direction direction) const { return lines_[index_of(direction)].counters; }
  uint64_t refused() const { return refused_; }
  // Standard input is listened to, and has not ended.
  bool has_control() const { return has_control_; }

 private:
  struct Line {
    explicit Line(const LinkCondition& condition) : link(condition) {}
    SimLink link;
    ImpairCounters counters;
    Duration queue_max{};
  };
  struct Client {
    uint64_t id = 0;  // never given again
    size_t port = 0;  // index of the front
    SocketAddress address;
    OwnedFd socket;  // connected to the server
    Timestamp last_seen;
  };
  struct Held {
    Timestamp at;
    uint64_t serial = 0;
    uint64_t client = 0;
    Direction direction = Direction::kUp;
    std::vector<uint8_t> bytes;
    bool operator<(const Held& other) const { return at != other.at ? at > other.at : serial > other.serial; }
  };
  static size_t index_of(Direction direction) { return direction == Direction::kUp ? 0 : 1; }

  void wait(Timestamp until);
  void read_control();
  void receive_front(size_t port);
  void receive_back(size_t place);
  Client* client_of(Timestamp at, size_t port, const SocketAddress& address);
  void replace(size_t place, Timestamp at, size_t port, const SocketAddress& address);
  Client* find(uint64_t id);
  void pass(Timestamp at, Direction direction, const Client& client, ByteView bytes);
  void hold(Held datagram, ByteView bytes);
  void deliver_due(Timestamp at);
  bool deliver(const Held& datagram);
  void watch(int socket, uint64_t name);

  ImpairOptions options_;
  SeededRandom random_;
  Timestamp started_;
  OwnedFd epoll_;
  std::vector<OwnedFd> fronts_;
  std::vector<std::unique_ptr<Client>> clients_;
  uint64_t next_client_ = 1;
  uint64_t refused_ = 0;
  std::array<Line, 2> lines_;
  std::vector<Held> held_;  // a heap
  std::vector<std::vector<uint8_t>> spare_;
  uint64_t serial_ = 0;
  bool has_control_ = false;
};

// Runs one until its time is over, a signal ends it, or its control does; reports to standard output.
void run_impair(const ImpairOptions& options);

}  // namespace eir::bench
