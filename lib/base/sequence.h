#pragma once

#include <concepts>
#include <cstdint>
#include <limits>
#include <optional>
#include <type_traits>

namespace eir {

// Wrap arithmetic lives here and nowhere else: everything above works on unwrapped 64-bit numbers.

// The signed distance from `b` to `a` on a circle of 2^bits(T). Exactly half the circle counts as backwards.
template <std::unsigned_integral T>
constexpr std::make_signed_t<T> wrapped_difference(T a, T b) {
  return static_cast<std::make_signed_t<T>>(static_cast<T>(a - b));
}

// Turns a wrapping counter (sequence number, RTP timestamp, picture id) into an int64_t that never wraps, taking each
// value as the one nearest to the newest seen (RFC 3711 appendix A does the same for the ROC). The first value v
// becomes v
// + 2^bits so that a packet reordered before the first one still unwraps to a positive number. `Bits` narrows the
// circle below the type's width, for example 15 for a VP8 picture id; the narrow instantiations make exhaustive tests
// possible.
template <std::unsigned_integral T, unsigned Bits = std::numeric_limits<T>::digits>
class SequenceUnwrapper {
  static_assert(Bits > 1 && Bits <= 32);

 public:
  static constexpr int64_t kCircle = int64_t{1} << Bits;

  // Unwraps and, if `value` is ahead of the newest, remembers it as the newest.
  int64_t unwrap(T value) {
    const int64_t result = peek(value);
    if (!newest_ || result > *newest_) newest_ = result;
    return result;
  }

  // Unwraps without remembering.
  int64_t peek(T value) const {
    const auto wrapped = static_cast<int64_t>(value) & (kCircle - 1);
    if (!newest_) return wrapped + kCircle;
    int64_t delta = (wrapped - *newest_) & (kCircle - 1);
    if (delta >= kCircle / 2) delta -= kCircle;
    return *newest_ + delta;
  }

  // The sender began a new numbering: takes `value` as the next such number after the newest, however far, and
  // remembers it.
  int64_t restart(T value) {
    const int64_t base = newest_.value_or(kCircle - 1);
    const auto wrapped = static_cast<int64_t>(value) & (kCircle - 1);
    newest_ = base + 1 + ((wrapped - base - 1) & (kCircle - 1));
    return *newest_;
  }

  std::optional<int64_t> newest() const { return newest_; }
  void reset() { newest_.reset(); }

 private:
  std::optional<int64_t> newest_;
};

}  // namespace eir
