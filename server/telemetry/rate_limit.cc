#include "server/telemetry/rate_limit.h"

#include <algorithm>
#include <utility>

namespace eir {

std::optional<uint64_t> SiteRateLimit::admit(uint64_t site, Timestamp now) {
  // Beyond the limit all further sites share one bucket.
  if (sites_.size() >= kSitesMax && !sites_.contains(site)) site = 0;
  Site& state = sites_.try_emplace(site, Site{static_cast<double>(burst_), now, 0}).first->second;
  const double refill = to_seconds(now - state.filled) * per_second_;
  state.tokens = std::min(static_cast<double>(burst_), state.tokens + std::max(refill, 0.0));
  state.filled = now;
  if (state.tokens < 1) {
    ++state.suppressed;
    return std::nullopt;
  }
  state.tokens -= 1;
  return std::exchange(state.suppressed, 0);
}

}  // namespace eir
