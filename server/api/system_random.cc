#include "server/api/system_random.h"

#include <openssl/rand.h>

#include "lib/base/check.h"

namespace eir {

void SystemRandom::fill(MutableBytes out) { EIR_CHECK(RAND_bytes(out.data(), static_cast<int>(out.size())) == 1); }

}  // namespace eir
