#include "server/api/answer_seal.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include <memory>

#include "lib/base/check.h"
#include "server/consultation/token.h"

namespace eir {
namespace {

// A sealed text is nonce, ciphertext, tag. The nonce is random: a key seals a handful of texts at most, one per request
// under the same Idempotency-Key after the earlier answer was erased.
constexpr size_t kNonceBytes = 12;
constexpr size_t kTagBytes = 16;
// Separates this use of the secret from any other.
constexpr std::string_view kInfo = "eir answer 1";

template <auto kFree>
struct Freed {
  template <class T>
  void operator()(T* object) const {
    kFree(object);
  }
};
using CipherPtr = std::unique_ptr<EVP_CIPHER_CTX, Freed<EVP_CIPHER_CTX_free>>;

OSSL_PARAM octets(const char* name, std::string_view text) {
  // OpenSSL only reads it.
  return OSSL_PARAM_construct_octet_string(name, const_cast<char*>(text.data()), text.size());
}

void derive(std::string_view bearer, std::string_view salt, MutableBytes out) {
  const std::unique_ptr<EVP_KDF, Freed<EVP_KDF_free>> kdf(EVP_KDF_fetch(nullptr, "HKDF", nullptr));
  const std::unique_ptr<EVP_KDF_CTX, Freed<EVP_KDF_CTX_free>> context(EVP_KDF_CTX_new(kdf.get()));
  std::string digest = "SHA256";
  const std::array params = {OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest.data(), digest.size()),
                             octets(OSSL_KDF_PARAM_KEY, bearer), octets(OSSL_KDF_PARAM_SALT, salt),
                             octets(OSSL_KDF_PARAM_INFO, kInfo), OSSL_PARAM_construct_end()};
  EIR_CHECK(EVP_KDF_derive(context.get(), out.data(), out.size(), params.data()) == 1);
}

}  // namespace

AnswerSeal::AnswerSeal(std::string_view bearer, std::string_view idempotency_key) {
  std::array<uint8_t, 64> derived{};
  derive(bearer, idempotency_key, derived);
  TokenHash name;
  std::copy_n(derived.begin(), name.bytes.size(), name.bytes.begin());
  std::copy_n(derived.begin() + 32, key_.size(), key_.begin());
  OPENSSL_cleanse(derived.data(), derived.size());
  name_ = to_hex(name);
}

AnswerSeal::~AnswerSeal() { OPENSSL_cleanse(key_.data(), key_.size()); }

std::string AnswerSeal::seal(std::string_view text, Random& random) const {
  std::string sealed(kNonceBytes + text.size() + kTagBytes, '\0');
  auto* nonce = reinterpret_cast<uint8_t*>(sealed.data());
  random.fill({nonce, kNonceBytes});
  uint8_t* body = nonce + kNonceBytes;
  const CipherPtr cipher(EVP_CIPHER_CTX_new());
  int length = 0;
  int last = 0;
  bool is_done = EVP_EncryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, key_.data(), nonce) == 1;
  is_done = is_done &&
            EVP_EncryptUpdate(cipher.get(), body, &length, as_bytes(text).data(), static_cast<int>(text.size())) == 1;
  is_done = is_done && EVP_EncryptFinal_ex(cipher.get(), body + length, &last) == 1;
  is_done = is_done && EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_GET_TAG, kTagBytes, body + text.size()) == 1;
  EIR_CHECK(is_done);
  return sealed;
}

std::optional<std::string> AnswerSeal::open(std::string_view sealed) const {
  if (sealed.size() < kNonceBytes + kTagBytes) return std::nullopt;
  const std::string_view body = sealed.substr(kNonceBytes, sealed.size() - kNonceBytes - kTagBytes);
  std::string tag(sealed.substr(kNonceBytes + body.size()));
  std::string text(body.size(), '\0');
  auto* out = reinterpret_cast<uint8_t*>(text.data());
  const CipherPtr cipher(EVP_CIPHER_CTX_new());
  int length = 0;
  int last = 0;
  const bool is_open =
      EVP_DecryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, key_.data(), as_bytes(sealed).data()) == 1 &&
      EVP_DecryptUpdate(cipher.get(), out, &length, as_bytes(body).data(), static_cast<int>(body.size())) == 1 &&
      EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_SET_TAG, kTagBytes, tag.data()) == 1 &&
      EVP_DecryptFinal_ex(cipher.get(), out + length, &last) == 1;
  if (!is_open) return std::nullopt;
  return text;
}

}  // namespace eir
