#include "server/media/turn_spacing.h"

namespace eir {

void TurnSpacing::note_turn(Timestamp begin, size_t datagrams) {
  last_ = begin;
  const Duration age = begin - window_begin_;
  if (age >= kWindow) {
    // After a silence the counts say nothing about now.
    is_dense_ = age < 2 * kWindow && (is_dense_ ? datagrams_ : turns_) >= kDense;
    window_begin_ = begin;
    turns_ = datagrams_ = 0;
  }
  ++turns_;
  datagrams_ += datagrams;
}

}  // namespace eir
