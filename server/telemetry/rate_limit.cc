#include "server/telemetry/rate_limit.h"

#include <algorithm>
#include <utility>

namespace eir {
namespace {

constexpr std::string_view kOthers = "others";

}  // namespace

std::optional<uint64_t> EventRateLimit::admit(std::string_view event, Timestamp now) {
  auto found = buckets_.find(event);
  if (found == buckets_.end()) {
    const std::string_view name = buckets_.size() >= kEventsMax ? kOthers : event;
    found = buckets_.try_emplace(std::string(name), Bucket{static_cast<double>(burst_), now, 0, {}}).first;
  }
  Bucket& bucket = found->second;
  const double refill = to_seconds(now - bucket.filled) * per_second_;
  bucket.tokens = std::min(static_cast<double>(burst_), bucket.tokens + std::max(refill, 0.0));
  bucket.filled = now;
  if (bucket.tokens < 1) {
    ++bucket.suppressed;
    bucket.last_suppressed = now;
    return std::nullopt;
  }
  bucket.tokens -= 1;
  return std::exchange(bucket.suppressed, 0);
}

std::vector<EventRateLimit::HeldBack> EventRateLimit::take_held_back(Timestamp now) {
  std::vector<HeldBack> out;
  for (auto& [event, bucket] : buckets_) {
    if (bucket.suppressed == 0 || now - bucket.last_suppressed < kStormEnd) continue;
    out.push_back({event, std::exchange(bucket.suppressed, 0)});
  }
  return out;
}

}  // namespace eir
