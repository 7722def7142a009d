#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "lib/base/bytes.h"

namespace eir {

class PacketPool;
struct ReturnToPool;

// One datagram in a fixed buffer with room to grow at both ends: a longer header in front, an authentication tag
// behind. Owned by exactly one PacketPtr; the memory belongs to a PacketPool and goes back there.
class Packet {
 public:
  static constexpr size_t kHeadroom = 64;
  static constexpr size_t kTailroom = 32;      // SRTP tag of ≤16 bytes and SRTCP index of 4, rounded up
  static constexpr size_t kPayloadMax = 1500;  // one Ethernet frame; larger datagrams are dropped and counted

  Packet() = default;
  Packet(const Packet&) = delete;
  Packet& operator=(const Packet&) = delete;

  ByteView bytes() const { return {buffer_.data() + begin_, size_}; }
  MutableBytes bytes() { return {buffer_.data() + begin_, size_}; }
  uint8_t* data() { return buffer_.data() + begin_; }
  size_t size() const { return size_; }

  // What a receive call may fill; follow with set_size().
  MutableBytes receive_area() { return {buffer_.data() + kHeadroom, kPayloadMax}; }
  // The packet becomes the first `size` bytes after the standard headroom.
  void set_size(size_t size);
  // Shortens or lengthens the end in place (after decryption, before a tag).
  void resize(size_t size);
  size_t tailroom() const { return buffer_.size() - begin_ - size_; }
  // Copies `bytes` in at the standard headroom; false and unchanged if they are longer than kPayloadMax.
  bool assign(ByteView bytes);

 private:
  friend class PacketPool;
  friend struct ReturnToPool;
  std::array<uint8_t, kHeadroom + kPayloadMax + kTailroom> buffer_;
  uint16_t begin_ = kHeadroom;
  uint16_t size_ = 0;
  PacketPool* pool_ = nullptr;
};

struct ReturnToPool {
  void operator()(Packet* packet) const;
};
using PacketPtr = std::unique_ptr<Packet, ReturnToPool>;

// A bounded set of packets. Grows in blocks until `packets_max`, never shrinks, and allocates nothing once it has grown
// to what the traffic needs. Must outlive its packets (checked).
class PacketPool {
 public:
  static constexpr size_t kBlockPackets = 256;

  explicit PacketPool(size_t packets_max);
  ~PacketPool();
  PacketPool(const PacketPool&) = delete;
  PacketPool& operator=(const PacketPool&) = delete;

  // nullptr when packets_max are in use: the caller drops the oldest thing it holds, and counts.
  PacketPtr allocate();

  size_t in_use() const { return in_use_; }
  size_t allocated() const { return blocks_.size() * kBlockPackets; }

 private:
  friend struct ReturnToPool;
  void release(Packet* packet);
  void grow();

  size_t packets_max_;
  size_t in_use_ = 0;
  std::vector<std::unique_ptr<Packet[]>> blocks_;
  std::vector<Packet*> free_;
};

}  // namespace eir
