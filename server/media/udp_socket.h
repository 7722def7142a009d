#pragma once

#include <sys/socket.h>
#include <time.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "lib/base/packet.h"
#include "lib/base/path.h"
#include "lib/base/time.h"
#include "server/media/native_address.h"
#include "server/media/size_class.h"

namespace eir {

struct UdpReceiveCounters {
  uint64_t calls = 0;                            // recvmmsg() that brought something
  uint64_t calls_empty = 0;                      // that found nothing
  std::array<uint64_t, kSizeClasses> batches{};  // the former by what they brought
  uint64_t datagrams = 0;                        // of them
  uint64_t bytes = 0;                            // payload of UDP
  uint64_t drop_truncated = 0;                   // longer than Packet::kPayloadMax
  uint64_t drop_no_packet = 0;                   // the pool was empty: read and thrown away
  uint64_t errors = 0;                           // failed calls; pending ICMP errors among them
};

struct ReceivedDatagram {
  PacketPtr packet;
  SocketAddress remote;
};

// Reads datagrams in batches, straight into pooled packets. One for all sockets of a worker; neither owns the sockets
// nor the pool, which outlives it. Allocates nothing but what the pool does.
class UdpReceiver {
 public:
  // More gains nothing (measured: 64 costs 890 ns a datagram, one at a time 1010), and it bounds what one flush sends.
  static constexpr size_t kBatch = 64;

  // What to read of each batch besides its datagrams.
  enum class Stamps : uint8_t {
    kNone,
    kOldest,  // the kernel's receive stamp of the first one; its sockets have SO_TIMESTAMPNS (socket(7))
  };
  explicit UdpReceiver(PacketPool& pool, Stamps stamps = Stamps::kNone);

  // One recvmmsg(). What came is valid until the next call; the caller may move the packets away. `more` says that the
  // socket had at least a whole batch, so that asking again is worthwhile.
  struct Batch {
    std::span<ReceivedDatagram> datagrams;
    bool more = false;
    Duration oldest{};  // CLOCK_REALTIME at which the kernel had the first one; 0: not known
  };
  Batch receive(int socket);

  const UdpReceiveCounters& counters() const { return counters_; }

 private:
  size_t refill();
  Batch discard(int socket);
  Duration oldest_stamp() const;

  PacketPool& pool_;
  UdpReceiveCounters counters_;
  std::array<PacketPtr, kBatch> packets_;
  std::array<NativeAddress, kBatch> addresses_{};
  std::array<iovec, kBatch> areas_{};
  std::array<mmsghdr, kBatch> headers_{};
  // Of the first header alone: a socket's queue is in the order of arrival. Empty without stamps.
  struct Control {
    alignas(cmsghdr) std::array<uint8_t, CMSG_SPACE(sizeof(timespec))> bytes;
  };
  Control control_{};
  bool has_stamps_ = false;
  std::array<ReceivedDatagram, kBatch> received_;
};

}  // namespace eir
