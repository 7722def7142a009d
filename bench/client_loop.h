#pragma once

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "lib/base/packet.h"
#include "lib/base/time.h"
#include "lib/client/client.h"
#include "server/channel/owned_fd.h"
#include "server/media/openssl_random.h"
#include "server/media/udp_socket.h"

namespace eir::bench {

Timestamp now();
// A non-blocking IPv4 UDP socket with large buffers. Throws std::system_error.
OwnedFd open_udp_socket(const SocketAddress& local);
// The port the kernel gave.
uint16_t port_of(int socket);

// How far one client came, and when; kNever: not yet.
struct JoinTimes {
  Timestamp offered = kNever;
  Timestamp answered = kNever;
  Timestamp path_selected = kNever;
  Timestamp connected = kNever;
};

// Drives many lib/client peers over real UDP sockets, one each, in one thread. Owned by a scenario.
class ClientLoop {
 public:
  explicit ClientLoop(const DtlsContext& dtls);
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
  // After any verb of a client outside the loop: sends what it has, arms its timer.
  void settle(size_t index);
  // A datagram that somebody else made and encrypted, for this client's path.
  void send(size_t index, ByteView datagram);

  // Until `until`, or a little before: never waits longer than that.
  void run_until(Timestamp until);

 private:
  static constexpr size_t kSendBatch = 32;
  struct Seat {
    std::unique_ptr<Client> client;
    OwnedFd socket;
    JoinTimes times;
    std::string closed;
    uint32_t key_frame_requests = 0;
  };

  void wait(Timestamp until);
  void receive(size_t index);
  void send_due(size_t index);
  void take_events(size_t index);

  const DtlsContext& dtls_;
  OpensslRandom random_;
  PacketPool pool_;
  UdpReceiver receiver_;
  OwnedFd epoll_;
  std::vector<std::unique_ptr<Seat>> seats_;
  std::vector<Timestamp> due_;  // of each seat
  std::array<std::array<uint8_t, Client::kDatagramMax>, kSendBatch> buffers_;
};

}  // namespace eir::bench
