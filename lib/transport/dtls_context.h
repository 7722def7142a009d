#pragma once

#include <memory>
#include <span>

#include "lib/transport/dtls_certificate.h"
#include "lib/transport/srtp_keys.h"

struct ssl_ctx_st;
struct bio_method_st;

namespace eir {

// What all DTLS sessions of one process share: OpenSSL's SSL_CTX with Eir's certificate and rules (DTLS 1.2, ECDHE with
// an AEAD, use_srtp, a certificate from the peer). Owned by the Router's owner; outlives its sessions.
class DtlsContext {
 public:
  // `profiles` in order of preference, at least one: policy leaves kAes128CmSha1_80 out where it is forbidden.
  explicit DtlsContext(const DtlsCertificate& certificate, std::span<const SrtpProfile> profiles = kAllSrtpProfiles);
  ~DtlsContext();
  DtlsContext(const DtlsContext&) = delete;
  DtlsContext& operator=(const DtlsContext&) = delete;

  const CertificateFingerprint& fingerprint() const { return fingerprint_; }

  ssl_ctx_st* ssl_ctx() const { return ssl_ctx_; }
  // The datagram BIO through which DtlsSession feeds and drains its SSL; see dtls_session.cc.
  const bio_method_st* bio_method() const { return bio_method_; }

 private:
  void forbid_what_webrtc_does_not_need();
  void require_peer_certificate();

  CertificateFingerprint fingerprint_;
  ssl_ctx_st* ssl_ctx_ = nullptr;
  bio_method_st* bio_method_ = nullptr;
};

}  // namespace eir
