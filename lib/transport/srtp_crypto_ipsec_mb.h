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
// has no argument through which it could come. HMAC-SHA1 is the EVP engine's; see the .cc for the measurement.
Result<IpsecMbEngine, IpsecMbError> ipsec_mb_engine();

}  // namespace eir
