#include "lib/client/client_transport.h"

#include <algorithm>
#include <utility>

namespace eir {
namespace {

constexpr size_t kEventsMax = 16;
// RFC 3550 section 5.1 and RFC 3550 section 6.4: where the sender's SSRC stands.
constexpr size_t kRtpSsrcAt = 8;
constexpr size_t kRtcpSsrcAt = 4;

}  // namespace

ClientTransport::ClientTransport(const DtlsContext& dtls, Random& random, const IceControllingOptions& ice)
    : context_(dtls), random_(random), ice_options_(ice), local_(make_ice_credentials(random)), events_(kEventsMax) {}

IceControllingConfig ClientTransport::ice_config(const IceCredentials& remote, std::vector<Path> pairs) const {
  return {.local = local_, .remote = remote, .pairs = std::move(pairs), .options = ice_options_};
}

void ClientTransport::connect(Timestamp now, const IceCredentials& remote, const CertificateFingerprint& expected,
                              std::vector<Path> pairs) {
  expected_ = expected;
  ice_.emplace(now, random_, ice_config(remote, std::move(pairs)));
  dtls_.emplace(context_, DtlsRole::kClient, expected);
}

void ClientTransport::restart(Timestamp now, const IceCredentials& remote, std::vector<Path> pairs) {
  if (ice_ && !is_closed_) ice_->restart(now, ice_config(remote, std::move(pairs)));
}

void ClientTransport::handle_stun(Timestamp now, ByteView datagram, const Path& path) {
  if (!ice_ || is_closed_) return;
  const auto message = StunMessage::parse(datagram);
  if (!message) return;
  ice_->handle_stun(now, *message, path);
  take_ice_events(now);
}

void ClientTransport::handle_dtls(Timestamp now, ByteView datagram) {
  if (!dtls_ || is_closed_) return;
  dtls_->handle_datagram(now, datagram);
  take_dtls_state();
}

void ClientTransport::handle_timeout(Timestamp now) {
  if (!ice_) return;
  if (now >= ice_->next_timeout()) {
    ice_->handle_timeout(now);
    take_ice_events(now);
  }
  if (now >= dtls_->next_timeout()) {
    dtls_->handle_timeout(now);
    take_dtls_state();
  }
}

Timestamp ClientTransport::next_timeout() const {
  if (!ice_ || is_closed_) return kNever;
  return std::min(ice_->next_timeout(), dtls_->next_timeout());
}

void ClientTransport::take_ice_events(Timestamp now) {
  while (const auto event = ice_->poll_event()) {
    if (std::holds_alternative<IceConnectionLost>(*event)) {
      close_with("ice_lost");
    } else if (!dtls_started_) {
      dtls_started_ = true;
      dtls_->start(now);
    }
    if (const auto* selected = std::get_if<IcePairSelected>(&*event)) {
      events_.push(ClientTransportSelected{selected->path});
    }
  }
}

void ClientTransport::take_dtls_state() {
  if (dtls_->state() == DtlsState::kConnected && !inbound_) {
    keys_ = dtls_->take_keys();
    if (!keys_) return;
    inbound_.emplace(SrtpSession::inbound(*keys_));
    if (!waiting_ssrcs_.empty()) open_outbound(std::exchange(waiting_ssrcs_, {}));
    events_.push(ClientTransportConnected{});
  }
  if (dtls_->state() == DtlsState::kFailed) close_with("dtls_failed");
  if (dtls_->state() == DtlsState::kClosed) close_with("close_notify");
}

void ClientTransport::close_with(std::string_view reason) {
  if (is_closed_) return;
  is_closed_ = true;
  events_.push(ClientTransportClosed{reason});
}

void ClientTransport::close(Timestamp now) {
  if (dtls_ && dtls_started_) dtls_->close(now);
  close_with("closed");
}

size_t ClientTransport::poll_transmit(MutableBytes out, Path& path) {
  if (!ice_) return 0;
  // After close() the close_notify still goes out, but no more checks.
  const Path* send_to = ice_->send_path();
  if (send_to != nullptr) {
    const ByteView datagram = dtls_->poll_transmit();
    if (!datagram.empty() && datagram.size() <= out.size()) {
      std::copy(datagram.begin(), datagram.end(), out.begin());
      path = *send_to;
      return datagram.size();
    }
  }
  return is_closed_ ? 0 : ice_->poll_transmit(out, path);
}

std::optional<ClientTransportEvent> ClientTransport::poll_event() {
  if (events_.empty()) return std::nullopt;
  return events_.pop();
}

void ClientTransport::add_ssrcs(std::span<const Ssrc> ssrcs) {
  std::vector<Ssrc> fresh;
  for (const Ssrc ssrc : ssrcs) {
    const auto same = [ssrc](const Outbound& known) { return known.ssrc == ssrc; };
    if (std::ranges::none_of(outbound_ssrcs_, same) && std::ranges::find(fresh, ssrc) == fresh.end()) {
      fresh.push_back(ssrc);
    }
  }
  if (fresh.empty()) return;
  if (keys_) return open_outbound(fresh);
  for (const Ssrc ssrc : fresh) {
    if (std::ranges::find(waiting_ssrcs_, ssrc) == waiting_ssrcs_.end()) waiting_ssrcs_.push_back(ssrc);
  }
}

void ClientTransport::open_outbound(std::span<const Ssrc> ssrcs) {
  outbound_.push_back(SrtpSession::outbound(*keys_, ssrcs));
  for (const Ssrc ssrc : ssrcs) outbound_ssrcs_.push_back({ssrc, outbound_.size() - 1});
}

SrtpSession* ClientTransport::find_outbound(uint32_t ssrc) {
  for (const Outbound& known : outbound_ssrcs_) {
    if (known.ssrc.value == ssrc) return &outbound_[known.session];
  }
  return nullptr;
}

bool ClientTransport::protect_rtp(MutableBytes buffer, size_t& size) {
  if (size < kRtpSsrcAt + 4) return false;
  SrtpSession* session = find_outbound(load_u32(&buffer[kRtpSsrcAt]));
  return session != nullptr && session->protect_rtp(buffer, size);
}

bool ClientTransport::protect_rtcp(MutableBytes buffer, size_t& size) {
  if (size < kRtcpSsrcAt + 4) return false;
  SrtpSession* session = find_outbound(load_u32(&buffer[kRtcpSsrcAt]));
  return session != nullptr && session->protect_rtcp(buffer, size);
}

SrtpStatus ClientTransport::unprotect_rtp(MutableBytes packet, size_t& size) {
  return inbound_ ? inbound_->unprotect_rtp(packet, size) : SrtpStatus::kFailed;
}

SrtpStatus ClientTransport::unprotect_rtcp(MutableBytes packet, size_t& size) {
  return inbound_ ? inbound_->unprotect_rtcp(packet, size) : SrtpStatus::kFailed;
}

std::optional<SrtpProfile> ClientTransport::srtp_profile() const {
  if (!keys_) return std::nullopt;
  return keys_->profile;
}

}  // namespace eir
