// SHA_CTX is deprecated since OpenSSL 3.0, but an EVP_MD_CTX cannot be copied without allocation, and the copy of the
// two saved states per packet is the whole point: 300 ns per packet against EVP_MAC.
#define OPENSSL_SUPPRESS_DEPRECATED
#include "lib/transport/srtp_crypto_evp.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <new>

namespace eir {
namespace {

// One cipher context of libsrtp. `base` is what libsrtp sees; its `state` points back to the whole.
struct EvpCipher {
  srtp_cipher_t base{};
  const EVP_CIPHER* algorithm = nullptr;
  EVP_CIPHER_CTX* context = nullptr;
  unsigned tag_size = 0;           // AES-GCM only
  std::array<uint8_t, 16> salt{};  // AES-CM only

  ~EvpCipher() {
    EVP_CIPHER_CTX_free(context);
    OPENSSL_cleanse(salt.data(), salt.size());
  }
};

EvpCipher& self(void* state) { return *static_cast<EvpCipher*>(state); }

srtp_err_status_t allocate(srtp_cipher_t** out, const srtp_cipher_type_t& type, const EVP_CIPHER* algorithm,
                           int key_len, unsigned tag_size = 0) {
  auto* cipher = new (std::nothrow) EvpCipher;
  if (cipher == nullptr) return srtp_err_status_alloc_fail;
  cipher->algorithm = algorithm;
  cipher->tag_size = tag_size;
  cipher->context = EVP_CIPHER_CTX_new();
  if (cipher->context == nullptr) {
    delete cipher;
    return srtp_err_status_alloc_fail;
  }
  cipher->base = {&type, cipher, key_len, static_cast<int>(type.id)};
  *out = &cipher->base;
  return srtp_err_status_ok;
}

srtp_err_status_t release(srtp_cipher_t* cipher) {
  delete &self(cipher->state);
  return srtp_err_status_ok;
}

// --- AES-CM, counter mode with a salted counter block (RFC 3711 section 4.1.1) ---

srtp_err_status_t icm_init(void* state, const uint8_t* key) {
  EvpCipher& cipher = self(state);
  const int key_size = cipher.base.key_len - kIcmSaltSize;
  std::copy_n(key + key_size, kIcmSaltSize, cipher.salt.begin());
  const bool ok = EVP_EncryptInit_ex(cipher.context, cipher.algorithm, nullptr, key, nullptr) == 1;
  return ok ? srtp_err_status_ok : srtp_err_status_init_fail;
}

srtp_err_status_t icm_set_iv(void* state, uint8_t* iv, srtp_cipher_direction_t /*same both ways*/) {
  EvpCipher& cipher = self(state);
  std::array<uint8_t, 16> counter{};
  for (size_t i = 0; i < counter.size(); ++i) counter[i] = static_cast<uint8_t>(cipher.salt[i] ^ iv[i]);
  const bool ok = EVP_EncryptInit_ex(cipher.context, nullptr, nullptr, nullptr, counter.data()) == 1;
  return ok ? srtp_err_status_ok : srtp_err_status_cipher_fail;
}

srtp_err_status_t icm_crypt(void* state, uint8_t* buffer, unsigned* size) {
  int written = 0;
  const bool ok = EVP_EncryptUpdate(self(state).context, buffer, &written, buffer, static_cast<int>(*size)) == 1;
  *size = static_cast<unsigned>(written);
  return ok ? srtp_err_status_ok : srtp_err_status_cipher_fail;
}

// --- AES-GCM (RFC 7714) ---

srtp_err_status_t gcm_init(void* state, const uint8_t* key) {
  EvpCipher& cipher = self(state);
  const bool ok = EVP_CipherInit_ex(cipher.context, cipher.algorithm, nullptr, key, nullptr, 1) == 1;
  return ok ? srtp_err_status_ok : srtp_err_status_init_fail;
}

srtp_err_status_t gcm_set_iv(void* state, uint8_t* iv, srtp_cipher_direction_t direction) {
  const int encrypts = direction == srtp_direction_encrypt ? 1 : 0;
  const bool ok = EVP_CipherInit_ex(self(state).context, nullptr, nullptr, nullptr, iv, encrypts) == 1;
  return ok ? srtp_err_status_ok : srtp_err_status_cipher_fail;
}

srtp_err_status_t gcm_set_aad(void* state, const uint8_t* aad, uint32_t size) {
  int unused = 0;
  const bool ok = EVP_CipherUpdate(self(state).context, nullptr, &unused, aad, static_cast<int>(size)) == 1;
  return ok ? srtp_err_status_ok : srtp_err_status_algo_fail;
}

srtp_err_status_t gcm_encrypt(void* state, uint8_t* buffer, unsigned* size) {
  EVP_CIPHER_CTX* context = self(state).context;
  int written = 0;
  int last = 0;
  const bool ok = EVP_CipherUpdate(context, buffer, &written, buffer, static_cast<int>(*size)) == 1 &&
                  EVP_CipherFinal_ex(context, buffer + written, &last) == 1;
  return ok ? srtp_err_status_ok : srtp_err_status_cipher_fail;
}

srtp_err_status_t gcm_get_tag(void* state, uint8_t* tag, uint32_t* size) {
  const EvpCipher& cipher = self(state);
  *size = cipher.tag_size;
  const bool ok =
      EVP_CIPHER_CTX_ctrl(cipher.context, EVP_CTRL_AEAD_GET_TAG, static_cast<int>(cipher.tag_size), tag) == 1;
  return ok ? srtp_err_status_ok : srtp_err_status_algo_fail;
}

// `buffer` ends with the tag; `size` comes back without it.
srtp_err_status_t gcm_decrypt(void* state, uint8_t* buffer, unsigned* size) {
  const unsigned tag_size = self(state).tag_size;
  if (*size < tag_size) return srtp_err_status_bad_param;
  EVP_CIPHER_CTX* context = self(state).context;
  const unsigned text = *size - tag_size;
  int written = 0;
  int last = 0;
  const bool ok = EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, static_cast<int>(tag_size), buffer + text) == 1 &&
                  EVP_CipherUpdate(context, buffer, &written, buffer, static_cast<int>(text)) == 1 &&
                  EVP_CipherFinal_ex(context, buffer + written, &last) == 1;
  if (!ok) return srtp_err_status_auth_fail;
  *size = text;
  return srtp_err_status_ok;
}

// --- HMAC-SHA1 (RFC 2104) ---

struct HmacSha1 {
  srtp_auth_t base{};
  SHA_CTX inner{};    // after K xor ipad
  SHA_CTX outer{};    // after K xor opad
  SHA_CTX running{};  // the message so far

  ~HmacSha1() { OPENSSL_cleanse(&inner, sizeof inner + sizeof outer + sizeof running); }
};

srtp_err_status_t hmac_init(void* state, const uint8_t* key, int key_len) {
  auto& hmac = *static_cast<HmacSha1*>(state);
  if (key_len < 0 || key_len > SHA_CBLOCK) return srtp_err_status_bad_param;
  std::array<uint8_t, SHA_CBLOCK> block{};
  std::copy_n(key, key_len, block.begin());
  for (uint8_t& byte : block) byte ^= 0x36;
  SHA1_Init(&hmac.inner);
  SHA1_Update(&hmac.inner, block.data(), block.size());
  for (uint8_t& byte : block) byte ^= 0x36 ^ 0x5c;
  SHA1_Init(&hmac.outer);
  SHA1_Update(&hmac.outer, block.data(), block.size());
  OPENSSL_cleanse(block.data(), block.size());
  hmac.running = hmac.inner;
  return srtp_err_status_ok;
}

srtp_err_status_t hmac_start(void* state) {
  auto& hmac = *static_cast<HmacSha1*>(state);
  hmac.running = hmac.inner;
  return srtp_err_status_ok;
}

srtp_err_status_t hmac_update(void* state, const uint8_t* bytes, int size) {
  SHA1_Update(&static_cast<HmacSha1*>(state)->running, bytes, static_cast<size_t>(size));
  return srtp_err_status_ok;
}

srtp_err_status_t hmac_compute(void* state, const uint8_t* bytes, int size, int tag_len, uint8_t* tag) {
  auto& hmac = *static_cast<HmacSha1*>(state);
  if (tag_len < 0 || tag_len > SHA_DIGEST_LENGTH) return srtp_err_status_bad_param;
  std::array<uint8_t, SHA_DIGEST_LENGTH> digest{};
  SHA1_Update(&hmac.running, bytes, static_cast<size_t>(size));
  SHA1_Final(digest.data(), &hmac.running);
  hmac.running = hmac.outer;
  SHA1_Update(&hmac.running, digest.data(), digest.size());
  SHA1_Final(digest.data(), &hmac.running);
  hmac.running = hmac.inner;  // libsrtp computes a second tag without start() in its self-test
  std::copy_n(digest.begin(), tag_len, tag);
  return srtp_err_status_ok;
}

srtp_err_status_t hmac_allocate(srtp_auth_t** out, int key_len, int out_len);

srtp_err_status_t hmac_release(srtp_auth_t* auth) {
  delete static_cast<HmacSha1*>(auth->state);
  return srtp_err_status_ok;
}

extern const srtp_cipher_type_t kIcm128;
extern const srtp_cipher_type_t kIcm256;
extern const srtp_cipher_type_t kGcm128;
extern const srtp_cipher_type_t kGcm256;

template <int KeySize>
srtp_err_status_t icm_allocate(srtp_cipher_t** out, int key_len, int /*no tag*/) {
  if (key_len != KeySize + kIcmSaltSize) return srtp_err_status_bad_param;
  return KeySize == 16 ? allocate(out, kIcm128, EVP_aes_128_ctr(), key_len)
                       : allocate(out, kIcm256, EVP_aes_256_ctr(), key_len);
}

template <int KeySize>
srtp_err_status_t gcm_allocate(srtp_cipher_t** out, int key_len, int tag_len) {
  if (key_len != KeySize + kGcmSaltSize || !is_gcm_tag_size(tag_len)) return srtp_err_status_bad_param;
  return KeySize == 16 ? allocate(out, kGcm128, EVP_aes_128_gcm(), key_len, static_cast<unsigned>(tag_len))
                       : allocate(out, kGcm256, EVP_aes_256_gcm(), key_len, static_cast<unsigned>(tag_len));
}

const srtp_cipher_type_t kIcm128 = {icm_allocate<16>, release,         icm_init,
                                    nullptr,          icm_crypt,       icm_crypt,
                                    icm_set_iv,       nullptr,         "AES-128 counter mode by OpenSSL EVP",
                                    &kIcm128TestCase, SRTP_AES_ICM_128};
const srtp_cipher_type_t kIcm256 = {icm_allocate<32>, release,         icm_init,
                                    nullptr,          icm_crypt,       icm_crypt,
                                    icm_set_iv,       nullptr,         "AES-256 counter mode by OpenSSL EVP",
                                    &kIcm256TestCase, SRTP_AES_ICM_256};
const srtp_cipher_type_t kGcm128 = {gcm_allocate<16>, release,         gcm_init,
                                    gcm_set_aad,      gcm_encrypt,     gcm_decrypt,
                                    gcm_set_iv,       gcm_get_tag,     "AES-128 GCM by OpenSSL EVP",
                                    &kGcm128TestCase, SRTP_AES_GCM_128};
const srtp_cipher_type_t kGcm256 = {gcm_allocate<32>, release,         gcm_init,
                                    gcm_set_aad,      gcm_encrypt,     gcm_decrypt,
                                    gcm_set_iv,       gcm_get_tag,     "AES-256 GCM by OpenSSL EVP",
                                    &kGcm256TestCase, SRTP_AES_GCM_256};
const srtp_auth_type_t kHmacSha1 = {hmac_allocate,
                                    hmac_release,
                                    hmac_init,
                                    hmac_compute,
                                    hmac_update,
                                    hmac_start,
                                    "HMAC-SHA1 with saved states by OpenSSL",
                                    &kHmacSha1TestCase,
                                    SRTP_HMAC_SHA1};

srtp_err_status_t hmac_allocate(srtp_auth_t** out, int key_len, int out_len) {
  if (key_len > SHA_CBLOCK || out_len > SHA_DIGEST_LENGTH) return srtp_err_status_bad_param;
  auto* hmac = new (std::nothrow) HmacSha1;
  if (hmac == nullptr) return srtp_err_status_alloc_fail;
  hmac->base = {&kHmacSha1, hmac, out_len, key_len, 0};
  *out = &hmac->base;
  return srtp_err_status_ok;
}

}  // namespace

SrtpCryptoTypes evp_crypto_types() { return {&kIcm128, &kIcm256, &kGcm128, &kGcm256, &kHmacSha1}; }

}  // namespace eir
