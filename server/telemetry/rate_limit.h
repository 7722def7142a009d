#pragma once

#include <cstdint>
#include <optional>
#include <unordered_map>

#include "lib/base/time.h"

namespace eir {

// Token buckets, one per call site of the log, so that no storm of equal lines fills a disk. Time is an argument.
class SiteRateLimit {
 public:
  // Sites are places in the source and so bounded; this guards against a caller that invents them.
  static constexpr size_t kSitesMax = 4096;

  SiteRateLimit(uint32_t burst, uint32_t per_second) : burst_(burst), per_second_(per_second) {}

  // The number of lines held back since the site's last one, if this line may be written; nothing if it may not.
  std::optional<uint64_t> admit(uint64_t site, Timestamp now);

 private:
  struct Site {
    double tokens = 0;
    Timestamp filled;
    uint64_t suppressed = 0;
  };
  uint32_t burst_;
  uint32_t per_second_;
  std::unordered_map<uint64_t, Site> sites_;
};

}  // namespace eir
