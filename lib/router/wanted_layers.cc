#include "lib/router/wanted_layers.h"

namespace eir {

bool WantedLayers::update(Timestamp now, uint8_t useful, uint8_t sending) {
  const auto unwanted = static_cast<uint8_t>(active_ & ~useful);
  if (unwanted != unwanted_) unwanted_since_ = now;
  unwanted_ = unwanted;
  const auto begun = static_cast<uint8_t>(useful & ~active_);
  const bool has_ended = unwanted != 0 && now >= unwanted_since_ + kUnwantedFor;
  if (has_ended) {
    active_ &= useful;
    unwanted_ = 0;
  }
  active_ |= begun;
  awaited_ = static_cast<uint8_t>((awaited_ | begun) & useful & ~sending);
  if (begun != 0) tells_left_ = kTellsMax;
  const bool is_missed = awaited_ != 0 && tells_left_ > 0 && now >= told_at_ + kTellAgain;
  if (begun == 0 && !has_ended && !is_missed) return false;
  if (awaited_ != 0) --tells_left_;
  told_at_ = now;
  return true;
}

}  // namespace eir
