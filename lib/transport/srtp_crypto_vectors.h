#pragma once

#include <srtp2/auth.h>
#include <srtp2/cipher.h>

namespace eir {

// What libsrtp runs through each replacement before it takes it (test_data). libsrtp's test buffer holds 128 bytes.
extern const srtp_cipher_test_case_t kIcm128TestCase;  // RFC 3686 section 6, test vector #2
extern const srtp_cipher_test_case_t kIcm256TestCase;  // RFC 3686 section 6, test vector #8
extern const srtp_cipher_test_case_t kGcm128TestCase;  // RFC 7714 section 16.1
extern const srtp_cipher_test_case_t kGcm256TestCase;  // RFC 7714 section 16.2
extern const srtp_auth_test_case_t kHmacSha1TestCase;  // RFC 2202 section 3, test case 1

// The four ciphers and the one MAC of an engine.
struct SrtpCryptoTypes {
  const srtp_cipher_type_t* icm128 = nullptr;
  const srtp_cipher_type_t* icm256 = nullptr;
  const srtp_cipher_type_t* gcm128 = nullptr;
  const srtp_cipher_type_t* gcm256 = nullptr;
  const srtp_auth_type_t* hmac_sha1 = nullptr;
};

// libsrtp hands AES-CM a salt behind the key (RFC 3711 section 4.1.1: 112 bits), and AES-GCM one too, which it adds
// itself.
inline constexpr int kIcmSaltSize = 14;
inline constexpr int kGcmSaltSize = 12;
inline constexpr unsigned kGcmTagSize = 16;
// Not used by Eir's profiles, but libsrtp's own vectors, which a replacement must pass too, contain it.
inline constexpr unsigned kGcmShortTagSize = 8;
inline constexpr int kGcmNonceSize = 12;
constexpr bool is_gcm_tag_size(int size) {
  return size == static_cast<int>(kGcmTagSize) || size == static_cast<int>(kGcmShortTagSize);
}

}  // namespace eir
