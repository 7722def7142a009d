#pragma once

#include <algorithm>
#include <string>
#include <unordered_map>

#include "lib/base/time.h"

namespace eir {

// A token bucket: `per_second` in the long run, `burst` at once.
class RateLimit {
 public:
  RateLimit(double per_second, double burst) : per_second_(per_second), burst_(burst), tokens_(burst) {}

  bool allow(Timestamp now) {
    tokens_ = tokens_at(now);
    filled_at_ = std::max(filled_at_, now);
    if (tokens_ < 1) return false;
    tokens_ -= 1;
    return true;
  }
  bool is_full(Timestamp now) const { return tokens_at(now) >= burst_; }
  bool is_empty(Timestamp now) const { return tokens_at(now) < 1; }

 private:
  double tokens_at(Timestamp now) const {
    if (now <= filled_at_) return tokens_;
    return std::min(burst_, tokens_ + to_seconds(now - filled_at_) * per_second_);
  }

  double per_second_;
  double burst_;
  double tokens_;
  Timestamp filled_at_{};
};

// One bucket per source address, for a bounded number of sources; beyond it new sources share one bucket.
class SourceLimit {
 public:
  static constexpr size_t kSourcesMax = 10'000;

  explicit SourceLimit(uint32_t per_minute) : per_minute_(per_minute), overflow_(make()) {}

  bool is_empty(const std::string& source, Timestamp now) { return bucket(source, now).is_empty(now); }
  void charge(const std::string& source, Timestamp now) { bucket(source, now).allow(now); }

 private:
  RateLimit make() const { return {per_minute_ / 60.0, static_cast<double>(per_minute_)}; }
  RateLimit& bucket(const std::string& source, Timestamp now) {
    if (const auto found = sources_.find(source); found != sources_.end()) return found->second;
    if (sources_.size() >= kSourcesMax)
      std::erase_if(sources_, [now](const auto& entry) { return entry.second.is_full(now); });
    if (sources_.size() >= kSourcesMax) return overflow_;
    return sources_.emplace(source, make()).first->second;
  }

  uint32_t per_minute_;
  RateLimit overflow_;
  std::unordered_map<std::string, RateLimit> sources_;
};

}  // namespace eir
