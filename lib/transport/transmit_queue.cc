#include "lib/transport/transmit_queue.h"

#include <cstring>

#include "lib/base/check.h"

namespace eir {

TransmitQueue::TransmitQueue(size_t datagrams_max, size_t bytes_max)
    : bytes_(bytes_max), datagrams_max_(datagrams_max) {
  EIR_CHECK(bytes_max >= kDatagramMax);
  datagrams_.reserve(datagrams_max);
}

MutableBytes TransmitQueue::reserve(TransmitKind kind) {
  size_t datagrams_max = datagrams_max_;
  size_t bytes_max = bytes_.size();
  if (is_blocked_ && kind != TransmitKind::kControl) {
    const size_t kept_part = kind == TransmitKind::kVideo ? 4 : 16;
    datagrams_max -= datagrams_max / kept_part;
    bytes_max -= bytes_max / kept_part;
  }
  if (datagrams_.size() >= datagrams_max || used_ + kDatagramMax > bytes_max) return {};
  return MutableBytes(bytes_).subspan(used_, kDatagramMax);
}

void TransmitQueue::commit(const Path& path, size_t size, TransmitKind kind) {
  EIR_DCHECK(size <= kDatagramMax && datagrams_.size() < datagrams_max_);
  datagrams_.push_back(
      {.path = path, .offset = static_cast<uint32_t>(used_), .size = static_cast<uint16_t>(size), .kind = kind});
  used_ += size;
}

bool TransmitQueue::push(const Path& path, ByteView bytes, TransmitKind kind) {
  const MutableBytes room = reserve(kind);
  if (room.size() < bytes.size()) return false;
  std::memcpy(room.data(), bytes.data(), bytes.size());
  commit(path, bytes.size(), kind);
  return true;
}

void TransmitQueue::pop(size_t count) {
  EIR_DCHECK(count <= datagrams_.size() - sent_);
  sent_ += count;
  if (empty()) clear();
}

void TransmitQueue::clear() {
  datagrams_.clear();
  sent_ = 0;
  used_ = 0;
}

}  // namespace eir
