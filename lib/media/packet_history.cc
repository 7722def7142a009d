#include "lib/media/packet_history.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "lib/base/check.h"

namespace eir {

PacketHistory::PacketHistory(const Limits& limits)
    : limits_(limits), ring_(std::min(limits.packets, kFirstPackets)), order_(ring_.size()) {
  EIR_CHECK(std::has_single_bit(limits.packets));
}

StoredPacket* PacketHistory::insert(Timestamp now, int64_t sequence) {
  EIR_DCHECK(sequence >= 0);
  if (place(sequence).sequence == sequence) return nullptr;
  while (capacity() < limits_.packets && would_displace(now, sequence)) grow();
  if (sequence <= newest_ - static_cast<int64_t>(capacity())) return nullptr;
  StoredPacket& stored = place(sequence);
  if (stored.packet != nullptr && now - stored.arrival < kAgeMax) ++dropped_early_;
  release(stored);
  stored = StoredPacket{};
  stored.sequence = sequence;
  stored.arrival = now;
  stored.arrival_number = arrivals_;
  order_[arrivals_ & (capacity() - 1)] = sequence;
  ++arrivals_;
  newest_ = std::max(newest_, sequence);
  return &stored;
}

void PacketHistory::keep(StoredPacket& stored, PacketPtr packet) {
  bytes_ += packet->buffer_bytes();
  stored.packet = std::move(packet);
  expired_ = std::max(expired_, oldest_arrival());
  for (; bytes_ > limits_.bytes && expired_ < stored.arrival_number; ++expired_) {
    StoredPacket& oldest = place(order_[expired_ & (capacity() - 1)]);
    if (oldest.arrival_number != expired_) continue;
    if (oldest.packet != nullptr) ++dropped_early_;
    release(oldest);
    oldest.sequence = -1;
  }
}

// Whether the packet finds no place behind the newest, or only one that somebody may still ask for. The order of
// arrival counts as well: with duplicates of old numbers gone, it can be full before the ring is.
bool PacketHistory::would_displace(Timestamp now, int64_t sequence) const {
  if (newest_ < 0) return false;
  if (sequence <= newest_ - static_cast<int64_t>(capacity())) return true;
  const auto is_live = [&](const StoredPacket& stored) {
    return stored.sequence >= 0 && now - stored.arrival < kAgeMax;
  };
  if (is_live(place(sequence))) return true;
  if (arrivals_ < capacity()) return false;
  const StoredPacket* const oldest = arrival(oldest_arrival());
  return oldest != nullptr && is_live(*oldest);
}

void PacketHistory::grow() {
  displaced_ = oldest_arrival();
  std::vector<StoredPacket> former(2 * ring_.size());
  former.swap(ring_);
  for (StoredPacket& stored : former) {
    if (stored.sequence >= 0) place(stored.sequence) = std::move(stored);
  }
  std::vector<int64_t> order(ring_.size());
  for (uint64_t number = displaced_; number < arrivals_; ++number) {
    order[number & (order.size() - 1)] = order_[number & (order_.size() - 1)];
  }
  order_ = std::move(order);
}

void PacketHistory::release(StoredPacket& stored) {
  if (stored.packet == nullptr) return;
  bytes_ -= stored.packet->buffer_bytes();
  stored.packet.reset();
}

const StoredPacket* PacketHistory::find(int64_t sequence) const {
  if (sequence < 0) return nullptr;
  const StoredPacket& stored = place(sequence);
  return stored.sequence == sequence ? &stored : nullptr;
}

const StoredPacket* PacketHistory::arrival(uint64_t number) const {
  if (number >= arrivals_ || number < oldest_arrival()) return nullptr;
  const StoredPacket* stored = find(order_[number & (capacity() - 1)]);
  return stored != nullptr && stored->arrival_number == number ? stored : nullptr;
}

void PacketHistory::expire(Timestamp now) {
  expired_ = std::max(expired_, oldest_arrival());
  for (; expired_ < arrivals_; ++expired_) {
    StoredPacket& stored = place(order_[expired_ & (capacity() - 1)]);
    if (stored.arrival_number != expired_) continue;
    if (now - stored.arrival < kAgeMax) return;
    release(stored);
    stored.sequence = -1;
  }
}

}  // namespace eir
