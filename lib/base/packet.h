#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "lib/base/bytes.h"

namespace eir {

class PacketPool;
struct ReturnToPool;

// One datagram in a fixed buffer. The buffer of a packet that allocate() gave has room to grow at both ends: a longer
// header in front, an authentication tag behind. That of a compact one holds what was copied there and little more.
// Owned by exactly one PacketPtr; the memory belongs to a PacketPool and goes back there.
class Packet {
 public:
  static constexpr size_t kHeadroom = 64;
  static constexpr size_t kTailroom = 32;      // SRTP tag of ≤16 bytes and SRTCP index of 4, rounded up
  static constexpr size_t kPayloadMax = 1500;  // one Ethernet frame; larger datagrams are dropped and counted
  static constexpr size_t kBufferBytes = kHeadroom + kPayloadMax + kTailroom;
  // Opus up to 80 kbit/s and G.711, 20 ms a packet, with headers and extensions.
  static constexpr size_t kCompactBytes = 256;

  Packet() = default;
  Packet(const Packet&) = delete;
  Packet& operator=(const Packet&) = delete;

  ByteView bytes() const { return {buffer_ + begin_, size_}; }
  MutableBytes bytes() { return {buffer_ + begin_, size_}; }
  uint8_t* data() { return buffer_ + begin_; }
  size_t size() const { return size_; }

  // Memory that the packet takes, whatever its size.
  size_t buffer_bytes() const { return buffer_bytes_; }

  // The next four not of a compact packet.
  // What a receive call may fill; follow with set_size().
  MutableBytes receive_area() { return {buffer_ + kHeadroom, kPayloadMax}; }
  // The packet becomes the first `size` bytes after the standard headroom.
  void set_size(size_t size);
  // Shortens or lengthens the end in place (after decryption, before a tag).
  void resize(size_t size);
  size_t tailroom() const { return size_t{buffer_bytes_} - begin_ - size_; }
  // Copies `bytes` in at the standard headroom; false and unchanged if they are longer than kPayloadMax.
  bool assign(ByteView bytes);

 private:
  friend class PacketPool;
  friend struct ReturnToPool;
  uint8_t* buffer_ = nullptr;
  PacketPool* pool_ = nullptr;
  uint16_t buffer_bytes_ = 0;
  uint16_t begin_ = kHeadroom;
  uint16_t size_ = 0;
};

struct ReturnToPool {
  void operator()(Packet* packet) const;
};
using PacketPtr = std::unique_ptr<Packet, ReturnToPool>;

// A bounded set of packets, of two sizes. Grows in blocks until `packets_max`, never shrinks, and allocates nothing
// once it has grown to what the traffic needs. Must outlive its packets (checked).
class PacketPool {
 public:
  static constexpr size_t kBlockPackets = 256;

  explicit PacketPool(size_t packets_max);
  ~PacketPool();
  PacketPool(const PacketPool&) = delete;
  PacketPool& operator=(const PacketPool&) = delete;

  // nullptr when packets_max are in use: the caller drops the oldest thing it holds, and counts.
  PacketPtr allocate();
  // The same bytes in a buffer of Packet::kCompactBytes if they fit there and the packet's pool can give one: sound
  // that waits in a history takes a sixth of the memory. Views of the former bytes are void.
  static PacketPtr compact(PacketPtr packet);

  size_t in_use() const { return in_use_; }
  size_t allocated() const { return (full_.blocks.size() + compact_.blocks.size()) * kBlockPackets; }
  size_t allocated_bytes() const { return full_.bytes() + compact_.bytes(); }

 private:
  friend struct ReturnToPool;
  struct Block {
    std::unique_ptr<uint8_t[]> bytes;
    std::unique_ptr<Packet[]> packets;
  };
  // All packets of one size.
  struct Shelf {
    size_t buffer_bytes;
    std::vector<Block> blocks{};
    std::vector<Packet*> free{};
    size_t bytes() const { return blocks.size() * kBlockPackets * (buffer_bytes + sizeof(Packet)); }
  };
  PacketPtr take(Shelf& shelf);
  void release(Packet* packet);
  void grow(Shelf& shelf);

  size_t packets_max_;
  size_t in_use_ = 0;
  Shelf full_{.buffer_bytes = Packet::kBufferBytes};
  Shelf compact_{.buffer_bytes = Packet::kCompactBytes};
};

}  // namespace eir
