#include "lib/transport/dtls_alerts.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/ssl.h>

#include <algorithm>

namespace eir {
namespace {

//     RFC 6347 section 4.1
//     ContentType type;        offset 0
//     ProtocolVersion version; 1
//     uint16 epoch;            3
//     uint48 sequence_number;  5
//     uint16 length;           11
//     opaque fragment[length]; 13
constexpr size_t kEpochAt = 3;
constexpr size_t kLengthAt = 11;
constexpr size_t kHeaderSize = 13;
constexpr uint8_t kAlertType = 21;
constexpr uint16_t kVersion = 0xfefd;
// The only epoch after the handshake: renegotiation is refused.
constexpr uint16_t kEpoch = 1;
// RFC 5246 section 7.2
constexpr size_t kAlertSize = 2;
constexpr uint8_t kWarning = 1;
constexpr uint8_t kFatalLevel = 2;
constexpr uint8_t kCloseNotifyDescription = 0;
constexpr size_t kTagSize = 16;
// Of our one record: beyond all that OpenSSL can have sent in this epoch, which is its Finished, a few times over.
constexpr uint16_t kSequenceUpper = 1;
constexpr uint32_t kSequenceLower = 0;

struct FreeKdf {
  void operator()(EVP_KDF_CTX* context) const { EVP_KDF_CTX_free(context); }
};
struct FreeCipher {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
using CipherContext = std::unique_ptr<EVP_CIPHER_CTX, FreeCipher>;

// PRF(secret, label, seed) of RFC 5246 section 5; OpenSSL takes label and seed as one.
bool prf(const char* digest, MutableBytes secret, MutableBytes seed, MutableBytes out) {
  EVP_KDF* const kdf = EVP_KDF_fetch(nullptr, "TLS1-PRF", nullptr);
  const std::unique_ptr<EVP_KDF_CTX, FreeKdf> context(kdf == nullptr ? nullptr : EVP_KDF_CTX_new(kdf));
  EVP_KDF_free(kdf);  // the context has its own reference
  if (context == nullptr) return false;
  const std::array<OSSL_PARAM, 4> parameters = {
      OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, const_cast<char*>(digest), 0),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SECRET, secret.data(), secret.size()),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SEED, seed.data(), seed.size()), OSSL_PARAM_construct_end()};
  return EVP_KDF_derive(context.get(), out.data(), out.size(), parameters.data()) == 1;
}

// RFC 5246 section 6.2.3.3: seq_num + type + version + plaintext length; seq_num is epoch and number (RFC 6347 section
// 4.1.2.1).
std::array<uint8_t, 13> additional_data(ByteView header) {
  std::array<uint8_t, 13> data{};
  std::copy_n(header.begin() + kEpochAt, 8, data.begin());
  std::copy_n(header.begin(), 3, data.begin() + 8);
  store_u16(&data[11], kAlertSize);
  return data;
}

}  // namespace

std::unique_ptr<DtlsAlerts> DtlsAlerts::take_over(ssl_st& ssl, bool is_server) {
  const SSL_CIPHER* const suite = SSL_get_current_cipher(&ssl);
  if (suite == nullptr || SSL_version(&ssl) != DTLS1_2_VERSION) return nullptr;
  const int cipher = SSL_CIPHER_get_cipher_nid(suite);
  Aead aead = Aead::kAes128Gcm;
  if (cipher == NID_aes_256_gcm) {
    aead = Aead::kAes256Gcm;
  } else if (cipher == NID_chacha20_poly1305) {
    aead = Aead::kChaCha20Poly1305;
  } else if (cipher != NID_aes_128_gcm) {
    return nullptr;
  }
  std::unique_ptr<DtlsAlerts> alerts(new DtlsAlerts(aead));
  if (!alerts->derive(ssl, is_server)) return nullptr;
  return alerts;
}

DtlsAlerts::~DtlsAlerts() {
  OPENSSL_cleanse(&send_, sizeof send_);
  OPENSSL_cleanse(&receive_, sizeof receive_);
}

// RFC 5246 section 6.3: PRF(master_secret, "key expansion", server_random + client_random), cut into client key, server
// key, client IV, server IV; AEAD suites have no MAC keys.
bool DtlsAlerts::derive(ssl_st& ssl, bool is_server) {
  constexpr std::string_view kLabel = "key expansion";
  std::array<uint8_t, kLabel.size() + size_t{2} * SSL3_RANDOM_SIZE> seed;
  std::copy(kLabel.begin(), kLabel.end(), seed.begin());
  SSL_get_server_random(&ssl, &seed[kLabel.size()], SSL3_RANDOM_SIZE);
  SSL_get_client_random(&ssl, &seed[kLabel.size() + SSL3_RANDOM_SIZE], SSL3_RANDOM_SIZE);
  std::array<uint8_t, SSL_MAX_MASTER_KEY_LENGTH> secret;
  const size_t secret_size = SSL_SESSION_get_master_key(SSL_get_session(&ssl), secret.data(), secret.size());
  const EVP_MD* const digest = SSL_CIPHER_get_handshake_digest(SSL_get_current_cipher(&ssl));
  std::array<uint8_t, 2 * (kKeyMax + kIvMax)> block;
  const MutableBytes used = MutableBytes(block).first(2 * (key_size() + iv_size()));
  const bool is_derived = digest != nullptr && secret_size > 0 &&
                          prf(EVP_MD_get0_name(digest), MutableBytes(secret).first(secret_size), seed, used);
  OPENSSL_cleanse(secret.data(), secret.size());
  Direction& client = is_server ? receive_ : send_;
  Direction& server = is_server ? send_ : receive_;
  ByteReader reader(used);
  std::ranges::copy(reader.bytes(key_size()), client.key.begin());
  std::ranges::copy(reader.bytes(key_size()), server.key.begin());
  std::ranges::copy(reader.bytes(iv_size()), client.iv.begin());
  std::ranges::copy(reader.bytes(iv_size()), server.iv.begin());
  OPENSSL_cleanse(block.data(), block.size());
  if (!is_derived) ERR_clear_error();
  return is_derived;
}

std::optional<DtlsAlerts::Alert> DtlsAlerts::find(ByteView datagram) const {
  ByteReader reader(datagram);
  while (reader.remaining() > 0) {
    const ByteView header = reader.bytes(kHeaderSize);
    if (reader.failed()) return std::nullopt;
    const ByteView fragment = reader.bytes(load_u16(&header[kLengthAt]));
    if (reader.failed()) return std::nullopt;
    std::array<uint8_t, kAlertSize> alert{};
    if (header[0] != kAlertType || load_u16(&header[1]) != kVersion || load_u16(&header[kEpochAt]) != kEpoch) continue;
    if (!open(header, fragment, alert)) continue;
    if (alert[1] == kCloseNotifyDescription) return Alert::kCloseNotify;
    if (alert[0] == kFatalLevel) return Alert::kFatal;
  }
  return std::nullopt;
}

size_t DtlsAlerts::write_close_notify(MutableBytes out) {
  const size_t fragment_size = explicit_nonce_size() + kAlertSize + kTagSize;
  if (has_closed_ || out.size() < kHeaderSize + fragment_size) return 0;
  out[0] = kAlertType;
  store_u16(&out[1], kVersion);
  store_u16(&out[kEpochAt], kEpoch);
  store_u16(&out[kEpochAt + 2], kSequenceUpper);
  store_u32(&out[kEpochAt + 4], kSequenceLower);
  store_u16(&out[kLengthAt], static_cast<uint16_t>(fragment_size));
  // RFC 5288 section 3 leaves the explicit nonce to the sender. OpenSSL counts up from a random one; that its few come
  // to be this one has a chance of 2^-60.
  if (explicit_nonce_size() > 0) std::copy_n(out.begin() + kEpochAt, 8, out.begin() + kHeaderSize);
  if (!seal(out.first(kHeaderSize), out.subspan(kHeaderSize, fragment_size), {kWarning, kCloseNotifyDescription})) {
    return 0;
  }
  has_closed_ = true;
  return kHeaderSize + fragment_size;
}

std::array<uint8_t, DtlsAlerts::kIvMax> DtlsAlerts::nonce(const Direction& direction, ByteView epoch_and_sequence,
                                                          ByteView explicit_nonce) const {
  std::array<uint8_t, kIvMax> out = direction.iv;
  if (aead_ == Aead::kChaCha20Poly1305) {
    // RFC 7905 section 2: the number, padded to the left, XORed with the IV.
    for (size_t i = 0; i < epoch_and_sequence.size(); ++i) out[4 + i] ^= epoch_and_sequence[i];
  } else {
    std::ranges::copy(explicit_nonce, out.begin() + 4);
  }
  return out;
}

namespace {

const EVP_CIPHER* cipher_of(size_t key_size, size_t explicit_nonce_size) {
  if (explicit_nonce_size == 0) return EVP_chacha20_poly1305();
  return key_size == 16 ? EVP_aes_128_gcm() : EVP_aes_256_gcm();
}

}  // namespace

bool DtlsAlerts::open(ByteView header, ByteView fragment, std::array<uint8_t, 2>& alert) const {
  if (fragment.size() != explicit_nonce_size() + kAlertSize + kTagSize) return false;
  const ByteView text = fragment.subspan(explicit_nonce_size(), kAlertSize);
  std::array<uint8_t, kTagSize> tag;
  std::ranges::copy(fragment.last(kTagSize), tag.begin());
  const auto iv = nonce(receive_, header.subspan(kEpochAt, 8), fragment.first(explicit_nonce_size()));
  const auto data = additional_data(header);
  const CipherContext context(EVP_CIPHER_CTX_new());
  int size = 0;
  const bool is_authentic =
      context != nullptr &&
      EVP_DecryptInit_ex(context.get(), cipher_of(key_size(), explicit_nonce_size()), nullptr, receive_.key.data(),
                         iv.data()) == 1 &&
      EVP_DecryptUpdate(context.get(), nullptr, &size, data.data(), static_cast<int>(data.size())) == 1 &&
      EVP_DecryptUpdate(context.get(), alert.data(), &size, text.data(), static_cast<int>(text.size())) == 1 &&
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_TAG, static_cast<int>(tag.size()), tag.data()) == 1 &&
      EVP_DecryptFinal_ex(context.get(), nullptr, &size) == 1;
  if (!is_authentic) ERR_clear_error();
  return is_authentic;
}

bool DtlsAlerts::seal(ByteView header, MutableBytes fragment, const std::array<uint8_t, 2>& alert) const {
  const auto iv = nonce(send_, header.subspan(kEpochAt, 8), fragment.first(explicit_nonce_size()));
  const auto data = additional_data(header);
  const MutableBytes text = fragment.subspan(explicit_nonce_size(), kAlertSize);
  const MutableBytes tag = fragment.last(kTagSize);
  const CipherContext context(EVP_CIPHER_CTX_new());
  int size = 0;
  return context != nullptr &&
         EVP_EncryptInit_ex(context.get(), cipher_of(key_size(), explicit_nonce_size()), nullptr, send_.key.data(),
                            iv.data()) == 1 &&
         EVP_EncryptUpdate(context.get(), nullptr, &size, data.data(), static_cast<int>(data.size())) == 1 &&
         EVP_EncryptUpdate(context.get(), text.data(), &size, alert.data(), static_cast<int>(alert.size())) == 1 &&
         EVP_EncryptFinal_ex(context.get(), text.data() + text.size(), &size) == 1 &&
         EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_GET_TAG, static_cast<int>(tag.size()), tag.data()) == 1;
}

}  // namespace eir
