#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "lib/base/time.h"
#include "lib/base/units.h"

namespace eir {

// What one stream sends, temporal layer by temporal layer, over the last two seconds: an encoder spends less for a
// while after the burst of a key frame, and a shorter window would call each of them another rate. Counting is a few
// additions; the rest is done when a sample is taken, some times a second. Owned by a ReceiveStream.
class RateMeter {
 public:
  static constexpr size_t kTemporalMax = 4;  // higher ones count as the fourth
  static constexpr Duration kWindow = 2s;
  static constexpr Duration kSampleMin = 200ms;
  // What began less than this ago is taken as if it had sent nothing before: its first key frame is no rate.
  static constexpr Duration kSpanMin = 1s;
  // RTP header, extensions and tag, UDP and IPv4 headers: what a slot spends on a packet beside its payload.
  static constexpr size_t kHeadersBytes = 88;

  struct Part {
    DataRate rate;
    double frames_per_second = 0.0;
  };
  struct Rates {
    uint8_t temporal_layers = 0;             // 0: nothing was sent within the window
    std::array<Part, kTemporalMax> up_to{};  // with all layers up to and with this one
  };

  void count(uint8_t temporal_layer, size_t payload_bytes, bool begins_frame) {
    const size_t layer = temporal_layer < kTemporalMax ? temporal_layer : kTemporalMax - 1;
    counts_.bytes[layer] += payload_bytes + kHeadersBytes;
    if (begins_frame) ++counts_.frames[layer];
  }

  // As of the last sample; takes one if that is kSampleMin ago. Time before the first call is not known of.
  const Rates& rates(Timestamp now);

 private:
  struct Counts {
    std::array<uint64_t, kTemporalMax> bytes{};
    std::array<uint64_t, kTemporalMax> frames{};
  };
  struct Sample {
    Timestamp at;
    Counts counts;
  };
  // Enough for kWindow of samples kSampleMin apart.
  static constexpr size_t kSamplesMax = kWindow / kSampleMin + 1;

  const Sample& sample(size_t age) const { return samples_[(count_ - 1 - age) % kSamplesMax]; }
  void compute();

  Counts counts_;
  std::array<Sample, kSamplesMax> samples_{};
  size_t count_ = 0;  // of samples since the beginning
  Rates rates_;
};

}  // namespace eir
