#include "server/media/openssl_random.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include <algorithm>
#include <cstring>

#include "lib/base/check.h"

namespace eir {

OpensslRandom::~OpensslRandom() { OPENSSL_cleanse(block_.data(), block_.size()); }

void OpensslRandom::fill(MutableBytes out) {
  while (!out.empty()) {
    if (used_ == kBlockBytes) {
      // A generator without entropy must not be survived.
      EIR_CHECK(RAND_bytes(block_.data(), static_cast<int>(block_.size())) == 1);
      used_ = 0;
    }
    const size_t count = std::min(out.size(), kBlockBytes - used_);
    std::memcpy(out.data(), block_.data() + used_, count);
    OPENSSL_cleanse(block_.data() + used_, count);
    used_ += count;
    out = out.subspan(count);
  }
}

}  // namespace eir
