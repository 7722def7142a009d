#include "lib/transport/dtls_certificate.h"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <algorithm>
#include <cctype>
#include <utility>

#include "lib/base/check.h"

namespace eir {
namespace {

struct HashName {
  FingerprintHash hash;
  std::string_view name;
  size_t size;
};
// RFC 8122 section 5, without sha-1, md5 and md2 (RFC 8827 section 6.5 wants at least SHA-256).
constexpr std::array kHashNames = {HashName{FingerprintHash::kSha256, "sha-256", 32},
                                   HashName{FingerprintHash::kSha384, "sha-384", 48},
                                   HashName{FingerprintHash::kSha512, "sha-512", 64}};

const HashName& entry(FingerprintHash hash) { return kHashNames[static_cast<size_t>(hash)]; }

const EVP_MD* digest_of(FingerprintHash hash) {
  switch (hash) {
    case FingerprintHash::kSha256:
      return EVP_sha256();
    case FingerprintHash::kSha384:
      return EVP_sha384();
    case FingerprintHash::kSha512:
      return EVP_sha512();
  }
  return nullptr;
}

char lower(char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); }

bool equals_ignoring_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return lower(x) == lower(y); });
}

std::optional<uint8_t> hex_digit(char c) {
  if (c >= '0' && c <= '9') return static_cast<uint8_t>(c - '0');
  if (lower(c) >= 'a' && lower(c) <= 'f') return static_cast<uint8_t>(lower(c) - 'a' + 10);
  return std::nullopt;
}

constexpr int64_t kDay = int64_t{24} * 60 * 60;  // seconds

// 127 random bits, so the number is positive (RFC 5280 section 4.1.2.2 allows 20 bytes).
bool set_random_serial(X509& certificate) {
  BIGNUM* number = BN_new();
  const bool ok = number != nullptr && BN_rand(number, 127, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY) == 1 &&
                  BN_to_ASN1_INTEGER(number, X509_get_serialNumber(&certificate)) != nullptr;
  BN_free(number);
  return ok;
}

bool set_dates(X509& certificate, int64_t unix_seconds) {
  const auto start = static_cast<time_t>(unix_seconds - kDay);
  const auto end = static_cast<time_t>(unix_seconds + 365 * kDay);
  return ASN1_TIME_set(X509_getm_notBefore(&certificate), start) != nullptr &&
         ASN1_TIME_set(X509_getm_notAfter(&certificate), end) != nullptr;
}

bool set_names(X509& certificate) {
  X509_NAME* name = X509_get_subject_name(&certificate);
  const auto* common_name = reinterpret_cast<const unsigned char*>("eir");
  return X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, common_name, -1, -1, 0) == 1 &&
         X509_set_issuer_name(&certificate, name) == 1;
}

constexpr long kX509Version3 = 2;  // RFC 5280 section 4.1.2.1 counts from 0

BIO* read_only(std::string_view text) { return BIO_new_mem_buf(text.data(), static_cast<int>(text.size())); }

// The key of DTLS is never encrypted on disk; without this OpenSSL would ask for a password on the terminal.
int no_password(char* /*buffer*/, int /*size*/, int /*writes*/, void* /*context*/) { return -1; }

}  // namespace

size_t CertificateFingerprint::size() const { return entry(hash).size; }
std::string_view CertificateFingerprint::algorithm() const { return entry(hash).name; }

std::string CertificateFingerprint::text() const {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string text;
  text.reserve(size() * 3);
  for (const uint8_t byte : view()) {
    if (!text.empty()) text += ':';
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

std::optional<CertificateFingerprint> CertificateFingerprint::parse(std::string_view algorithm, std::string_view text) {
  const auto* found = std::find_if(kHashNames.begin(), kHashNames.end(), [algorithm](const HashName& known) {
    return equals_ignoring_case(known.name, algorithm);
  });
  if (found == kHashNames.end() || text.size() != found->size * 3 - 1) return std::nullopt;
  CertificateFingerprint fingerprint;
  fingerprint.hash = found->hash;
  for (size_t i = 0; i < found->size; ++i) {
    const auto high = hex_digit(text[3 * i]);
    const auto low = hex_digit(text[3 * i + 1]);
    if (!high || !low || (i > 0 && text[3 * i - 1] != ':')) return std::nullopt;
    fingerprint.bytes[i] = static_cast<uint8_t>(*high << 4 | *low);
  }
  return fingerprint;
}

std::optional<CertificateFingerprint> fingerprint_of(const x509_st& certificate, FingerprintHash hash) {
  static_assert(std::tuple_size_v<decltype(CertificateFingerprint::bytes)> >= EVP_MAX_MD_SIZE);
  CertificateFingerprint fingerprint;
  fingerprint.hash = hash;
  unsigned size = 0;
  const bool ok = X509_digest(&certificate, digest_of(hash), fingerprint.bytes.data(), &size) == 1;
  if (!ok || size != fingerprint.size()) return std::nullopt;
  return fingerprint;
}

void DtlsCertificate::FreeX509::operator()(x509_st* certificate) const { X509_free(certificate); }
void DtlsCertificate::FreeKey::operator()(evp_pkey_st* key) const { EVP_PKEY_free(key); }

DtlsCertificate::DtlsCertificate(X509Ptr x509, KeyPtr key) : x509_(std::move(x509)), key_(std::move(key)) {
  const auto fingerprint = fingerprint_of(*x509_, FingerprintHash::kSha256);
  EIR_CHECK(fingerprint.has_value());
  fingerprint_ = *fingerprint;
}

DtlsCertificate DtlsCertificate::generate(int64_t unix_seconds) {
  KeyPtr key(EVP_EC_gen("P-256"));
  X509Ptr x509(X509_new());
  EIR_CHECK(key != nullptr && x509 != nullptr);
  EIR_CHECK(X509_set_version(x509.get(), kX509Version3) == 1);
  EIR_CHECK(set_random_serial(*x509) && set_dates(*x509, unix_seconds) && set_names(*x509));
  EIR_CHECK(X509_set_pubkey(x509.get(), key.get()) == 1);
  EIR_CHECK(X509_sign(x509.get(), key.get(), EVP_sha256()) > 0);
  return {std::move(x509), std::move(key)};
}

std::optional<DtlsCertificate> DtlsCertificate::from_pem(std::string_view pem) {
  constexpr size_t kPemMax = 65536;
  if (pem.size() > kPemMax) return std::nullopt;
  // Twice from the start, because each reader skips what is not its own.
  BIO* text = read_only(pem);
  X509Ptr x509(PEM_read_bio_X509(text, nullptr, no_password, nullptr));
  BIO_free(text);
  text = read_only(pem);
  KeyPtr key(PEM_read_bio_PrivateKey(text, nullptr, no_password, nullptr));
  BIO_free(text);
  if (x509 == nullptr || key == nullptr || X509_check_private_key(x509.get(), key.get()) != 1) return std::nullopt;
  return DtlsCertificate(std::move(x509), std::move(key));
}

std::string DtlsCertificate::to_pem() const {
  BIO* out = BIO_new(BIO_s_secmem());
  EIR_CHECK(out != nullptr && PEM_write_bio_X509(out, x509_.get()) == 1);
  EIR_CHECK(PEM_write_bio_PKCS8PrivateKey(out, key_.get(), nullptr, nullptr, 0, nullptr, nullptr) == 1);
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(out, &bytes);
  std::string pem(bytes, static_cast<size_t>(size));
  BIO_free(out);
  return pem;
}

}  // namespace eir
