#pragma once

#include <array>
#include <cstddef>

#include "lib/base/random.h"

namespace eir {

// OpenSSL's generator, taken in blocks because a call for four bytes costs as much as one for hundreds. What was handed
// out is wiped here.
class OpensslRandom final : public Random {
 public:
  OpensslRandom() = default;
  ~OpensslRandom() override;
  OpensslRandom(const OpensslRandom&) = delete;
  OpensslRandom& operator=(const OpensslRandom&) = delete;

  void fill(MutableBytes out) override;

 private:
  static constexpr size_t kBlockBytes = 512;
  std::array<uint8_t, kBlockBytes> block_{};
  size_t used_ = kBlockBytes;
};

}  // namespace eir
