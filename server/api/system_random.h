#pragma once

#include "lib/base/random.h"

namespace eir {

// OpenSSL's generator: for tokens and ids.
class SystemRandom final : public Random {
 public:
  void fill(MutableBytes out) override;
};

}  // namespace eir
