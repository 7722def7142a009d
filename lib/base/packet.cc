#include "lib/base/packet.h"

#include <cstring>
#include <utility>

#include "lib/base/check.h"

namespace eir {

void Packet::set_size(size_t size) {
  EIR_DCHECK(size <= kPayloadMax && buffer_bytes_ == kBufferBytes);
  begin_ = kHeadroom;
  size_ = static_cast<uint16_t>(size);
}

void Packet::resize(size_t size) {
  EIR_DCHECK(size <= size_t{buffer_bytes_} - begin_);
  size_ = static_cast<uint16_t>(size);
}

bool Packet::assign(ByteView bytes) {
  if (bytes.size() > kPayloadMax) return false;
  if (!bytes.empty()) std::memcpy(buffer_ + kHeadroom, bytes.data(), bytes.size());
  set_size(bytes.size());
  return true;
}

void ReturnToPool::operator()(Packet* packet) const { packet->pool_->release(packet); }

PacketPool::PacketPool(size_t packets_max) : packets_max_(packets_max) {}

PacketPool::~PacketPool() { EIR_CHECK(in_use_ == 0); }

PacketPtr PacketPool::allocate() {
  PacketPtr packet = take(full_);
  if (packet != nullptr) packet->set_size(0);
  return packet;
}

PacketPtr PacketPool::take(Shelf& shelf) {
  if (in_use_ == packets_max_) return nullptr;
  if (shelf.free.empty()) grow(shelf);
  Packet* packet = shelf.free.back();
  shelf.free.pop_back();
  ++in_use_;
  return PacketPtr(packet);
}

void PacketPool::release(Packet* packet) {
  (packet->buffer_bytes_ == Packet::kBufferBytes ? full_ : compact_).free.push_back(packet);
  --in_use_;
}

void PacketPool::grow(Shelf& shelf) {
  // Reserve first, so that release() never allocates.
  shelf.blocks.reserve(shelf.blocks.size() + 1);
  shelf.free.reserve((shelf.blocks.size() + 1) * kBlockPackets);
  // Not zeroed: what no packet has needed yet takes no memory.
  Block block{.bytes = std::make_unique_for_overwrite<uint8_t[]>(kBlockPackets * shelf.buffer_bytes),
              .packets = std::make_unique<Packet[]>(kBlockPackets)};
  for (size_t i = kBlockPackets; i-- > 0;) {
    Packet& packet = block.packets[i];
    packet.pool_ = this;
    packet.buffer_ = &block.bytes[i * shelf.buffer_bytes];
    packet.buffer_bytes_ = static_cast<uint16_t>(shelf.buffer_bytes);
    shelf.free.push_back(&packet);
  }
  shelf.blocks.push_back(std::move(block));
}

PacketPtr PacketPool::compact(PacketPtr packet) {
  const ByteView bytes = std::as_const(*packet).bytes();
  if (bytes.size() > Packet::kCompactBytes || packet->buffer_bytes_ <= Packet::kCompactBytes) return packet;
  PacketPool& pool = *packet->pool_;
  PacketPtr small = pool.take(pool.compact_);
  if (small == nullptr) return packet;
  if (!bytes.empty()) std::memcpy(small->buffer_, bytes.data(), bytes.size());
  small->begin_ = 0;
  small->size_ = static_cast<uint16_t>(bytes.size());
  return small;
}

}  // namespace eir
