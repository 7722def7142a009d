#include "lib/transport/transport.h"

#include <algorithm>
#include <array>
#include <utility>

namespace eir {

Transport::Transport(Timestamp now, TransportId id, const DtlsContext& dtls, IceCredentials local)
    : id_(id), ice_(now, std::move(local)), dtls_(dtls, DtlsRole::kServer), tokens_at_(now) {}

void Transport::set_remote(std::string_view ufrag, const CertificateFingerprint& fingerprint) {
  ice_.set_remote_ufrag(ufrag);
  if (std::exchange(has_fingerprint_, true)) return;
  dtls_.set_expected_fingerprint(fingerprint);
  take_keys();
}

void Transport::restart_ice(Timestamp now, IceCredentials fresh) { ice_.restart(now, std::move(fresh)); }

StunOutcome Transport::handle_stun(Timestamp now, const StunMessage& message, const Path& path, MutableBytes reply) {
  return ice_.handle_binding_request(now, message, path, reply);
}

void Transport::handle_dtls(Timestamp now, ByteView datagram, const Path& path) {
  if (is_closed_ || !ice_.is_validated(path)) return;
  ++counters_.dtls_datagrams;
  dtls_path_ = path;
  dtls_.handle_datagram(now, datagram);
  take_keys();
  note_dtls_end();
}

void Transport::take_keys() {
  if (dtls_.state() != DtlsState::kConnected || keys_) return;
  keys_ = dtls_.take_keys();
  if (!keys_) return;
  inbound_.emplace(SrtpSession::inbound(*keys_));
  rtcp_out_.emplace(SrtpSession::outbound(*keys_, std::array{rtcp_ssrc_}));
  tell_connected_ = true;
}

void Transport::note_dtls_end() {
  switch (dtls_.state()) {
    case DtlsState::kConnecting:
    case DtlsState::kConnected:
      return;
    case DtlsState::kClosed:
      return close_with("close_notify");
    case DtlsState::kFailed:
      return close_with(dtls_.failure() == DtlsFailure::kFingerprintMismatch ? "fingerprint_mismatch" : "dtls_failed");
  }
}

void Transport::close_with(std::string_view reason) {
  if (std::exchange(is_closed_, true)) return;
  tell_closed_ = reason;
}

bool Transport::take_token(Timestamp now) {
  const Duration elapsed = std::min(now - tokens_at_, Duration(1s));
  const int64_t earned = elapsed.count() * kPacketsPerSecondMax / 1'000'000'000;
  if (earned > 0) {
    tokens_ = std::min(tokens_ + earned, kPacketBurst);
    tokens_at_ = now;
  }
  if (tokens_ == 0) {
    ++counters_.drop_rate;
    return false;
  }
  --tokens_;
  return true;
}

bool Transport::unprotect_rtp(Timestamp now, Packet& packet, const Path& path) {
  return unprotect(now, packet, path, false);
}

bool Transport::unprotect_rtcp(Timestamp now, Packet& packet, const Path& path) {
  return unprotect(now, packet, path, true);
}

bool Transport::unprotect(Timestamp now, Packet& packet, const Path& path, bool is_rtcp) {
  if (!inbound_) {
    ++counters_.drop_before_keys;
    return false;
  }
  if (is_closed_ || !take_token(now)) return false;
  size_t size = packet.size();
  counters_.bytes_received += size;
  const SrtpStatus status =
      is_rtcp ? inbound_->unprotect_rtcp(packet.bytes(), size) : inbound_->unprotect_rtp(packet.bytes(), size);
  if (!accept(now, status, path)) return false;
  ++(is_rtcp ? counters_.rtcp_packets : counters_.rtp_packets);
  packet.resize(size);
  return true;
}

bool Transport::accept(Timestamp now, SrtpStatus status, const Path& path) {
  switch (status) {
    case SrtpStatus::kOk:
      ice_.handle_authenticated_packet(now, path);
      return true;
    case SrtpStatus::kReplayed:
      ++counters_.drop_replayed;
      return false;
    case SrtpStatus::kMalformed:
      ++counters_.drop_malformed;
      return false;
    case SrtpStatus::kTooManySsrcs:
      ++counters_.drop_too_many_ssrcs;
      return false;
    case SrtpStatus::kAuthFailed:
    case SrtpStatus::kKeyExpired:
    case SrtpStatus::kFailed:
      ++counters_.drop_auth_failed;
      return false;
  }
  return false;
}

void Transport::forget_ssrc(Ssrc ssrc) {
  if (inbound_) inbound_->forget_ssrc(ssrc);
}

std::optional<SrtpSession> Transport::make_send_session(std::span<const Ssrc> ssrcs) const {
  if (!keys_) return std::nullopt;
  return SrtpSession::outbound(*keys_, ssrcs);
}

bool Transport::protect_rtcp(MutableBytes buffer, size_t& size) {
  return rtcp_out_ && rtcp_out_->protect_rtcp(buffer, size);
}

std::optional<SrtpProfile> Transport::srtp_profile() const {
  return keys_ ? std::optional(keys_->profile) : std::nullopt;
}

void Transport::handle_timeout(Timestamp now) {
  if (now >= ice_.next_timeout()) ice_.handle_timeout(now);
  if (now >= dtls_.next_timeout()) {
    dtls_.handle_timeout(now);
    note_dtls_end();
  }
}

Timestamp Transport::next_timeout() const { return std::min(ice_.next_timeout(), dtls_.next_timeout()); }

std::optional<TransportEvent> Transport::poll_event() {
  while (std::optional<IceLiteEvent> event = ice_.poll_event()) {
    if (auto* removed = std::get_if<IcePathRemoved>(&*event)) return TransportPathRemoved{removed->path};
    if (auto* retired = std::get_if<IceCredentialsRetired>(&*event)) {
      return TransportUfragRetired{std::move(retired->ufrag)};
    }
    if (std::holds_alternative<IceExpired>(*event)) close_with("consent_lost");
  }
  if (std::exchange(tell_connected_, false)) return TransportConnected{};
  if (!tell_closed_.empty()) return TransportClosed{std::exchange(tell_closed_, {})};
  return std::nullopt;
}

std::optional<Transport::Outgoing> Transport::poll_transmit() {
  const ByteView bytes = dtls_.poll_transmit();
  if (bytes.empty()) return std::nullopt;
  const Path* path = dtls_path_ && ice_.is_validated(*dtls_path_) ? &*dtls_path_ : ice_.send_path();
  if (path == nullptr) return std::nullopt;
  return Outgoing{bytes, *path};
}

void Transport::close(Timestamp now) {
  dtls_.close(now);
  is_closed_ = true;
}

}  // namespace eir
