#include "lib/media/packet_history.h"

#include <algorithm>
#include <bit>

#include "lib/base/check.h"

namespace eir {

PacketHistory::PacketHistory(size_t capacity) : ring_(capacity), order_(capacity) {
  EIR_CHECK(std::has_single_bit(capacity));
}

StoredPacket* PacketHistory::insert(Timestamp now, int64_t sequence) {
  EIR_DCHECK(sequence >= 0);
  if (sequence <= newest_ - static_cast<int64_t>(capacity())) return nullptr;
  StoredPacket& stored = place(sequence);
  if (stored.sequence == sequence) return nullptr;
  stored = StoredPacket{};
  stored.sequence = sequence;
  stored.arrival = now;
  stored.arrival_number = arrivals_;
  order_[arrivals_ & (capacity() - 1)] = sequence;
  ++arrivals_;
  newest_ = std::max(newest_, sequence);
  return &stored;
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
    stored.packet.reset();
    stored.sequence = -1;
  }
}

}  // namespace eir
