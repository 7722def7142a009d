#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "lib/base/time.h"
#include "lib/base/units.h"

namespace eir {

// The rate at which bytes arrive, by the receiver's clock (R_hat of draft-ietf-rmcat-gcc-02 section 5.5; the draft
// takes windows of 0.5 to 1 s, this one any up to kSpan). Owned by a BandwidthEstimator.
class AcknowledgedRate {
 public:
  static constexpr Duration kBucket = 10ms;
  static constexpr size_t kBuckets = 128;
  static constexpr Duration kWindow = 500ms;  // fifteen frames: one large one does not move it much
  // since() wants so much time, and so many bytes or a longer time: else single packets decide.
  static constexpr Duration kShortest = 40ms;
  static constexpr size_t kBytesMin = size_t{5} * 1200;
  static constexpr Duration kLongEnough = 250ms;

  void add(Duration arrival, size_t bytes);
  // Over the last `window`; nothing before there has been so much time.
  std::optional<DataRate> over(Duration window) const;
  std::optional<DataRate> rate() const { return over(kWindow); }
  // From `since` to the last arrival, at most over kWindow: while the line has been busy that long, what it carries of
  // this flow.
  std::optional<DataRate> since(Duration since) const;
  void reset() { *this = {}; }

 private:
  uint64_t sum(int64_t buckets) const;

  std::array<uint32_t, kBuckets> bytes_{};
  int64_t newest_ = 0;  // bucket number of the last arrival
  int64_t oldest_ = 0;
  bool has_any_ = false;
};

}  // namespace eir
