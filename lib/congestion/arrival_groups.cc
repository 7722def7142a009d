#include "lib/congestion/arrival_groups.h"

#include <algorithm>

namespace eir {

std::optional<ArrivalGroups::Delta> ArrivalGroups::add(Timestamp sent, Duration arrival, size_t bytes) {
  if (!current_) {
    current_ = Group{sent, sent, arrival, arrival, bytes};
    return std::nullopt;
  }
  if (sent < current_->first_sent) return std::nullopt;
  if (belongs(sent, arrival)) {
    current_->last_sent = std::max(current_->last_sent, sent);
    if (arrival >= current_->last_arrival) {
      current_->last_arrival = arrival;
      current_->last_bytes = bytes;
    }
    return std::nullopt;
  }
  std::optional<Delta> delta;
  if (previous_) {
    delta = Delta{.sent = current_->last_sent - previous_->last_sent,
                  .arrived = current_->last_arrival - previous_->last_arrival,
                  .sent_at = current_->last_sent,
                  .arrival = current_->last_arrival,
                  .bytes = current_->last_bytes};
  }
  previous_ = current_;
  current_ = Group{sent, sent, arrival, arrival, bytes};
  return delta;
}

bool ArrivalGroups::belongs(Timestamp sent, Duration arrival) const {
  if (sent - current_->first_sent <= kBurst) return true;
  const Duration gap = arrival - current_->last_arrival;
  const bool came_sooner = gap < sent - current_->last_sent;
  return came_sooner && gap <= kReleaseGap && arrival - current_->first_arrival < kReleaseMax;
}

}  // namespace eir
