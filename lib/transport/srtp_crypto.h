#pragma once

#include <cstdint>
#include <string_view>

#include "lib/base/result.h"

namespace eir {

// Which code does the AES and SHA-1 behind libsrtp. Debian's libsrtp uses NSS, which builds a context per packet and
// costs 2 to 30 times as much as either of these.
enum class SrtpEngine : uint8_t {
  kAutomatic,  // ipsec-mb where the build and the processor have it, EVP elsewhere
  kEvp,        // OpenSSL EVP, a context per key
  kIpsecMb,    // Intel's multi-buffer library, x86-64 with AES-NI and AVX
};

enum class SrtpEngineError : uint8_t {
  kLibrary,      // srtp_init() failed
  kUnavailable,  // the engine asked for is not in this build, or the processor lacks the instructions
  kRefused,      // libsrtp's self-test refused a cipher: the process must not go on
};

struct SrtpEngineInUse {
  SrtpEngine engine = SrtpEngine::kEvp;
  std::string_view name;  // for the log, e.g. "ipsec-mb AVX512"; a literal
};

// Initialises libsrtp and puts the engine behind AES_ICM_128/256, AES_GCM_128/256 and HMAC_SHA1. Once per process,
// before the first SrtpSession, by whoever owns the process (a worker's main, a test's main): libsrtp keeps its cipher
// table in globals. libsrtp runs the RFC 3686, RFC 7714 and RFC 2202 vectors through every replacement, and the stock
// vectors too; one failure is an error here, and the daemon refuses to start.
[[nodiscard]] Result<SrtpEngineInUse, SrtpEngineError> install_srtp_engine(SrtpEngine wanted);

}  // namespace eir
