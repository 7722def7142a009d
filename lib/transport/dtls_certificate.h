#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "lib/base/bytes.h"

struct x509_st;
struct evp_pkey_st;

namespace eir {

// The hash functions that Eir accepts in a=fingerprint (RFC 8122 section 5). SHA-1 and MD5 are refused.
enum class FingerprintHash : uint8_t { kSha256, kSha384, kSha512 };

// A certificate's fingerprint, as SDP carries it. A value.
struct CertificateFingerprint {
  FingerprintHash hash = FingerprintHash::kSha256;
  std::array<uint8_t, 64> bytes{};  // the first size() bytes count, the rest is 0

  size_t size() const;
  ByteView view() const { return ByteView(bytes).first(size()); }
  // "sha-256", "sha-384" or "sha-512".
  std::string_view algorithm() const;
  // "AA:BB:…", upper case (RFC 8122 section 5).
  std::string text() const;
  // The two tokens of an a=fingerprint line; algorithm and digits in either case. Nothing for weaker or unknown hashes.
  static std::optional<CertificateFingerprint> parse(std::string_view algorithm, std::string_view text);

  bool operator==(const CertificateFingerprint&) const = default;
};

// Nothing if OpenSSL cannot encode the certificate.
std::optional<CertificateFingerprint> fingerprint_of(const x509_st& certificate, FingerprintHash hash);

// A key pair on P-256 and its self-signed certificate: what Eir shows as its DTLS identity. One per worker process,
// made when it starts; nobody checks names or dates in WebRTC, the fingerprint in the SDP is the identity (RFC 8827
// section 6.5).
class DtlsCertificate {
 public:
  // CN "eir", random serial, valid from a day before `unix_seconds` (clocks differ) for a year after it. The time is an
  // argument because lib/ reads no clock. Randomness is OpenSSL's: keys come from nowhere else.
  static DtlsCertificate generate(int64_t unix_seconds);
  // Certificate and private key in one text, in either order. Nothing if either is missing or they do not belong
  // together.
  static std::optional<DtlsCertificate> from_pem(std::string_view pem);
  // Certificate, then private key (PKCS #8, not encrypted): a secret.
  std::string to_pem() const;

  // SHA-256, for a=fingerprint.
  const CertificateFingerprint& fingerprint() const { return fingerprint_; }

  x509_st* x509() const { return x509_.get(); }
  evp_pkey_st* private_key() const { return key_.get(); }

 private:
  struct FreeX509 {
    void operator()(x509_st* certificate) const;
  };
  struct FreeKey {
    void operator()(evp_pkey_st* key) const;
  };
  using X509Ptr = std::unique_ptr<x509_st, FreeX509>;
  using KeyPtr = std::unique_ptr<evp_pkey_st, FreeKey>;
  DtlsCertificate(X509Ptr x509, KeyPtr key);

  X509Ptr x509_;
  KeyPtr key_;
  CertificateFingerprint fingerprint_;
};

}  // namespace eir
