#pragma once

#include <string_view>

#include "lib/base/result.h"
#include "lib/transport/srtp_crypto_vectors.h"

namespace eir {

enum class IpsecMbError : uint8_t {
  kNotBuilt,   // built without the library
  kProcessor,  // no AES-NI, PCLMULQDQ or AVX
};

struct IpsecMbEngine {
  SrtpCryptoTypes types;
  std::string_view name;
};

// libsrtp's ciphers by Intel's multi-buffer library, used one packet at a time: key schedules and GHASH powers are
// expanded once per key. Its one IMB_MGR is made here and lives as long as the process: libsrtp's allocation callback
// has no argument through which it could come. HMAC-SHA1 stays with the EVP engine: this library hashes 16 packets at
// once, and libsrtp has one at a time (1,216 bytes: 3,280 ns alone in its AVX-512 lanes, 870 ns with SHA-NI, OpenSSL
// 800 ns).
Result<IpsecMbEngine, IpsecMbError> ipsec_mb_engine();

}  // namespace eir
