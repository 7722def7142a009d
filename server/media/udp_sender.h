#pragma once

#include <sys/socket.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "lib/transport/transmit_queue.h"
#include "server/config/config.h"
#include "server/media/native_address.h"
#include "server/media/size_class.h"

namespace eir {

struct UdpSendCounters {
  uint64_t calls = 0;                         // sendmmsg()
  uint64_t datagrams = 0;                     // taken by the kernel
  uint64_t bytes = 0;                         // their payload
  uint64_t gso_runs = 0;                      // messages of two datagrams or more
  std::array<uint64_t, kSizeClasses> runs{};  // messages by the number of their datagrams
  uint64_t gso_refused = 0;                   // runs that had to be sent as single datagrams
  uint64_t blocked = 0;                       // the socket buffer was full; the rest waits
  uint64_t drop_error = 0;                    // datagrams that the kernel refused: no route, firewall, too long
  uint64_t drop_no_socket = 0;                // paths that no UDP socket here can serve
};

// One socket as the sender needs it.
struct UdpSendSocket {
  int fd = -1;
  int family = AF_INET;
};

enum class SendOutcome : uint8_t { kDone, kBlocked };

inline constexpr Dscp kUnmarked{.audio = 0, .video = 0};

// Sends a TransmitQueue in its order by sendmmsg(), neighbours of one path, kind and size as one message with generic
// segmentation offload, each message with its kind's DSCP. Owned by the media loop; owns no socket. Allocates only at
// construction.
class UdpSender {
 public:
  static constexpr size_t kMessages = 64;

  explicit UdpSender(std::vector<UdpSendSocket> sockets, Dscp dscp = kUnmarked);

  // Until the queue is empty, or until a socket takes no more: then what is left stays in the queue, and
  // blocked_socket() is the one to wait for. One blocked socket holds back the others' datagrams too; all of them share
  // one host and its queues, so in practice they are full together.
  SendOutcome send(TransmitQueue& queue);
  size_t blocked_socket() const { return blocked_socket_; }

  const UdpSendCounters& counters() const { return counters_; }

 private:
  // Room for the two control messages that a message may need: the type of service, and UDP_SEGMENT.
  struct Control {
    alignas(cmsghdr) std::array<uint8_t, CMSG_SPACE(sizeof(int)) + CMSG_SPACE(sizeof(uint16_t))> bytes;
  };
  struct Message {
    NativeAddress address;
    Control control;
    iovec area;
    size_t datagrams;
  };

  size_t build(const TransmitQueue& queue, size_t socket);
  void write_control(msghdr& header, Control& control, int family, int type_of_service, uint16_t segment_size);
  // False: the socket is blocked.
  bool send_batch(TransmitQueue& queue, size_t socket, size_t messages);
  void note_sent(TransmitQueue& queue, size_t messages);
  void handle_error(TransmitQueue& queue, int error);

  bool takes_runs(const Path& path) const;
  void note_refuses_runs(const Path& path);

  std::vector<UdpSendSocket> sockets_;
  // The byte of IPv4's type of service and IPv6's traffic class by TransmitKind; 0 leaves what the socket has.
  std::array<int, kTransmitKinds> type_of_service_;
  size_t blocked_socket_ = 0;
  UdpSendCounters counters_;
  std::array<Message, kMessages> messages_{};
  std::array<mmsghdr, kMessages> headers_{};
  // Paths on which the kernel refused a run (a device without checksum offload, a tunnel with a small MTU), each at the
  // place of its hash. Two that share a place displace each other, which costs one failed call now and then.
  static constexpr size_t kRefusingPaths = 4096;
  std::vector<Path> refusing_;
  size_t refusing_count_ = 0;
};

}  // namespace eir
