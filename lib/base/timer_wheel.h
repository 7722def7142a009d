#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "lib/base/check.h"
#include "lib/base/time.h"

namespace eir {

// Many deadlines, one timer: a wheel of 1 ms slots with intrusive lists, so that moving a deadline costs no allocation
// and no search. T derives from TimerWheel<T>::Node, which must leave the wheel before it dies (its destructor does). A
// deadline fires up to 1 ms late, never early; one beyond the wheel's turn waits in its last slot and is put in again.
template <class T>
class TimerWheel {
 public:
  static constexpr Duration kTick = 1ms;
  static constexpr size_t kSlots = 4096;

  class Node {
   public:
    Node() = default;
    Node(const Node&) = delete;
    Node& operator=(const Node&) = delete;
    ~Node() { unlink(); }
    Timestamp deadline() const { return deadline_; }

   private:
    friend class TimerWheel;
    void unlink() {
      if (prev_ == nullptr) return;
      prev_->next_ = next_;
      next_->prev_ = prev_;
      prev_ = next_ = nullptr;
    }
    Node* prev_ = nullptr;
    Node* next_ = nullptr;
    Timestamp deadline_ = kNever;
  };

  TimerWheel() {
    for (Node& head : heads_) head.prev_ = head.next_ = &head;
  }
  ~TimerWheel() {
    for (Node& head : heads_) {
      while (head.next_ != &head) head.next_->unlink();
      head.prev_ = head.next_ = nullptr;
    }
  }

  // Moves the node's deadline; kNever takes it out.
  void set(T& item, Timestamp deadline) {
    Node& node = item;
    if (node.deadline_ == deadline && (node.prev_ != nullptr || deadline == kNever)) return;
    node.unlink();
    node.deadline_ = deadline;
    if (deadline == kNever) return;
    const int64_t tick = std::min(std::max(tick_of(deadline), done_ + 1), done_ + static_cast<int64_t>(kSlots) - 1);
    Node& head = heads_[static_cast<size_t>(tick) % kSlots];
    node.prev_ = head.prev_;
    node.next_ = &head;
    head.prev_->next_ = &node;
    head.prev_ = &node;
    next_ = std::min(next_, tick);
  }

  // The next deadline, rounded up to the tick; kNever if there is none. May be early after a deadline was taken out.
  Timestamp next_timeout() {
    while (next_ < done_ + static_cast<int64_t>(kSlots)) {
      Node& head = heads_[static_cast<size_t>(next_) % kSlots];
      if (head.next_ != &head) return Timestamp(next_ * kTick);
      ++next_;
    }
    next_ = kNone;
    return kNever;
  }

  // Calls f(T&) for every item whose deadline has come; each is out of the wheel when f is called. f may set deadlines
  // of any item, and may destroy items.
  template <class F>
  void advance(Timestamp now, F&& f) {
    const int64_t until = now.time_since_epoch() / kTick;
    if (until - done_ > static_cast<int64_t>(kSlots)) done_ = until - static_cast<int64_t>(kSlots);
    while (done_ < until) {
      if (next_ > until) {
        done_ = until;
        return;
      }
      done_ = std::max(done_ + 1, std::min(next_, until));
      Node& head = heads_[static_cast<size_t>(done_) % kSlots];
      // Everything in the slot moves to a list of its own first: f may put items back into the same slot.
      Node due;
      due.prev_ = due.next_ = &due;
      if (head.next_ != &head) {
        due.next_ = head.next_;
        due.prev_ = head.prev_;
        due.next_->prev_ = due.prev_->next_ = &due;
        head.prev_ = head.next_ = &head;
      }
      next_ = done_ + 1;
      while (due.next_ != &due) {
        Node& node = *due.next_;
        node.unlink();
        const Timestamp deadline = node.deadline_;
        node.deadline_ = kNever;
        if (deadline > now) {
          set(static_cast<T&>(node), deadline);
        } else {
          f(static_cast<T&>(node));
        }
      }
      due.prev_ = due.next_ = nullptr;
    }
  }

 private:
  static constexpr int64_t kNone = std::numeric_limits<int64_t>::max();
  static int64_t tick_of(Timestamp t) { return (t.time_since_epoch() + kTick - Duration(1)) / kTick; }

  std::array<Node, kSlots> heads_;
  int64_t done_ = 0;      // the last tick whose slot was emptied
  int64_t next_ = kNone;  // no item stands in a slot before this tick
};

}  // namespace eir
