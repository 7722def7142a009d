#pragma once

#include <chrono>
#include <cstdint>

namespace eir {

// Eir's monotonic time. lib/ never reads a clock: a Timestamp is always an argument, and never goes back. The type has
// no now() on purpose.
struct EirClock {
  using rep = int64_t;
  using period = std::nano;
  using duration = std::chrono::nanoseconds;
  using time_point = std::chrono::time_point<EirClock, duration>;
  static constexpr bool is_steady = true;
};

using Duration = std::chrono::nanoseconds;
using Timestamp = EirClock::time_point;

using namespace std::chrono_literals;

// Later than everything: "no timeout is pending".
inline constexpr Timestamp kNever = Timestamp::max();

constexpr int64_t to_us(Duration d) { return std::chrono::duration_cast<std::chrono::microseconds>(d).count(); }
constexpr int64_t to_ms(Duration d) { return std::chrono::duration_cast<std::chrono::milliseconds>(d).count(); }
constexpr double to_seconds(Duration d) { return std::chrono::duration<double>(d).count(); }

// A 64-bit NTP time (RFC 5905 section 6): seconds since 1900 in the upper half, 2^-32 s in the lower.
struct NtpTime {
  uint64_t value = 0;

  constexpr uint32_t seconds() const { return static_cast<uint32_t>(value >> 32); }
  constexpr uint32_t fraction() const { return static_cast<uint32_t>(value); }
  // The middle 32 bits, as LSR and DLRR carry them (RFC 3550 section 6.4.1); unit 1/65536 s.
  constexpr uint32_t compact() const { return static_cast<uint32_t>(value >> 16); }
  constexpr bool operator==(const NtpTime&) const = default;
};

// The signed distance a − b. Right while the two lie within 34 years of each other: as long as the wrap of 2036 is
// crossed by one of them only, the difference of the 64-bit values still has the right sign.
constexpr Duration ntp_difference(NtpTime a, NtpTime b) {
  const auto delta = static_cast<int64_t>(a.value - b.value);
  const int64_t seconds = delta >> 32;
  const auto fraction = static_cast<uint64_t>(delta & 0xffffffff);
  return std::chrono::seconds(seconds) + Duration(static_cast<int64_t>((fraction * 1'000'000'000U) >> 32));
}

constexpr NtpTime ntp_add(NtpTime time, Duration d) {
  const int64_t whole = d.count() / 1'000'000'000;
  const int64_t rest = d.count() % 1'000'000'000;  // has the sign of d
  const int64_t fraction = rest * 4'294'967'296 / 1'000'000'000;
  return {time.value + (static_cast<uint64_t>(whole) << 32) + static_cast<uint64_t>(fraction)};
}

// Eir's monotonic clock written as an NTP time. RFC 3550 section 6.4.1 allows any clock whose differences are right;
// the offset of one NTP day-count keeps the value away from 0, which means "no report yet" in LSR.
constexpr NtpTime to_ntp(Timestamp t) {
  constexpr NtpTime kOrigin{uint64_t{1} << 62};
  return ntp_add(kOrigin, t.time_since_epoch());
}

// Units of 1/65536 s, as DLSR and DLRR carry them.
constexpr uint32_t to_compact_ntp_interval(Duration d) {
  return static_cast<uint32_t>(d.count() * 65536 / 1'000'000'000);
}
constexpr Duration from_compact_ntp_interval(uint32_t interval) {
  return Duration(static_cast<int64_t>(interval) * 1'000'000'000 / 65536);
}

}  // namespace eir
