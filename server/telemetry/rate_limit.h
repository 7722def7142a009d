#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "lib/base/time.h"

namespace eir {

// Token buckets, one per event name of the log, so that no storm of equal lines fills a disk. Time is an argument.
class EventRateLimit {
 public:
  // Names are written in the source and so bounded; beyond it all further names share one bucket.
  static constexpr size_t kEventsMax = 1024;
  // A storm is over, and its count is told, after this long without a line.
  static constexpr Duration kStormEnd = 1s;

  EventRateLimit(uint32_t burst, uint32_t per_second) : burst_(burst), per_second_(per_second) {}

  // The number of lines held back since the event's last one, if this line may be written; nothing if it may not.
  std::optional<uint64_t> admit(std::string_view event, Timestamp now);

  struct HeldBack {
    std::string event;
    uint64_t count = 0;
  };
  // Of storms that are over and were not told by a later line; each once.
  std::vector<HeldBack> take_held_back(Timestamp now);

 private:
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  struct Bucket {
    double tokens = 0;
    Timestamp filled;
    uint64_t suppressed = 0;
    Timestamp last_suppressed;
  };
  uint32_t burst_;
  uint32_t per_second_;
  std::unordered_map<std::string, Bucket, Hash, std::equal_to<>> buckets_;
};

}  // namespace eir
