#include "lib/media/rate_meter.h"

#include <algorithm>

namespace eir {

const RateMeter::Rates& RateMeter::rates(Timestamp now) {
  if (count_ == 0) {
    // What came before counts as come since: a stream is asked about soon after it began.
    samples_[count_++] = {.at = now, .counts = {}};
    return rates_;
  }
  if (now - sample(0).at < kSampleMin) return rates_;
  ++count_;
  samples_[(count_ - 1) % kSamplesMax] = {.at = now, .counts = counts_};
  compute();
  return rates_;
}

void RateMeter::compute() {
  const Sample& newest = sample(0);
  size_t age = 1;
  while (age + 1 < std::min(count_, kSamplesMax) && newest.at - sample(age).at < kWindow) ++age;
  const Sample& oldest = sample(age);
  const double seconds = to_seconds(std::max<Duration>(newest.at - oldest.at, kSpanMin));
  rates_ = {};
  double bits = 0;
  double frames = 0;
  for (size_t layer = 0; layer < kTemporalMax; ++layer) {
    const uint64_t bytes = newest.counts.bytes[layer] - oldest.counts.bytes[layer];
    bits += 8.0 * static_cast<double>(bytes);
    frames += static_cast<double>(newest.counts.frames[layer] - oldest.counts.frames[layer]);
    rates_.up_to[layer] = {.rate = DataRate::bps(static_cast<int64_t>(bits / seconds)),
                           .frames_per_second = frames / seconds};
    if (bytes > 0) rates_.temporal_layers = static_cast<uint8_t>(layer + 1);
  }
}

}  // namespace eir
