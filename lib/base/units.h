#pragma once

#include <compare>
#include <cstdint>

#include "lib/base/time.h"

namespace eir {

// Bits per second.
class DataRate {
 public:
  constexpr DataRate() = default;
  static constexpr DataRate bps(int64_t value) { return DataRate(value); }
  static constexpr DataRate kbps(int64_t value) { return DataRate(value * 1000); }

  constexpr int64_t bps() const { return bps_; }
  constexpr auto operator<=>(const DataRate&) const = default;
  constexpr DataRate operator+(DataRate other) const { return DataRate(bps_ + other.bps_); }
  constexpr DataRate operator-(DataRate other) const { return DataRate(bps_ - other.bps_); }
  constexpr DataRate operator*(double factor) const {
    return DataRate(static_cast<int64_t>(static_cast<double>(bps_) * factor));
  }
  // Bytes that this rate carries in `d`.
  constexpr int64_t bytes_in(Duration d) const {
    return static_cast<int64_t>(static_cast<double>(bps_) * to_seconds(d) / 8.0);
  }
  // How long `bytes` take at this rate; the rate must not be zero.
  constexpr Duration time_for(int64_t bytes) const {
    return Duration(static_cast<int64_t>(static_cast<double>(bytes) * 8e9 / static_cast<double>(bps_)));
  }

 private:
  explicit constexpr DataRate(int64_t value) : bps_(value) {}
  int64_t bps_ = 0;
};

}  // namespace eir
