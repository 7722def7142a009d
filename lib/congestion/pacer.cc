#include "lib/congestion/pacer.h"

#include <algorithm>

#include "lib/base/check.h"

namespace eir {

void Pacer::begin_probe(Timestamp now, const Probe& probe) {
  EIR_DCHECK(probe.rate.bps() > 0);
  probe_rate_ = probe.rate;
  probe_bytes_ = probe.bytes;
  probe_packets_ = probe.packets;
  free_at_ = now;
}

size_t Pacer::probe_padding() const {
  return std::clamp(probe_bytes_ / std::max<size_t>(probe_packets_, 1), kPaddingMin, kPaddingMax);
}

void Pacer::note_sent(Timestamp now, size_t bytes, bool is_audio) {
  const DataRate rate = is_probing() ? probe_rate_ : rate_;
  EIR_DCHECK(rate.bps() > 0);
  const auto price = rate.time_for(static_cast<int64_t>(bytes));
  // A probe gains nothing from the silence before it.
  const Duration credit =
      is_probing() ? Duration{} : std::max<Duration>(kBurst, rate.time_for(static_cast<int64_t>(kBurstBytes)));
  free_at_ = free_at_ < now - credit ? now - credit + price : free_at_ + price;
  if (is_audio) free_at_ = std::min(free_at_, now + kDebtMax);
  probe_bytes_ -= std::min(probe_bytes_, bytes);
  if (probe_packets_ > 0) --probe_packets_;
}

}  // namespace eir
