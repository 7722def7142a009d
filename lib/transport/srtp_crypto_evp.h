#pragma once

#include "lib/transport/srtp_crypto_vectors.h"

namespace eir {

// libsrtp's ciphers by OpenSSL EVP: a context is keyed once, a packet sets just the IV. HMAC-SHA1 keeps the SHA-1
// states behind the inner and outer padding (RFC 2104 section 4), which saves two of its compressions per packet.
SrtpCryptoTypes evp_crypto_types();

}  // namespace eir
