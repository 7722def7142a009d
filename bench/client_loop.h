#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "lib/base/packet.h"
#include "lib/base/time.h"
#include "lib/client/client.h"
#include "lib/client/sim_link.h"
#include "server/channel/owned_fd.h"
#include "server/media/openssl_random.h"
#include "server/media/udp_socket.h"

namespace eir::bench {

Timestamp now();
// A non-blocking IPv4 UDP socket with large buffers. Throws std::system_error.
OwnedFd open_udp_socket(const SocketAddress& local, int buffer_bytes = 1 << 20);
// The port the kernel gave.
uint16_t port_of(int socket);

// How far one client came, and when; kNever: not yet. The first four are for the owner to note.
struct JoinTimes {
  Timestamp offered = kNever;
  Timestamp entered = kNever;
  Timestamp welcomed = kNever;
  Timestamp answered = kNever;
  Timestamp path_selected = kNever;
  Timestamp connected = kNever;
};

// Drives many lib/client peers over real UDP sockets, one each, in one thread. Owned by a scenario.
class ClientLoop {
 public:
  // Each client has an access line of its own, both ways like `line` (none: as the network is); `seed` repeats what it
  // loses.
  explicit ClientLoop(const DtlsContext& dtls, const std::optional<LinkCondition>& line = std::nullopt,
                      uint64_t seed = 1);
  ~ClientLoop();

  // Returns the client's number.
  size_t add(ClientOptions options);
  size_t size() const { return seats_.size(); }
  Client& client(size_t index) { return *seats_[index]->client; }
  JoinTimes& times(size_t index) { return seats_[index]->times; }
  // Why it ended; empty while it lives.
  const std::string& closed_reason(size_t index) const { return seats_[index]->closed; }
  // Key frames that the server asked this client for since the last call.
  uint32_t take_key_frame_requests(size_t index);
  // The client says good-bye and its socket is closed; what it counted stays.
  void remove(size_t index);
  bool is_removed(size_t index) const { return !seats_[index]->socket; }
  // After any verb of a client outside the loop: sends what it has, arms its timer.
  void settle(size_t index);
  // A datagram that somebody else made and encrypted, for this client's path.
  void send(size_t index, ByteView datagram);

  // Until `until`, or a little before: never waits longer than that.
  void run_until(Timestamp until);

  // How late timers were served since the last call: what this program had no time for.
  DurationHistogram take_lateness() { return std::exchange(lateness_, {}); }
  // Of a client's socket, as the kernel counts; all have the same. 0: there is none.
  int receive_buffer() const;
  // Datagrams that came when a client's receive buffer was full.
  uint64_t overflows() const;
  // Datagrams that the access lines dropped.
  uint64_t dropped_by_lines() const;

 private:
  static constexpr size_t kSendBatch = 32;
  struct Seat {
    explicit Seat(const LinkCondition& line) : up(line), down(line) {}
    std::unique_ptr<Client> client;
    OwnedFd socket;
    JoinTimes times;
    std::string closed;
    uint32_t key_frame_requests = 0;
    SimLink up;
    SimLink down;
    uint64_t overflows = 0;  // of the closed socket
  };
  // On an access line.
  struct Delayed {
    Timestamp at;
    uint64_t serial = 0;
    size_t seat = 0;
    bool is_outgoing = false;
    SocketAddress remote;
    std::vector<uint8_t> bytes;
    bool operator<(const Delayed& other) const { return at != other.at ? at > other.at : serial > other.serial; }
  };

  void wait(Timestamp until);
  void receive(size_t index);
  void send_due(size_t index);
  void send_through_line(size_t index);
  void delay(Delayed datagram);
  void deliver_due(Timestamp at);
  void take_events(size_t index);

  const DtlsContext& dtls_;
  OpensslRandom random_;
  PacketPool pool_;
  UdpReceiver receiver_;
  OwnedFd epoll_;
  std::optional<LinkCondition> line_;
  SeededRandom line_random_;
  std::vector<Delayed> delayed_;  // a heap
  uint64_t delayed_count_ = 0;
  DurationHistogram lateness_;
  std::vector<std::unique_ptr<Seat>> seats_;
  std::vector<Timestamp> due_;  // of each seat
  std::array<std::array<uint8_t, Client::kDatagramMax>, kSendBatch> buffers_;
};

}  // namespace eir::bench
