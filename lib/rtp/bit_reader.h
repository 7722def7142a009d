#pragma once

#include <cstddef>
#include <cstdint>

#include "lib/base/bytes.h"

namespace eir {

// Reads bit fields, highest bit first, from a bounded view, with the contract of ByteReader: a read beyond the end
// yields 0 and sets failed() for good. For parameter sets and descriptors, a few dozen bytes each.
class BitReader {
 public:
  explicit BitReader(ByteView bytes) : bytes_(bytes) {}

  // Up to 32 bits.
  uint32_t bits(unsigned count) {
    if (failed_ || count > remaining()) {
      failed_ = true;
      return 0;
    }
    uint32_t value = 0;
    for (; count > 0; --count, ++at_) value = value << 1 | (uint32_t{bytes_[at_ / 8]} >> (7 - at_ % 8) & 1);
    return value;
  }
  bool flag() { return bits(1) != 0; }
  void skip(size_t count) {
    if (failed_ || count > remaining()) {
      failed_ = true;
    } else {
      at_ += count;
    }
  }

  // Exp-Golomb code ue(v) of H.264 section 9.1, and AV1's uvlc(). More than 31 leading zeros are refused: no field that
  // Eir reads can be so large.
  uint32_t exp_golomb() {
    unsigned zeros = 0;
    while (!failed_ && !flag()) ++zeros;
    if (zeros > 31) failed_ = true;
    return failed_ ? 0 : (uint32_t{1} << zeros) - 1 + bits(zeros);
  }
  // se(v) of H.264 section 9.1.1: 0, 1, −1, 2, −2, …
  int32_t signed_exp_golomb() {
    const uint32_t code = exp_golomb();
    const auto magnitude = static_cast<int32_t>(code / 2 + code % 2);
    return code % 2 == 1 ? magnitude : -magnitude;
  }

  // ns(n) of AV1 section 4.10.7: a value below n in as few bits as an even code allows. n ≥ 1.
  uint32_t non_symmetric(uint32_t n) {
    unsigned width = 0;
    for (uint32_t rest = n; rest != 0; rest >>= 1) ++width;
    const uint32_t shorter = (uint32_t{1} << width) - n;
    const uint32_t value = bits(width - 1);
    if (value < shorter) return value;
    return (value << 1) - shorter + bits(1);
  }

  size_t remaining() const { return bytes_.size() * 8 - at_; }
  size_t position() const { return at_; }
  bool failed() const { return failed_; }

 private:
  ByteView bytes_;
  size_t at_ = 0;  // in bits
  bool failed_ = false;
};

}  // namespace eir
