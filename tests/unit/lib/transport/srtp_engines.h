#pragma once

#include <vector>

#include "lib/transport/srtp_crypto.h"

namespace eir {

// libsrtp keeps its cipher table in globals, so a test says which engine it wants. No session may be alive.
void use_engine(SrtpEngine engine);
// libsrtp as the distribution ships it: the reference that the engines must equal byte for byte.
void use_stock_libsrtp();
// The engines this build and this processor have: EVP always.
std::vector<SrtpEngine> test_engines();

}  // namespace eir
