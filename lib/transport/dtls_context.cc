#include "lib/transport/dtls_context.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <string>

#include "lib/base/check.h"
#include "lib/transport/dtls_bio.h"
#include "lib/transport/dtls_session.h"

namespace eir {
namespace {

// RFC 8827 section 6.5: "All implementations MUST support DTLS 1.2 with the
// TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 cipher suite"; "MUST favor cipher suites which support PFS"; AEAD only by
// RFC 9325 section 4.2. RSA ones for clients whose certificate is RSA.
constexpr const char* kCipherSuites =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
    "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
    "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";

// RFC 8827 section 6.5: P-256 must be supported; X25519 first because it is faster.
constexpr const char* kGroups = "X25519:P-256:P-384";

// RFC 9155 section 2 and 3: no SHA-1 signatures.
constexpr const char* kSignatureAlgorithms =
    "ECDSA+SHA256:ECDSA+SHA384:ECDSA+SHA512:RSA-PSS+SHA256:RSA-PSS+SHA384:RSA-PSS+SHA512:"
    "RSA+SHA256:RSA+SHA384:RSA+SHA512";

std::string use_srtp_list(std::span<const SrtpProfile> profiles) {
  std::string list;
  for (const SrtpProfile profile : profiles) {
    if (!list.empty()) list += ':';
    list += "SRTP_";
    list += srtp_profile_name(profile);
  }
  return list;
}

}  // namespace

DtlsContext::DtlsContext(const DtlsCertificate& certificate, std::span<const SrtpProfile> profiles)
    : fingerprint_(certificate.fingerprint()),
      ssl_ctx_(SSL_CTX_new(DTLS_method())),
      bio_method_(new_dtls_bio_method()) {
  EIR_CHECK(ssl_ctx_ != nullptr && bio_method_ != nullptr && !profiles.empty());
  // RFC 8996 section 5: "DTLS 1.0 MUST NOT be used". OpenSSL 3.0 has no DTLS 1.3.
  EIR_CHECK(SSL_CTX_set_min_proto_version(ssl_ctx_, DTLS1_2_VERSION) == 1);
  EIR_CHECK(SSL_CTX_set_max_proto_version(ssl_ctx_, DTLS1_2_VERSION) == 1);
  EIR_CHECK(SSL_CTX_set_cipher_list(ssl_ctx_, kCipherSuites) == 1);
  EIR_CHECK(SSL_CTX_set1_groups_list(ssl_ctx_, kGroups) == 1);
  EIR_CHECK(SSL_CTX_set1_sigalgs_list(ssl_ctx_, kSignatureAlgorithms) == 1);
  // RFC 5764 section 4.1.1: the server chooses one profile from the client's list; OpenSSL chooses by our order. (0 is
  // success here.)
  EIR_CHECK(SSL_CTX_set_tlsext_use_srtp(ssl_ctx_, use_srtp_list(profiles).c_str()) == 0);
  EIR_CHECK(SSL_CTX_use_certificate(ssl_ctx_, certificate.x509()) == 1);
  EIR_CHECK(SSL_CTX_use_PrivateKey(ssl_ctx_, certificate.private_key()) == 1);
  forbid_what_webrtc_does_not_need();
  require_peer_certificate();
}

DtlsContext::~DtlsContext() {
  SSL_CTX_free(ssl_ctx_);
  free_dtls_bio_method(bio_method_);
}

void DtlsContext::forbid_what_webrtc_does_not_need() {
  // RFC 8827 section 6.5: "Endpoints MUST NOT implement DTLS renegotiation and MUST reject it".
  SSL_CTX_set_options(ssl_ctx_, SSL_OP_NO_RENEGOTIATION);
  // RFC 5764 section 3 makes keys per association; a resumed session (RFC 5077) would skip the certificate, which
  // is the very thing the fingerprint checks.
  SSL_CTX_set_options(ssl_ctx_, SSL_OP_NO_TICKET);
  SSL_CTX_set_session_cache_mode(ssl_ctx_, SSL_SESS_CACHE_OFF);
  // RFC 9325 section 3.3: "implementations SHOULD NOT support TLS-level compression".
  SSL_CTX_set_options(ssl_ctx_, SSL_OP_NO_COMPRESSION);
  // RFC 6347 section 4.1.1.1 leaves the path MTU to the transport: Eir fixes it (DtlsSession), the BIO knows none.
  SSL_CTX_set_options(ssl_ctx_, SSL_OP_NO_QUERY_MTU);
  // RFC 9325 section 4.2.1: the server's order of suites decides.
  SSL_CTX_set_options(ssl_ctx_, SSL_OP_CIPHER_SERVER_PREFERENCE);
  // RFC 6347 section 4.2.3 lets a certificate be 2^24 bytes; no WebRTC certificate chain is near this.
  SSL_CTX_set_max_cert_list(ssl_ctx_, static_cast<long>(DtlsSession::kHandshakeMessageMax));
  // RFC 6347 section 4.1.1: a record fits one datagram. Smaller than OpenSSL's 16 kB, it saves 15 kB per session.
  EIR_CHECK(SSL_CTX_set_max_send_fragment(ssl_ctx_, DtlsSession::kMtu) == 1);
}

void DtlsContext::require_peer_certificate() {
  // RFC 5763 section 5: both ends present a certificate, so a server must ask for one.
  SSL_CTX_set_verify(ssl_ctx_, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  // RFC 8827 section 6.5: the certificate is self-signed and its names and dates mean nothing; the fingerprint is the
  // check. This takes the place of chain building: no X.509 path code sees a stranger's bytes.
  SSL_CTX_set_cert_verify_callback(ssl_ctx_, dtls_verify_certificate, nullptr);
}

}  // namespace eir
