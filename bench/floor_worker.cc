#include "bench/floor_worker.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <exception>
#include <iterator>
#include <optional>
#include <utility>

#include "lib/base/packet.h"
#include "lib/transport/srtp_session.h"
#include "lib/transport/transmit_queue.h"
#include "server/media/udp_socket.h"

namespace eir::bench {
namespace {

constexpr size_t kPacketsMax = 1024;
constexpr size_t kQueueDatagrams = 2048;

SrtpKeys keys_from(uint8_t first) {
  SrtpKeys keys;
  keys.profile = SrtpProfile::kAeadAes128Gcm;
  for (size_t i = 0; i < keys.local.key.size(); ++i) keys.local.key[i] = static_cast<uint8_t>(first + i);
  for (size_t i = 0; i < keys.local.salt.size(); ++i) keys.local.salt[i] = static_cast<uint8_t>(first ^ i);
  keys.remote = keys.local;
  return keys;
}

class FloorWorker {
 public:
  explicit FloorWorker(FloorWorkerSetup setup)
      : setup_(std::move(setup)),
        pool_(kPacketsMax),
        receiver_(pool_),
        sender_({{setup_.udp.value(), AF_INET}}),
        queue_(kQueueDatagrams, kQueueDatagrams * Packet::kPayloadMax),
        inbound_(SrtpSession::inbound(floor_publisher_keys())) {
    constexpr std::array kSsrcs = {kFloorVideoSsrc, kFloorAudioSsrc};
    for (size_t i = 0; i < setup_.subscribers.size(); ++i) {
      outbound_.push_back(SrtpSession::outbound(floor_subscriber_keys(i), kSsrcs));
    }
  }

  void run() {
    setup_.engine.copy(report_.engine, sizeof report_.engine - 1);
    std::array<pollfd, 2> waits = {pollfd{setup_.udp.value(), POLLIN, 0}, pollfd{setup_.link.value(), POLLIN, 0}};
    while (true) {
      poll(waits.data(), waits.size(), -1);
      if (waits[0].revents != 0) forward();
      if (waits[1].revents != 0 && !answer()) return;
    }
  }

 private:
  void forward() {
    bool more = true;
    while (more) {
      const UdpReceiver::Batch batch = receiver_.receive(setup_.udp.value());
      more = batch.more;
      for (ReceivedDatagram& datagram : batch.datagrams) {
        size_t size = datagram.packet->size();
        const bool is_good = inbound_.unprotect_rtp(datagram.packet->bytes(), size) == SrtpStatus::kOk;
        datagram.packet->resize(is_good ? size : 0);
      }
      for (size_t i = 0; i < outbound_.size(); ++i) write(i, batch.datagrams);
      // A full socket buffer: the rest is dropped with the next batch, as loss.
      if (sender_.send(queue_) == SendOutcome::kBlocked) queue_.clear();
    }
  }

  // One key after the other, as the router has it, so that a key's schedule stays in the cache.
  void write(size_t subscriber, std::span<const ReceivedDatagram> datagrams) {
    const Path path{.socket = 0, .remote = setup_.subscribers[subscriber]};
    for (const ReceivedDatagram& datagram : datagrams) {
      const ByteView plain = std::as_const(*datagram.packet).bytes();
      const MutableBytes out = plain.empty() ? MutableBytes{} : queue_.reserve(TransmitKind::kVideo);
      if (out.empty()) continue;
      std::copy(plain.begin(), plain.end(), out.begin());
      size_t size = plain.size();
      if (!outbound_[subscriber].protect_rtp(out, size)) continue;
      queue_.commit(path, size, TransmitKind::kVideo);
      ++report_.forwarded;
    }
  }

  bool answer() {
    uint8_t byte = 0;
    if (read(setup_.link.value(), &byte, 1) != 1) return false;
    std::copy(sender_.counters().runs.begin(), sender_.counters().runs.end(), std::begin(report_.runs));
    return write_all();
  }
  bool write_all() const { return ::write(setup_.link.value(), &report_, sizeof report_) == sizeof report_; }

  FloorWorkerSetup setup_;
  PacketPool pool_;
  UdpReceiver receiver_;
  UdpSender sender_;
  TransmitQueue queue_;
  SrtpSession inbound_;
  std::vector<SrtpSession> outbound_;
  FloorReport report_;
};

}  // namespace

SrtpKeys floor_publisher_keys() { return keys_from(1); }
SrtpKeys floor_subscriber_keys(size_t subscriber) { return keys_from(static_cast<uint8_t>(2 + subscriber)); }

void run_floor_worker(FloorWorkerSetup setup) {
  try {
    FloorWorker(std::move(setup)).run();
  } catch (const std::exception&) {
    _exit(1);
  }
  _exit(0);
}

}  // namespace eir::bench
