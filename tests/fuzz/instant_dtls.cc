// A DtlsSession without cryptography, for the targets that are about what comes after the handshake: one datagram each
// way, repeated like a real flight while it is lost, then keys that everybody knows. It defines all that
// lib/transport/dtls_session.cc does, so the linker leaves that out. The dtls target runs the real one.
#include "tests/fuzz/instant_dtls.h"

#include <openssl/ssl.h>

#include <algorithm>
#include <array>

#include "lib/base/check.h"

namespace eir {
namespace {

constexpr Duration kFirstRetransmission = 50ms;
constexpr Duration kLastRetransmission = 1s;
constexpr size_t kHeaderSize = 13;  // RFC 6347 section 4.1
constexpr uint8_t kAlert = 21;
constexpr uint8_t kHandshake = 22;

// A record of epoch 0 whose body is the certificate's fingerprint.
std::array<uint8_t, kHeaderSize + 64> record(uint8_t type, const CertificateFingerprint& own) {
  std::array<uint8_t, kHeaderSize + 64> bytes = {type, 0xfe, 0xfd};
  bytes[kHeaderSize - 1] = 64;
  std::copy(own.bytes.begin(), own.bytes.end(), bytes.begin() + kHeaderSize);
  return bytes;
}

}  // namespace

int dtls_verify_certificate(x509_store_ctx_st* /*chain*/, void* /*unused*/) { return 1; }

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
}

void DtlsSession::start(Timestamp now) {
  if (state_ != DtlsState::kConnecting || flight_.has_new()) return;
  give_up_at_ = now + options_.give_up_after;
  flight_.begin();
  EIR_CHECK(flight_.add(record(kHandshake, context_.fingerprint())));
  arm_retransmission(now);
}

void DtlsSession::handle_datagram(Timestamp now, ByteView datagram) {
  if (state_ == DtlsState::kClosed || state_ == DtlsState::kFailed) return;
  if (datagram.size() != kHeaderSize + 64) {
    ++counters_.malformed;
    return;
  }
  if (datagram[0] == kAlert && handshake_done_) return end(DtlsState::kClosed);
  if (datagram[0] != kHandshake) return;
  if (handshake_done_) return repeat_last_flight(now);
  handshake_done_ = true;
  retransmit_at_ = kNever;
  fingerprint_refused_ =
      expected_ && !std::equal(expected_->bytes.begin(), expected_->bytes.end(), datagram.begin() + kHeaderSize);
  if (role_ == DtlsRole::kServer) {
    give_up_at_ = now + options_.give_up_after;
    flight_.begin();
    EIR_CHECK(flight_.add(record(kHandshake, context_.fingerprint())));
  }
  if (expected_) release_keys_if_peer_matches();
}

void DtlsSession::release_keys_if_peer_matches() {
  if (fingerprint_refused_) return fail(DtlsFailure::kFingerprintMismatch);
  keys_ = fuzz::instant_keys(role_);
  state_ = DtlsState::kConnected;
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
  if (handshake_done_) {
    flight_.begin();
    EIR_CHECK(flight_.add(record(kAlert, context_.fingerprint())));
  }
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

void DtlsSession::fail(DtlsFailure reason) {
  failure_ = reason;
  end(DtlsState::kFailed);
}

void DtlsSession::end(DtlsState state) {
  state_ = state;
  keys_.reset();
}

void DtlsSession::arm_retransmission(Timestamp now) {
  retransmit_after_ = kFirstRetransmission;
  retransmit_at_ = now + retransmit_after_;
}

void DtlsSession::repeat_last_flight(Timestamp now) {
  if (role_ != DtlsRole::kServer || now < next_repeat_at_) return;
  flight_.repeat();
  ++counters_.retransmits;
  next_repeat_at_ = now + kFirstRetransmission;
}

}  // namespace eir
