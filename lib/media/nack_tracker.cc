#include "lib/media/nack_tracker.h"

#include <algorithm>

namespace eir {

void NackTracker::handle_packet(Timestamp now, int64_t sequence) {
  if (!newest_) {
    newest_ = sequence;
    return;
  }
  if (sequence <= *newest_) {
    remove(sequence);
    return;
  }
  if (sequence > *newest_ + 1) add_gap(now, *newest_ + 1, sequence);
  newest_ = sequence;
}

void NackTracker::add_gap(Timestamp now, int64_t first, int64_t end) {
  if (end - first > kGapMax) {
    ++counters_.overflows;
    clear();
    return;
  }
  if (size_ + static_cast<size_t>(end - first) > kMissingMax) {
    // Too much is gone to be asked for; what is newest is the likeliest to be still of use.
    ++counters_.overflows;
    clear();
    first = std::max(first, end - static_cast<int64_t>(kMissingMax));
  }
  for (int64_t sequence = first; sequence < end; ++sequence) {
    list_[size_++] = {.sequence = sequence, .since = now, .ask_at = now + kReorderTime, .tries = 0};
  }
  next_ask_ = std::min(next_ask_, now + kReorderTime);
}

void NackTracker::remove(int64_t sequence) {
  auto* const end = list_.data() + size_;
  auto* const it = std::lower_bound(list_.data(), end, sequence,
                                    [](const Missing& m, int64_t wanted) { return m.sequence < wanted; });
  if (it == end || it->sequence != sequence) return;
  ++counters_.recovered;
  std::move(it + 1, end, it);
  --size_;
  if (size_ == 0) next_ask_ = kNever;
}

void NackTracker::clear() {
  counters_.given_up += size_;
  size_ = 0;
  next_ask_ = kNever;
}

size_t NackTracker::collect(Timestamp now, Duration rtt, std::span<uint16_t> out) {
  if (now < next_ask_) return 0;
  const Duration repeat = std::max(rtt + kRepeatMargin, kRepeatMin);
  size_t written = 0;
  size_t kept = 0;
  next_ask_ = kNever;
  for (size_t i = 0; i < size_; ++i) {
    Missing& m = list_[i];
    if (m.tries >= kTriesMax || now - m.since >= kAgeMax) {
      ++counters_.given_up;
      continue;
    }
    if (now >= m.ask_at && written < out.size()) {
      out[written++] = static_cast<uint16_t>(m.sequence);
      m.ask_at = now + repeat;
      ++m.tries;
    }
    next_ask_ = std::min(next_ask_, m.ask_at);
    list_[kept++] = m;
  }
  size_ = kept;
  counters_.asked += written;
  return written;
}

}  // namespace eir
