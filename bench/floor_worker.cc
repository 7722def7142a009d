#include "bench/floor_worker.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <exception>
#include <iterator>
#include <utility>

#include "lib/base/bytes.h"
#include "lib/base/packet.h"
#include "lib/transport/srtp_session.h"
#include "lib/transport/transmit_queue.h"
#include "server/media/udp_sender.h"
#include "server/media/udp_socket.h"

namespace eir::bench {
namespace {

constexpr size_t kPacketsMax = 1024;
// As server/media/media_worker.cc has it.
constexpr size_t kQueueDatagrams = 2048;
constexpr size_t kQueueBytes = kQueueDatagrams * 1280;
// RFC 3550 section 5.1: where an RTP packet has its sequence number.
constexpr size_t kSequenceOffset = 2;

SrtpKeys keys_from(SrtpProfile profile, uint8_t first) {
  SrtpKeys keys;
  keys.profile = profile;
  for (size_t i = 0; i < srtp_key_size(profile); ++i) keys.local.key[i] = static_cast<uint8_t>(first + i);
  for (size_t i = 0; i < srtp_salt_size(profile); ++i) keys.local.salt[i] = static_cast<uint8_t>(first ^ i);
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
        queue_(kQueueDatagrams, kQueueBytes),
        inbound_(SrtpSession::inbound(floor_publisher_keys(setup_.srtp_profile))),
        size_out_(setup_.plan.bytes_out - floor_tag_size(setup_.srtp_profile)) {
    constexpr std::array kSsrcs = {kFloorSsrc};
    for (size_t i = 0; i < setup_.subscribers.size(); ++i) {
      subscribers_.push_back({{.socket = 0, .remote = setup_.subscribers[i]},
                              SrtpSession::outbound(floor_subscriber_keys(setup_.srtp_profile, i), kSsrcs)});
    }
  }

  void run() {
    std::array<pollfd, 2> waits = {pollfd{setup_.udp.value(), POLLIN, 0}, pollfd{setup_.link.value(), POLLIN, 0}};
    while (true) {
      poll(waits.data(), waits.size(), -1);
      if (waits[0].revents != 0) forward();
      if (waits[1].revents != 0 && !answer()) return;
    }
  }

 private:
  struct Subscriber {
    Path path;
    SrtpSession session;
    uint16_t sequence = 0;
  };

  void forward() {
    bool more = true;
    while (more) {
      const UdpReceiver::Batch batch = receiver_.receive(setup_.udp.value());
      more = batch.more;
      if (batch.datagrams.empty()) continue;
      for (ReceivedDatagram& datagram : batch.datagrams) {
        size_t size = datagram.packet->size();
        const bool is_good = inbound_.unprotect_rtp(datagram.packet->bytes(), size) == SrtpStatus::kOk;
        datagram.packet->resize(is_good ? size : 0);
      }
      ++report_.batches[size_class(batch.datagrams.size())];
      follow_plan(batch.datagrams);
    }
  }

  // What is sent does not depend on how the datagrams were divided into batches on their way here.
  void follow_plan(std::span<const ReceivedDatagram> datagrams) {
    for (ahead_ += datagrams.size(); ahead_ >= setup_.plan.batches[next_].datagrams;) {
      const FloorPlan::Batch& planned = setup_.plan.batches[next_];
      ahead_ -= planned.datagrams;
      next_ = (next_ + 1) % setup_.plan.batches.size();
      for (const uint16_t run : planned.runs) write_run(run, datagrams);
      send();
    }
  }

  void send() {
    // A full socket buffer: the rest is dropped, as loss.
    if (sender_.send(queue_) == SendOutcome::kBlocked) queue_.clear();
  }

  // One key for a whole run, as the router has it, so that its schedule stays in the cache.
  void write_run(size_t segments, std::span<const ReceivedDatagram> datagrams) {
    Subscriber& to = subscribers_[turn_ % subscribers_.size()];
    // Neighbours of different kinds are different messages, also where there is one destination.
    const TransmitKind kind = turn_ % 2 == 0 ? TransmitKind::kAudio : TransmitKind::kVideo;
    ++turn_;
    for (size_t i = 0; i < segments; ++i) {
      const ByteView plain = std::as_const(*datagrams[i % datagrams.size()].packet).bytes();
      MutableBytes out = queue_.reserve(kind);
      if (out.empty()) {
        send();
        out = queue_.reserve(kind);
      }
      if (plain.size() <= kSequenceOffset + sizeof to.sequence || out.size() < setup_.plan.bytes_out) continue;
      std::copy_n(plain.begin(), std::min(plain.size(), size_out_), out.begin());
      store_u16(out.data() + kSequenceOffset, to.sequence++);
      size_t size = size_out_;
      if (!to.session.protect_rtp(out, size)) continue;
      queue_.commit(to.path, size, kind);
      ++report_.forwarded;
    }
  }

  bool answer() {
    uint8_t byte = 0;
    if (read(setup_.link.value(), &byte, 1) != 1) return false;
    std::copy(sender_.counters().runs.begin(), sender_.counters().runs.end(), std::begin(report_.runs));
    report_.send_calls = sender_.counters().calls;
    return ::write(setup_.link.value(), &report_, sizeof report_) == sizeof report_;
  }

  FloorWorkerSetup setup_;
  PacketPool pool_;
  UdpReceiver receiver_;
  UdpSender sender_;
  TransmitQueue queue_;
  SrtpSession inbound_;
  size_t size_out_;  // before it is protected
  std::vector<Subscriber> subscribers_;
  size_t turn_ = 0;   // of the destinations
  size_t next_ = 0;   // batch of the plan
  size_t ahead_ = 0;  // datagrams that came and belong to that batch
  FloorReport report_;
};

}  // namespace

SrtpKeys floor_publisher_keys(SrtpProfile profile) { return keys_from(profile, 1); }
SrtpKeys floor_subscriber_keys(SrtpProfile profile, size_t subscriber) {
  return keys_from(profile, static_cast<uint8_t>(2 + subscriber));
}

// RFC 7714 section 13.1: 16 bytes; RFC 5764 section 4.1.2: 80 bits.
size_t floor_tag_size(SrtpProfile profile) { return profile == SrtpProfile::kAes128CmSha1_80 ? 10 : 16; }

void run_floor_worker(FloorWorkerSetup setup) {
  try {
    FloorWorker(std::move(setup)).run();
  } catch (const std::exception&) {
    _exit(1);
  }
  _exit(0);
}

}  // namespace eir::bench
