#pragma once

#include <bit>
#include <cstddef>
#include <utility>
#include <vector>

#include "lib/base/check.h"

namespace eir {

// A FIFO of at most `capacity` elements in one allocation made at construction. push() on a full ring refuses: the
// caller counts the loss. T is default-constructible and movable; a popped place keeps a moved-from T until it is used
// again.
template <class T>
class Ring {
 public:
  explicit Ring(size_t capacity) : slots_(std::bit_ceil(capacity)), capacity_(capacity) { EIR_CHECK(capacity > 0); }

  bool push(T value) {
    if (size() == capacity_) return false;
    slots_[tail_++ & mask()] = std::move(value);
    return true;
  }
  T pop() {
    EIR_DCHECK(!empty());
    return std::exchange(slots_[head_++ & mask()], T{});
  }

  T& front() {
    EIR_DCHECK(!empty());
    return slots_[head_ & mask()];
  }
  // The i-th oldest.
  T& operator[](size_t i) {
    EIR_DCHECK(i < size());
    return slots_[(head_ + i) & mask()];
  }
  const T& operator[](size_t i) const {
    EIR_DCHECK(i < size());
    return slots_[(head_ + i) & mask()];
  }

  bool empty() const { return head_ == tail_; }
  size_t size() const { return tail_ - head_; }
  size_t capacity() const { return capacity_; }
  void clear() {
    while (!empty()) pop();
  }

 private:
  size_t mask() const { return slots_.size() - 1; }

  std::vector<T> slots_;
  size_t capacity_;
  size_t head_ = 0;
  size_t tail_ = 0;
};

}  // namespace eir
