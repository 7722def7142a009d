#include "lib/transport/srtp_crypto_ipsec_mb.h"

#ifdef EIR_HAVE_IPSEC_MB

#include <intel-ipsec-mb.h>
#include <openssl/crypto.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <new>

#include "lib/transport/srtp_crypto_evp.h"

namespace eir {
namespace {

// The multi-buffer library's table of functions for this processor. Written once, by ipsec_mb_engine(), before any
// session exists; see the header for why it is a global.
IMB_MGR* g_functions = nullptr;

constexpr int kAes128 = 16;

// --- AES-CM (RFC 3711 section 4.1.1) ---

struct alignas(64) MbCounterMode {
  static constexpr size_t kRoundKeysMax = 15;
  alignas(16) std::array<uint8_t, 16 * kRoundKeysMax> round_keys{};
  alignas(16) std::array<uint8_t, 16> counter{};
  std::array<uint8_t, 16> salt{};
  srtp_cipher_t base{};

  ~MbCounterMode() {
    OPENSSL_cleanse(round_keys.data(), round_keys.size());
    OPENSSL_cleanse(salt.data(), salt.size());
  }
};

MbCounterMode& counter_mode(void* state) { return *static_cast<MbCounterMode*>(state); }

srtp_err_status_t icm_init(void* state, const uint8_t* key) {
  MbCounterMode& cipher = counter_mode(state);
  const int key_size = cipher.base.key_len - kIcmSaltSize;
  std::copy_n(key + key_size, kIcmSaltSize, cipher.salt.begin());
  // Counter mode only encrypts blocks; the library fills in the other schedule all the same.
  alignas(16) std::array<uint8_t, 16 * MbCounterMode::kRoundKeysMax> decryption_keys;
  if (key_size == kAes128) {
    IMB_AES_KEYEXP_128(g_functions, key, cipher.round_keys.data(), decryption_keys.data());
  } else {
    IMB_AES_KEYEXP_256(g_functions, key, cipher.round_keys.data(), decryption_keys.data());
  }
  OPENSSL_cleanse(decryption_keys.data(), decryption_keys.size());
  return srtp_err_status_ok;
}

srtp_err_status_t icm_set_iv(void* state, uint8_t* iv, srtp_cipher_direction_t /*same both ways*/) {
  MbCounterMode& cipher = counter_mode(state);
  for (size_t i = 0; i < cipher.counter.size(); ++i) {
    cipher.counter[i] = static_cast<uint8_t>(cipher.salt[i] ^ iv[i]);
  }
  return srtp_err_status_ok;
}

// One call per set_iv(), as libsrtp does: the job starts at the counter block that set_iv() made.
srtp_err_status_t icm_crypt(void* state, uint8_t* buffer, unsigned* size) {
  if (*size == 0) return srtp_err_status_ok;
  MbCounterMode& cipher = counter_mode(state);
  const bool is_aes128 = cipher.base.key_len - kIcmSaltSize == kAes128;
  IMB_JOB job;
  std::memset(&job, 0, sizeof job);
  job.enc_keys = cipher.round_keys.data();
  job.key_len_in_bytes = is_aes128 ? IMB_KEY_128_BYTES : IMB_KEY_256_BYTES;
  job.src = buffer;
  job.dst = buffer;
  job.msg_len_to_cipher_in_bytes = *size;
  job.iv = cipher.counter.data();
  job.iv_len_in_bytes = cipher.counter.size();
  const uint32_t done = IMB_SUBMIT_CIPHER_BURST_NOCHECK(g_functions, &job, 1, IMB_CIPHER_CNTR, IMB_DIR_ENCRYPT,
                                                        is_aes128 ? IMB_KEY_128_BYTES : IMB_KEY_256_BYTES);
  return done == 1 ? srtp_err_status_ok : srtp_err_status_cipher_fail;
}

// --- AES-GCM (RFC 7714) ---

struct alignas(64) MbGcm {
  // SRTCP authenticates header (8 bytes) and trailer (4 bytes) in two calls; RTP its header in one.
  static constexpr size_t kJoinedAadMax = 64;

  gcm_key_data key{};
  gcm_context_data context{};
  std::array<uint8_t, kGcmNonceSize> nonce{};
  std::array<uint8_t, kGcmTagSize> tag{};
  std::array<uint8_t, kJoinedAadMax> joined_aad{};
  const uint8_t* aad = nullptr;
  size_t aad_size = 0;
  unsigned tag_size = kGcmTagSize;
  srtp_cipher_t base{};

  ~MbGcm() {
    OPENSSL_cleanse(&key, sizeof key);
    OPENSSL_cleanse(&context, sizeof context);
  }
  bool is_aes128() const { return base.key_len - kGcmSaltSize == kAes128; }
};

MbGcm& gcm(void* state) { return *static_cast<MbGcm*>(state); }

srtp_err_status_t gcm_init(void* state, const uint8_t* key) {
  MbGcm& cipher = gcm(state);
  if (cipher.is_aes128()) {
    IMB_AES128_GCM_PRE(g_functions, key, &cipher.key);
  } else {
    IMB_AES256_GCM_PRE(g_functions, key, &cipher.key);
  }
  return srtp_err_status_ok;
}

srtp_err_status_t gcm_set_iv(void* state, uint8_t* iv, srtp_cipher_direction_t /*known by the call that follows*/) {
  MbGcm& cipher = gcm(state);
  std::copy_n(iv, kGcmNonceSize, cipher.nonce.begin());
  cipher.aad = nullptr;
  cipher.aad_size = 0;
  return srtp_err_status_ok;
}

// The bytes stay where they are until encrypt or decrypt: libsrtp passes parts of the packet, or its own trailer.
srtp_err_status_t gcm_set_aad(void* state, const uint8_t* aad, uint32_t size) {
  MbGcm& cipher = gcm(state);
  if (cipher.aad_size == 0) {
    cipher.aad = aad;
    cipher.aad_size = size;
    return srtp_err_status_ok;
  }
  // A longer first part would be SRTCP without encryption, which Eir's profiles do not have.
  if (cipher.aad == cipher.joined_aad.data() || cipher.aad_size + size > MbGcm::kJoinedAadMax) {
    return srtp_err_status_bad_param;
  }
  std::memcpy(cipher.joined_aad.data(), cipher.aad, cipher.aad_size);
  std::memcpy(cipher.joined_aad.data() + cipher.aad_size, aad, size);
  cipher.aad = cipher.joined_aad.data();
  cipher.aad_size += size;
  return srtp_err_status_ok;
}

srtp_err_status_t gcm_encrypt(void* state, uint8_t* buffer, unsigned* size) {
  MbGcm& c = gcm(state);
  const auto encrypt = c.is_aes128() ? g_functions->gcm128_enc : g_functions->gcm256_enc;
  encrypt(&c.key, &c.context, buffer, buffer, *size, c.nonce.data(), c.aad, c.aad_size, c.tag.data(), kGcmTagSize);
  return srtp_err_status_ok;
}

srtp_err_status_t gcm_get_tag(void* state, uint8_t* tag, uint32_t* size) {
  const MbGcm& cipher = gcm(state);
  std::copy_n(cipher.tag.begin(), cipher.tag_size, tag);
  *size = cipher.tag_size;
  return srtp_err_status_ok;
}

// `buffer` ends with the tag; `size` comes back without it. The text is decrypted before the tag is known to be right
// (one pass); libsrtp throws the packet away on auth_fail.
srtp_err_status_t gcm_decrypt(void* state, uint8_t* buffer, unsigned* size) {
  MbGcm& c = gcm(state);
  if (*size < c.tag_size) return srtp_err_status_bad_param;
  const unsigned text = *size - c.tag_size;
  const auto decrypt = c.is_aes128() ? g_functions->gcm128_dec : g_functions->gcm256_dec;
  decrypt(&c.key, &c.context, buffer, buffer, text, c.nonce.data(), c.aad, c.aad_size, c.tag.data(), kGcmTagSize);
  if (CRYPTO_memcmp(c.tag.data(), buffer + text, c.tag_size) != 0) return srtp_err_status_auth_fail;
  *size = text;
  return srtp_err_status_ok;
}

// --- allocation and the types ---

template <class State>
srtp_err_status_t allocate(srtp_cipher_t** out, const srtp_cipher_type_t& type, int key_len) {
  auto* state = new (std::nothrow) State;
  if (state == nullptr) return srtp_err_status_alloc_fail;
  state->base = {&type, state, key_len, static_cast<int>(type.id)};
  *out = &state->base;
  return srtp_err_status_ok;
}

template <class State>
srtp_err_status_t release(srtp_cipher_t* cipher) {
  delete static_cast<State*>(cipher->state);
  return srtp_err_status_ok;
}

extern const srtp_cipher_type_t kIcm128;
extern const srtp_cipher_type_t kIcm256;
extern const srtp_cipher_type_t kGcm128;
extern const srtp_cipher_type_t kGcm256;

template <int KeySize>
srtp_err_status_t icm_allocate(srtp_cipher_t** out, int key_len, int /*no tag*/) {
  if (key_len != KeySize + kIcmSaltSize) return srtp_err_status_bad_param;
  return allocate<MbCounterMode>(out, KeySize == kAes128 ? kIcm128 : kIcm256, key_len);
}

template <int KeySize>
srtp_err_status_t gcm_allocate(srtp_cipher_t** out, int key_len, int tag_len) {
  if (key_len != KeySize + kGcmSaltSize || !is_gcm_tag_size(tag_len)) return srtp_err_status_bad_param;
  const srtp_err_status_t status = allocate<MbGcm>(out, KeySize == kAes128 ? kGcm128 : kGcm256, key_len);
  if (status == srtp_err_status_ok) gcm((*out)->state).tag_size = static_cast<unsigned>(tag_len);
  return status;
}

const srtp_cipher_type_t kIcm128 = {icm_allocate<16>,
                                    release<MbCounterMode>,
                                    icm_init,
                                    nullptr,
                                    icm_crypt,
                                    icm_crypt,
                                    icm_set_iv,
                                    nullptr,
                                    "AES-128 counter mode by ipsec-mb",
                                    &kIcm128TestCase,
                                    SRTP_AES_ICM_128};
const srtp_cipher_type_t kIcm256 = {icm_allocate<32>,
                                    release<MbCounterMode>,
                                    icm_init,
                                    nullptr,
                                    icm_crypt,
                                    icm_crypt,
                                    icm_set_iv,
                                    nullptr,
                                    "AES-256 counter mode by ipsec-mb",
                                    &kIcm256TestCase,
                                    SRTP_AES_ICM_256};
const srtp_cipher_type_t kGcm128 = {gcm_allocate<16>, release<MbGcm>,  gcm_init,
                                    gcm_set_aad,      gcm_encrypt,     gcm_decrypt,
                                    gcm_set_iv,       gcm_get_tag,     "AES-128 GCM by ipsec-mb",
                                    &kGcm128TestCase, SRTP_AES_GCM_128};
const srtp_cipher_type_t kGcm256 = {gcm_allocate<32>, release<MbGcm>,  gcm_init,
                                    gcm_set_aad,      gcm_encrypt,     gcm_decrypt,
                                    gcm_set_iv,       gcm_get_tag,     "AES-256 GCM by ipsec-mb",
                                    &kGcm256TestCase, SRTP_AES_GCM_256};

std::string_view name_of(IMB_ARCH architecture) {
  switch (architecture) {
    case IMB_ARCH_AVX:
      return "ipsec-mb AVX";
    case IMB_ARCH_AVX2:
      return "ipsec-mb AVX2";
    case IMB_ARCH_AVX512:
      return "ipsec-mb AVX512";
    default:
      return {};  // too old a processor, or one this library does not know
  }
}

}  // namespace

Result<IpsecMbEngine, IpsecMbError> ipsec_mb_engine() {
  if (g_functions == nullptr) g_functions = alloc_mb_mgr(0);
  if (g_functions == nullptr) return IpsecMbError::kProcessor;
  IMB_ARCH architecture = IMB_ARCH_NONE;
  init_mb_mgr_auto(g_functions, &architecture);
  const std::string_view name = name_of(architecture);
  if (name.empty() || imb_get_errno(g_functions) != 0) return IpsecMbError::kProcessor;
  return IpsecMbEngine{{&kIcm128, &kIcm256, &kGcm128, &kGcm256, evp_crypto_types().hmac_sha1}, name};
}

}  // namespace eir

#else

namespace eir {

Result<IpsecMbEngine, IpsecMbError> ipsec_mb_engine() { return IpsecMbError::kNotBuilt; }

}  // namespace eir

#endif
