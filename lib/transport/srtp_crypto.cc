#include "lib/transport/srtp_crypto.h"

#include "lib/transport/srtp_crypto_evp.h"
#include "lib/transport/srtp_crypto_ipsec_mb.h"

namespace eir {
namespace {

// libsrtp tests each type against its test_data and the stock vectors before it takes it.
bool replace_all(const SrtpCryptoTypes& types) {
  return srtp_replace_cipher_type(types.icm128, SRTP_AES_ICM_128) == srtp_err_status_ok &&
         srtp_replace_cipher_type(types.icm256, SRTP_AES_ICM_256) == srtp_err_status_ok &&
         srtp_replace_cipher_type(types.gcm128, SRTP_AES_GCM_128) == srtp_err_status_ok &&
         srtp_replace_cipher_type(types.gcm256, SRTP_AES_GCM_256) == srtp_err_status_ok &&
         srtp_replace_auth_type(types.hmac_sha1, SRTP_HMAC_SHA1) == srtp_err_status_ok;
}

}  // namespace

Result<SrtpEngineInUse, SrtpEngineError> install_srtp_engine(SrtpEngine wanted) {
  if (srtp_init() != srtp_err_status_ok) return SrtpEngineError::kLibrary;
  if (wanted != SrtpEngine::kEvp) {
    const Result<IpsecMbEngine, IpsecMbError> ipsec_mb = ipsec_mb_engine();
    if (ipsec_mb.has_value()) {
      if (!replace_all(ipsec_mb->types)) return SrtpEngineError::kRefused;
      return SrtpEngineInUse{SrtpEngine::kIpsecMb, ipsec_mb->name};
    }
    if (wanted == SrtpEngine::kIpsecMb) return SrtpEngineError::kUnavailable;
  }
  if (!replace_all(evp_crypto_types())) return SrtpEngineError::kRefused;
  return SrtpEngineInUse{SrtpEngine::kEvp, "OpenSSL EVP"};
}

}  // namespace eir
