#include "lib/base/packet.h"

#include <cstring>

#include "lib/base/check.h"

namespace eir {

void Packet::set_size(size_t size) {
  EIR_DCHECK(size <= kPayloadMax);
  begin_ = kHeadroom;
  size_ = static_cast<uint16_t>(size);
}

void Packet::resize(size_t size) {
  EIR_DCHECK(size <= buffer_.size() - begin_);
  size_ = static_cast<uint16_t>(size);
}

bool Packet::assign(ByteView bytes) {
  if (bytes.size() > kPayloadMax) return false;
  if (!bytes.empty()) std::memcpy(buffer_.data() + kHeadroom, bytes.data(), bytes.size());
  set_size(bytes.size());
  return true;
}

void ReturnToPool::operator()(Packet* packet) const { packet->pool_->release(packet); }

PacketPool::PacketPool(size_t packets_max) : packets_max_(packets_max) {}

PacketPool::~PacketPool() { EIR_CHECK(in_use_ == 0); }

PacketPtr PacketPool::allocate() {
  if (in_use_ == packets_max_) return nullptr;
  if (free_.empty()) grow();
  Packet* packet = free_.back();
  free_.pop_back();
  ++in_use_;
  packet->set_size(0);
  return PacketPtr(packet);
}

void PacketPool::release(Packet* packet) {
  free_.push_back(packet);
  --in_use_;
}

void PacketPool::grow() {
  // Reserve first, so that release() never allocates.
  blocks_.reserve(blocks_.size() + 1);
  free_.reserve((blocks_.size() + 1) * kBlockPackets);
  auto block = std::make_unique<Packet[]>(kBlockPackets);
  for (size_t i = kBlockPackets; i-- > 0;) {
    block[i].pool_ = this;
    free_.push_back(&block[i]);
  }
  blocks_.push_back(std::move(block));
}

}  // namespace eir
