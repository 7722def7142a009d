#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "lib/base/packet.h"
#include "lib/base/time.h"
#include "lib/rtp/header_extensions.h"
#include "lib/rtp/payload_info.h"

namespace eir {

// One decrypted packet as it came in, with all that forwarding needs to know of it.
struct StoredPacket {
  int64_t sequence = -1;  // unwrapped; −1: the place is free
  uint64_t arrival_number = 0;
  Timestamp arrival;
  PacketPtr packet;  // null for a packet of padding alone: only its number is kept, so that slots close the gap
  uint32_t timestamp = 0;
  uint16_t payload_offset = 0;
  uint16_t payload_size = 0;
  bool marker = false;
  Duration pause{};  // the sender's RTP time had stood still for so long before this packet
  PayloadInfo info;
  HeaderExtensions extensions;  // its views point into `packet`

  bool is_padding() const { return packet == nullptr; }
  ByteView payload() const { return packet->bytes().subspan(payload_offset, payload_size); }
};

// The last packets of one received stream: a power-of-two ring indexed by sequence number, each hit verified against
// the stored number, and beside it the order in which they arrived, which every slot walks at its own pace. The ring
// begins small and doubles up to its limit when a packet would displace one younger than kAgeMax. Bounded by time, by
// number and by bytes. One per layer, shared by all receivers. Owned by a ReceiveStream.
class PacketHistory {
 public:
  // Longer than the NACK window of any receiver at 300 ms round trip.
  static constexpr Duration kAgeMax = 1500ms;
  static constexpr size_t kVideoPackets = 1024;  // 1.5 s of 7 Mbit/s
  static constexpr size_t kAudioPackets = 128;   // 1.5 s at 10 ms a packet, rounded down to a power of two: 1.28 s

  static constexpr size_t kFirstPackets = 64;  // room from the start: 1.28 s of sound of 20 ms a packet
  // Of the packets' buffers, not of their contents. 1.5 s of about 5 Mbit/s, and of the loudest sound.
  static constexpr size_t kVideoBytes = size_t{1280} << 10;
  static constexpr size_t kAudioBytes = size_t{128} << 10;

  struct Limits {
    size_t packets = kVideoPackets;  // a power of two
    size_t bytes = kVideoBytes;
  };

  explicit PacketHistory(const Limits& limits);

  // A cleared place for `sequence`, its sequence and arrival number filled in, which stays a packet of padding until
  // keep(); nullptr if it is older than the ring reaches or is there already. What stood in the place goes back to its
  // pool.
  StoredPacket* insert(Timestamp now, int64_t sequence);
  // Gives what insert() returned last its bytes. Above the limit of bytes the oldest packets go before their time.
  void keep(StoredPacket& stored, PacketPtr packet);
  // Whether the packet (or its padding) came and is still here.
  const StoredPacket* find(int64_t sequence) const;
  bool contains(int64_t sequence) const { return find(sequence) != nullptr; }

  // Number that the next arrival will get; arrivals are numbered from 0.
  uint64_t arrivals() const { return arrivals_; }
  // The n-th arrival; nullptr if it is not here any more.
  const StoredPacket* arrival(uint64_t number) const;
  // The oldest number that arrival() may still answer.
  uint64_t oldest_arrival() const { return std::max(displaced_, arrivals_ > capacity() ? arrivals_ - capacity() : 0); }

  // The highest sequence number so far; −1 before the first.
  int64_t newest() const { return newest_; }

  // Gives back the buffers of packets older than kAgeMax.
  void expire(Timestamp now);
  size_t capacity() const { return ring_.size(); }
  // Held now.
  size_t bytes() const { return bytes_; }
  // Packets given back before kAgeMax for want of bytes, or of a place.
  uint64_t dropped_early() const { return dropped_early_; }

 private:
  bool would_displace(Timestamp now, int64_t sequence) const;
  void grow();
  void release(StoredPacket& stored);
  StoredPacket& place(int64_t sequence) { return ring_[static_cast<size_t>(sequence) & (ring_.size() - 1)]; }
  const StoredPacket& place(int64_t sequence) const {
    return ring_[static_cast<size_t>(sequence) & (ring_.size() - 1)];
  }

  Limits limits_;
  std::vector<StoredPacket> ring_;
  std::vector<int64_t> order_;  // arrival number modulo capacity → sequence
  uint64_t arrivals_ = 0;
  uint64_t expired_ = 0;    // arrivals below this number hold no buffer
  uint64_t displaced_ = 0;  // arrivals below this number were overwritten in a smaller ring
  int64_t newest_ = -1;
  size_t bytes_ = 0;
  uint64_t dropped_early_ = 0;
};

}  // namespace eir
