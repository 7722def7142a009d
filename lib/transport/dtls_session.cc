#include "lib/transport/dtls_session.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "lib/base/check.h"
#include "lib/transport/dtls_bio.h"
#include "lib/transport/dtls_records.h"

namespace eir {
namespace {

// Browsers begin with 50 ms; RFC 6347 section 4.2.4.1 doubles. 1 s at most, because a person is waiting.
constexpr Duration kFirstRetransmission = 50ms;
constexpr Duration kLastRetransmission = 1s;

// OpenSSL's own timer reads the wall clock; an hour puts it out of the way. Microseconds.
unsigned never_expires(SSL* /*ssl*/, unsigned /*previous_us*/) { return 3'600'000'000U; }

// How often OpenSSL is asked to go on with one datagram; a browser's fullest holds 5 records.
constexpr int kRecordsPerDatagramMax = 16;

constexpr std::string_view kExporterLabel = "EXTRACTOR-dtls_srtp";  // RFC 5764 section 4.2

std::optional<SrtpProfile> negotiated_profile(SSL* ssl) {
  const SRTP_PROTECTION_PROFILE* chosen = SSL_get_selected_srtp_profile(ssl);
  if (chosen == nullptr) return std::nullopt;
  const auto* found = std::find_if(kAllSrtpProfiles.begin(), kAllSrtpProfiles.end(), [chosen](SrtpProfile profile) {
    return static_cast<unsigned long>(profile) == chosen->id;
  });
  if (found == kAllSrtpProfiles.end()) return std::nullopt;
  return *found;
}

}  // namespace

int dtls_verify_certificate(x509_store_ctx_st* chain, void* /*unused*/) {
  auto* ssl = static_cast<SSL*>(X509_STORE_CTX_get_ex_data(chain, SSL_get_ex_data_X509_STORE_CTX_idx()));
  auto& session = *static_cast<DtlsSession*>(SSL_get_app_data(ssl));
  const X509* certificate = X509_STORE_CTX_get0_cert(chain);
  if (!session.expected_ || (certificate != nullptr && session.peer_matches(certificate))) return 1;
  session.fingerprint_refused_ = true;
  // RFC 8122 section 6.2: "the endpoint MUST … terminate the media connection with a bad_certificate error".
  X509_STORE_CTX_set_error(chain, X509_V_ERR_CERT_REJECTED);
  return 0;
}

void DtlsSession::FreeSsl::operator()(ssl_st* ssl) const { SSL_free(ssl); }

DtlsSession::DtlsSession(const DtlsContext& context, DtlsRole role, std::optional<CertificateFingerprint> expected)
    : DtlsSession(context, role, expected, Options()) {}

DtlsSession::DtlsSession(const DtlsContext& context, DtlsRole role, std::optional<CertificateFingerprint> expected,
                         Options options)
    : context_(context), role_(role), options_(options), expected_(expected) {}

DtlsSession::~DtlsSession() = default;

void DtlsSession::set_expected_fingerprint(const CertificateFingerprint& expected) {
  EIR_CHECK(!expected_.has_value());
  expected_ = expected;
  if (state_ == DtlsState::kConnecting && handshake_done_) release_keys_if_peer_matches();
  shed_ssl();
}

void DtlsSession::start(Timestamp now) {
  EIR_CHECK(role_ == DtlsRole::kClient);
  if (state_ != DtlsState::kConnecting || ssl_ != nullptr) return;
  give_up_at_ = now + options_.give_up_after;
  create_ssl();
  advance(now);
}

void DtlsSession::handle_datagram(Timestamp now, ByteView datagram) {
  if (state_ == DtlsState::kClosed || state_ == DtlsState::kFailed) return;
  if (datagram.size() > kDatagramMax) {
    ++counters_.oversized;
    return;
  }
  const DtlsDatagram inspected = inspect_dtls_datagram(datagram, kHandshakeMessageMax);
  const DtlsDatagramKind kind = inspected.kind;
  if (kind == DtlsDatagramKind::kMalformed) {
    ++counters_.malformed;
    return;
  }
  if (kind == DtlsDatagramKind::kOversized) {
    ++counters_.oversized;
    return;
  }
  if (ssl_ == nullptr && alerts_ == nullptr) {
    // Before start() a client has nothing to receive. A server's first datagram makes its state.
    if (role_ == DtlsRole::kClient || kind != DtlsDatagramKind::kHandshake) return;
    give_up_at_ = now + options_.give_up_after;
    create_ssl();
  }
  if (!handshake_done_ && ++handshake_datagrams_ > kHandshakeDatagramsMax) return fail(DtlsFailure::kTooManyDatagrams);

  if (handshake_done_) {
    if (alerts_ != nullptr) {
      handle_late(datagram);
    } else {
      feed(now, datagram);
    }
    if (kind == DtlsDatagramKind::kHandshake) repeat_last_flight(now);
    return;
  }
  const ByteView plain = datagram.first(inspected.epoch0_size);
  const ByteView encrypted = datagram.subspan(inspected.epoch0_size);
  if (!plain.empty()) feed(now, plain);
  if (!encrypted.empty() && state_ == DtlsState::kConnecting && may_feed_early(inspected.encrypted_records)) {
    feed(now, encrypted);
  }
}

void DtlsSession::handle_timeout(Timestamp now) {
  if (state_ != DtlsState::kConnecting) return;
  if (now >= give_up_at_) return fail(DtlsFailure::kTimeout);
  if (now < retransmit_at_) return;
  flight_.repeat();
  ++counters_.retransmits;
  retransmit_after_ = std::min<Duration>(2 * retransmit_after_, kLastRetransmission);
  retransmit_at_ = now + retransmit_after_;
}

void DtlsSession::close(Timestamp /*now*/) {
  if (state_ == DtlsState::kClosed || state_ == DtlsState::kFailed) return;
  if (handshake_done_) send_close_notify();
  end(DtlsState::kClosed);
}

Timestamp DtlsSession::next_timeout() const {
  return state_ == DtlsState::kConnecting ? std::min(give_up_at_, retransmit_at_) : kNever;
}

std::optional<SrtpKeys> DtlsSession::take_keys() {
  std::optional<SrtpKeys> keys = keys_;
  keys_.reset();
  return keys;
}

void DtlsSession::create_ssl() {
  ssl_.reset(SSL_new(context_.ssl_ctx()));
  BIO* bio = new_dtls_bio(context_.bio_method(), *this);
  EIR_CHECK(ssl_ != nullptr && bio != nullptr);
  SSL_set_bio(ssl_.get(), bio, bio);  // takes the one reference
  SSL_set_app_data(ssl_.get(), this);
  SSL_set_mtu(ssl_.get(), kMtu);
  DTLS_set_timer_cb(ssl_.get(), never_expires);
  if (role_ == DtlsRole::kClient) {
    SSL_set_connect_state(ssl_.get());
  } else {
    SSL_set_accept_state(ssl_.get());
  }
}

void DtlsSession::feed(Timestamp now, ByteView datagram) {
  // OpenSSL keeps record buffers of 19 kB; after the handshake they exist while a datagram is worked on.
  if (handshake_done_) EIR_CHECK(SSL_alloc_buffers(ssl_.get()) == 1);
  incoming_ = datagram;
  advance(now);
  incoming_ = {};
  if (handshake_done_ && ssl_ != nullptr) SSL_free_buffers(ssl_.get());
  shed_ssl();
}

// A server has thousands of these. What it still needs is little: its last flight is kept in any case, and alerts. (A
// client has few, and its SSL object shows in tests that both understand each other.)
void DtlsSession::shed_ssl() {
  if (role_ != DtlsRole::kServer || state_ != DtlsState::kConnected || ssl_ == nullptr) return;
  alerts_ = DtlsAlerts::take_over(*ssl_, true);
  if (alerts_ != nullptr) ssl_.reset();
}

void DtlsSession::handle_late(ByteView datagram) {
  flight_.begin();
  const std::optional<DtlsAlerts::Alert> alert = alerts_->find(datagram);
  if (!alert) return;
  switch (*alert) {
    case DtlsAlerts::Alert::kCloseNotify:
      return end(DtlsState::kClosed);
    case DtlsAlerts::Alert::kFatal:
      return fail(DtlsFailure::kPeerAlert);
  }
}

// Records of epoch 1 pass if OpenSSL can decrypt them now, that is after the peer's ChangeCipherSpec, else within the
// limit. A Finished that is dropped here comes again with its flight.
bool DtlsSession::may_feed_early(size_t records) {
  const OSSL_HANDSHAKE_STATE at = SSL_get_state(ssl_.get());
  if (at == TLS_ST_SR_CHANGE || at == TLS_ST_CR_CHANGE) return true;
  if (early_records_ + records > kEarlyRecordsMax) return false;
  early_records_ += records;
  return true;
}

// Lets OpenSSL work on `incoming_` until it wants more.
void DtlsSession::advance(Timestamp now) {
  ERR_clear_error();
  flight_.begin();
  // OpenSSL stops at a ChangeCipherSpec out of order, with the rest of the datagram unread.
  for (int tries = 0; tries < kRecordsPerDatagramMax && !handshake_done_ && ssl_ != nullptr; ++tries) {
    const int result = SSL_do_handshake(ssl_.get());
    if (result == 1) {
      finish_handshake();
    } else {
      handle_ssl_error(result);
    }
    if (incoming_.empty() && (ssl_ == nullptr || SSL_has_pending(ssl_.get()) == 0)) break;
  }
  if (handshake_done_ && ssl_ != nullptr) read_until_empty();
  if (state_ == DtlsState::kConnecting && !handshake_done_ && flight_.has_new()) arm_retransmission(now);
}

void DtlsSession::finish_handshake() {
  handshake_done_ = true;
  retransmit_at_ = kNever;
  // A client ends by hearing the server's last flight, so its own has arrived. A server keeps its last one, in case it
  // is lost (RFC 6347 section 4.2.4: "the node that transmits the last flight … MUST respond to a retransmit").
  if (role_ == DtlsRole::kClient) flight_.clear();
  if (expected_) release_keys_if_peer_matches();
}

// Alerts are handled inside; application data is nobody's yet.
void DtlsSession::read_until_empty() {
  std::array<uint8_t, kDatagramMax> dropped;
  for (;;) {
    const int result = SSL_read(ssl_.get(), dropped.data(), static_cast<int>(dropped.size()));
    if (result > 0) continue;
    handle_ssl_error(result);
    return;
  }
}

void DtlsSession::release_keys_if_peer_matches() {
  const X509* certificate = SSL_get0_peer_certificate(ssl_.get());
  if (certificate == nullptr || !peer_matches(certificate)) {
    send_close_notify();
    return fail(DtlsFailure::kFingerprintMismatch);
  }
  if (!export_keys()) {
    send_close_notify();
    return fail(DtlsFailure::kNoSrtpProfile);
  }
  state_ = DtlsState::kConnected;
}

bool DtlsSession::peer_matches(const x509_st* certificate) const {
  EIR_CHECK(expected_.has_value());
  return fingerprint_of(*certificate, expected_->hash) == *expected_;
}

// RFC 5764 section 4.2: client key, server key, client salt, server salt.
bool DtlsSession::export_keys() {
  const std::optional<SrtpProfile> profile = negotiated_profile(ssl_.get());
  if (!profile) return false;
  const size_t key_size = srtp_key_size(*profile);
  const size_t salt_size = srtp_salt_size(*profile);
  std::array<uint8_t, size_t{2} * (32 + 14)> material;
  const size_t size = 2 * (key_size + salt_size);
  if (SSL_export_keying_material(ssl_.get(), material.data(), size, kExporterLabel.data(), kExporterLabel.size(),
                                 nullptr, 0, 0) != 1) {
    return false;
  }
  keys_.emplace();
  keys_->profile = *profile;
  const bool is_client = role_ == DtlsRole::kClient;
  SrtpMasterKey& client = is_client ? keys_->local : keys_->remote;
  SrtpMasterKey& server = is_client ? keys_->remote : keys_->local;
  ByteReader reader(ByteView(material).first(size));
  std::ranges::copy(reader.bytes(key_size), client.key.begin());
  std::ranges::copy(reader.bytes(key_size), server.key.begin());
  std::ranges::copy(reader.bytes(salt_size), client.salt.begin());
  std::ranges::copy(reader.bytes(salt_size), server.salt.begin());
  OPENSSL_cleanse(material.data(), material.size());
  return true;
}

void DtlsSession::handle_ssl_error(int result) {
  const int error = SSL_get_error(ssl_.get(), result);
  if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) return;
  if (error == SSL_ERROR_ZERO_RETURN) return end(DtlsState::kClosed);  // close_notify
  if (fingerprint_refused_) return fail(DtlsFailure::kFingerprintMismatch);
  const bool is_alert = error == SSL_ERROR_SSL && ERR_GET_REASON(ERR_peek_error()) >= SSL_AD_REASON_OFFSET;
  fail(is_alert ? DtlsFailure::kPeerAlert : DtlsFailure::kProtocol);
}

void DtlsSession::send_close_notify() {
  ERR_clear_error();
  flight_.begin();
  if (alerts_ != nullptr) {
    std::array<uint8_t, DtlsAlerts::kRecordBytesMax> record;
    const size_t size = alerts_->write_close_notify(record);
    if (size > 0) flight_.add(ByteView(record).first(size));
    return;
  }
  EIR_CHECK(SSL_alloc_buffers(ssl_.get()) == 1);
  SSL_shutdown(ssl_.get());  // "not complete" until the peer's comes, for which nobody waits
}

void DtlsSession::fail(DtlsFailure reason) {
  failure_ = reason;
  end(DtlsState::kFailed);
}

// What is still in `flight_`, an alert for example, can be polled.
void DtlsSession::end(DtlsState state) {
  state_ = state;
  keys_.reset();
  ERR_clear_error();
  ssl_.reset();
  alerts_.reset();
}

void DtlsSession::arm_retransmission(Timestamp now) {
  retransmit_after_ = kFirstRetransmission;
  retransmit_at_ = now + retransmit_after_;
}

// A peer that still sends handshake records after our end has lost our last flight. OpenSSL sends it again if the
// record number is new to it, and then this has nothing to do; a repeat with the old numbers it drops as a replay.
void DtlsSession::repeat_last_flight(Timestamp now) {
  if (role_ != DtlsRole::kServer || state_ == DtlsState::kClosed || state_ == DtlsState::kFailed) return;
  if (flight_.has_new() || now < next_repeat_at_) return;
  flight_.repeat();
  ++counters_.retransmits;
  next_repeat_at_ = now + kFirstRetransmission;  // no more than the peer's own timer would ask for
}

}  // namespace eir
