#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "lib/base/bytes.h"
#include "lib/base/path.h"

namespace eir {

// What goes first when there is not room for all.
enum class TransmitKind : uint8_t { kControl, kAudio, kVideo };
inline constexpr size_t kTransmitKinds = 3;

// Encrypted datagrams on their way out, packed one behind the other so that neighbours with one destination and one
// size can leave as one GSO message. Owned by the worker's loop (or a test), filled by Router::flush(), emptied by
// whoever sends. Allocates only at construction.
class TransmitQueue {
 public:
  struct Datagram {
    Path path;
    uint32_t offset = 0;
    uint16_t size = 0;
    TransmitKind kind = TransmitKind::kControl;
  };

  // Room for every datagram's largest form while it is written; 1232 is the aim, a forwarded 1500 the exception.
  static constexpr size_t kDatagramMax = 1600;

  TransmitQueue(size_t datagrams_max, size_t bytes_max);

  // Where to write the next datagram: kDatagramMax bytes, or empty when the queue is full. While the socket is blocked
  // the last quarter is kept from video and the last sixteenth from audio.
  MutableBytes reserve(TransmitKind kind);
  // The first `size` bytes of what reserve() gave are a datagram to `path`.
  void commit(const Path& path, size_t size, TransmitKind kind);
  // reserve() and commit() of a copy; false if there is no room.
  bool push(const Path& path, ByteView bytes, TransmitKind kind);

  std::span<const Datagram> datagrams() const { return std::span(datagrams_).subspan(sent_); }
  ByteView bytes(const Datagram& d) const { return ByteView(bytes_).subspan(d.offset, d.size); }
  // The first `count` were sent. When all are, the queue is empty and its room is whole again.
  void pop(size_t count);
  void clear();
  bool empty() const { return sent_ == datagrams_.size(); }

  // The socket takes no more for now: what is queued stays, and what cannot be queued is dropped by its producer.
  void set_blocked(bool blocked) { is_blocked_ = blocked; }
  bool is_blocked() const { return is_blocked_; }

 private:
  std::vector<Datagram> datagrams_;
  std::vector<uint8_t> bytes_;
  size_t datagrams_max_;
  size_t sent_ = 0;
  size_t used_ = 0;
  bool is_blocked_ = false;
};

}  // namespace eir
