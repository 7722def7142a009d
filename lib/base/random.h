#pragma once

#include <array>
#include <cstdint>

#include "lib/base/bytes.h"

namespace eir {

// Where lib/ takes its randomness from. The server passes OpenSSL's generator; tests pass SeededRandom.
class Random {
 public:
  virtual ~Random() = default;
  virtual void fill(MutableBytes out) = 0;

  uint32_t u32() {
    std::array<uint8_t, 4> bytes{};
    fill(bytes);
    return load_u32(bytes.data());
  }
  uint64_t u64() {
    std::array<uint8_t, 8> bytes{};
    fill(bytes);
    return load_u64(bytes.data());
  }
  // Uniform in [0, bound) up to a bias of bound/2^64; `bound` must not be 0.
  uint64_t below(uint64_t bound) { return u64() % bound; }
  // Uniform in [0, 1).
  double unit() { return static_cast<double>(u64() >> 11) * 0x1p-53; }
  bool chance(double probability) { return unit() < probability; }
};

// The same sequence for the same seed, for tests, simulations and fuzzing; never for keys. SplitMix64 (Steele, Lea and
// Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014).
class SeededRandom final : public Random {
 public:
  explicit SeededRandom(uint64_t seed) : state_(seed) {}
  void fill(MutableBytes out) override;

 private:
  uint64_t next();
  uint64_t state_;
};

}  // namespace eir
