#include "lib/congestion/acknowledged_rate.h"

#include <algorithm>

namespace eir {
namespace {

constexpr int64_t kCount = AcknowledgedRate::kBuckets;

// Rounds down for negative times, too.
int64_t bucket_of(Duration arrival) {
  const int64_t bucket = arrival / AcknowledgedRate::kBucket;
  return arrival < bucket * AcknowledgedRate::kBucket ? bucket - 1 : bucket;
}
size_t place(int64_t bucket) { return static_cast<size_t>(((bucket % kCount) + kCount) % kCount); }

}  // namespace

void AcknowledgedRate::add(Duration arrival, size_t bytes) {
  const int64_t bucket = bucket_of(arrival);
  if (!has_any_) {
    has_any_ = true;
    newest_ = oldest_ = bucket;
  }
  if (bucket - newest_ >= kCount) {
    bytes_.fill(0);
    newest_ = bucket;
  }
  while (newest_ < bucket) bytes_[place(++newest_)] = 0;
  if (bucket <= newest_ - kCount) return;
  bytes_[place(bucket)] += static_cast<uint32_t>(bytes);
}

std::optional<DataRate> AcknowledgedRate::over(Duration window) const {
  // The current bucket is not complete.
  const int64_t buckets = std::min<int64_t>(window / kBucket, kCount - 1);
  if (!has_any_ || buckets < 1 || newest_ - oldest_ < buckets) return std::nullopt;
  return DataRate::bps(static_cast<int64_t>(double(sum(buckets)) * 8 / to_seconds(buckets * kBucket)));
}

// Of so many complete buckets.
uint64_t AcknowledgedRate::sum(int64_t buckets) const {
  uint64_t sum = 0;
  for (int64_t i = 1; i <= buckets; ++i) sum += bytes_[place(newest_ - i)];
  return sum;
}

std::optional<DataRate> AcknowledgedRate::since(Duration since) const {
  if (!has_any_) return std::nullopt;
  const Duration span = (newest_ - bucket_of(since) - 1) * kBucket;
  if (span < kShortest) return std::nullopt;
  const Duration window = std::min(span, kWindow);
  if (window < kLongEnough && sum(window / kBucket) < kBytesMin) return std::nullopt;
  return over(window);
}

}  // namespace eir
