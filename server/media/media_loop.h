#pragma once

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <optional>
#include <vector>

#include "lib/base/packet.h"
#include "lib/router/router.h"
#include "server/channel/owned_fd.h"
#include "server/media/added_delay.h"
#include "server/media/turn_spacing.h"
#include "server/media/udp_sender.h"
#include "server/media/udp_socket.h"
#include "server/media/worker_counters.h"

namespace eir {

// Who hears what the router tells. Called between batches.
class RouterEventListener {
 public:
  virtual ~RouterEventListener() = default;
  virtual void on_router_event(const RouterEvent& event) = 0;
};

// The packet path's half of a worker: waits for datagrams and for the router's timer, and after every batch flushes,
// sends, drains events and arms the timer again; under load it rests between turns (TurnSpacing). One thread. Owns the
// sockets; router, pool, queue and listener outlive it.
class MediaLoop {
 public:
  // A turn takes at most this many batches from one socket, so that the other sockets, control and timers get theirs.
  static constexpr size_t kBatchesPerTurn = 16;

  struct Parts {
    Router& router;
    PacketPool& pool;
    TransmitQueue& queue;
    RouterEventListener& events;
    Dscp dscp = kUnmarked;
    bool measures_delay = false;  // see added_delay.h
  };
  // The sockets' order is that of Path::socket.
  // Throws std::system_error if a socket gives no receive stamps where they are wanted.
  MediaLoop(boost::asio::io_context& io, std::vector<OwnedFd> sockets, const Parts& parts);

  void start();
  // The step after every batch of mutations, packets or control verbs.
  void settle(Timestamp now);
  static Timestamp now();

  const LoopCounters& counters() const { return counters_; }
  const UdpReceiveCounters& receive_counters() const { return receiver_.counters(); }
  const UdpSendCounters& send_counters() const { return sender_.counters(); }
  // Null if it is not measured.
  const DelayHistogram* added_delay() const { return delay_ ? &delay_->histogram() : nullptr; }

 private:
  using Descriptor = boost::asio::posix::stream_descriptor;

  void wait_readable(uint32_t socket);
  void handle_readable(uint32_t socket);
  void rest_later();
  void flush(Timestamp now);
  void send();
  void handle_writable();
  void arm();
  void handle_timer();

  boost::asio::io_context& io_;
  Parts parts_;
  std::vector<Descriptor> sockets_;
  UdpReceiver receiver_;
  UdpSender sender_;
  boost::asio::steady_timer timer_;
  Timestamp armed_for_ = kNever;
  TurnSpacing spacing_;
  bool will_rest_ = false;
  LoopCounters counters_;
  std::optional<AddedDelay> delay_;
};

}  // namespace eir
