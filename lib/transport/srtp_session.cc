#include "lib/transport/srtp_session.h"

#include <arpa/inet.h>
#include <openssl/crypto.h>
#include <srtp2/srtp.h>

#include <algorithm>
#include <array>
#include <utility>

#include "lib/base/check.h"

namespace eir {
namespace {

constexpr size_t kRtpHeaderSize = 12;  // RFC 3550 section 5.1
constexpr size_t kRtcpHeaderSize = 8;  // RFC 3550 section 6.4, up to the sender's SSRC
constexpr size_t kRtpSsrcAt = 8;
constexpr size_t kRtcpSsrcAt = 4;
constexpr size_t kPacketMax = 65535;  // a UDP datagram; keeps sizes well within libsrtp's int

bool is_version_2(ByteView packet) { return packet[0] >> 6 == 2; }

bool is_rtp(ByteView packet) {
  return packet.size() >= kRtpHeaderSize && packet.size() <= kPacketMax && is_version_2(packet);
}
bool is_rtcp(ByteView packet) {
  return packet.size() >= kRtcpHeaderSize && packet.size() <= kPacketMax && is_version_2(packet);
}

void set_crypto(srtp_policy_t& policy, SrtpProfile profile) {
  switch (profile) {
    case SrtpProfile::kAes128CmSha1_80:
      srtp_crypto_policy_set_rtp_default(&policy.rtp);
      srtp_crypto_policy_set_rtcp_default(&policy.rtcp);
      return;
    case SrtpProfile::kAeadAes128Gcm:
      srtp_crypto_policy_set_aes_gcm_128_16_auth(&policy.rtp);
      srtp_crypto_policy_set_aes_gcm_128_16_auth(&policy.rtcp);
      return;
    case SrtpProfile::kAeadAes256Gcm:
      srtp_crypto_policy_set_aes_gcm_256_16_auth(&policy.rtp);
      srtp_crypto_policy_set_aes_gcm_256_16_auth(&policy.rtcp);
      return;
  }
}

// Key and salt side by side, as libsrtp wants them; wiped when it goes.
struct KeyAndSalt {
  std::array<uint8_t, 46> bytes{};

  KeyAndSalt(SrtpProfile profile, const SrtpMasterKey& master) {
    const size_t key_size = srtp_key_size(profile);
    std::copy_n(master.key.begin(), key_size, bytes.begin());
    std::copy_n(master.salt.begin(), srtp_salt_size(profile), bytes.begin() + static_cast<std::ptrdiff_t>(key_size));
  }
  ~KeyAndSalt() { OPENSSL_cleanse(bytes.data(), bytes.size()); }
  KeyAndSalt(const KeyAndSalt&) = delete;
  KeyAndSalt& operator=(const KeyAndSalt&) = delete;
};

srtp_policy_t policy_for(SrtpProfile profile, KeyAndSalt& key) {
  srtp_policy_t policy{};
  set_crypto(policy, profile);
  policy.key = key.bytes.data();
  policy.window_size = SrtpSession::kReplayWindow;
  policy.allow_repeat_tx = 0;  // an index used twice under AES-GCM gives the key away
  return policy;
}

SrtpStatus status_of(srtp_err_status_t error) {
  switch (error) {
    case srtp_err_status_ok:
      return SrtpStatus::kOk;
    case srtp_err_status_auth_fail:
      return SrtpStatus::kAuthFailed;
    case srtp_err_status_replay_fail:
    case srtp_err_status_replay_old:
    case srtp_err_status_pkt_idx_old:
      return SrtpStatus::kReplayed;
    case srtp_err_status_bad_param:
    case srtp_err_status_parse_err:
    case srtp_err_status_cant_check:
      return SrtpStatus::kMalformed;
    case srtp_err_status_key_expired:
      return SrtpStatus::kKeyExpired;
    default:  // libsrtp's enum, not ours: whatever else a later version says
      return SrtpStatus::kFailed;
  }
}

}  // namespace

SrtpSession::SrtpSession(srtp_ctx_t_* context, bool is_inbound) : context_(context), is_inbound_(is_inbound) {}

SrtpSession SrtpSession::inbound(const SrtpKeys& keys) {
  KeyAndSalt key(keys.profile, keys.remote);
  srtp_policy_t policy = policy_for(keys.profile, key);
  policy.ssrc.type = ssrc_any_inbound;
  srtp_t context = nullptr;
  EIR_CHECK(srtp_create(&context, &policy) == srtp_err_status_ok);
  SrtpSession session(context, true);
  session.known_ssrcs_.reserve(kInboundSsrcsMax);
  return session;
}

SrtpSession SrtpSession::outbound(const SrtpKeys& keys, std::span<const Ssrc> ssrcs) {
  KeyAndSalt key(keys.profile, keys.local);
  srtp_policy_t policy = policy_for(keys.profile, key);
  policy.ssrc.type = ssrc_specific;
  srtp_t context = nullptr;
  EIR_CHECK(srtp_create(&context, nullptr) == srtp_err_status_ok);
  for (const Ssrc ssrc : ssrcs) {
    policy.ssrc.value = ssrc.value;
    EIR_CHECK(srtp_add_stream(context, &policy) == srtp_err_status_ok);
  }
  return {context, false};
}

SrtpSession::SrtpSession(SrtpSession&& other) noexcept
    : context_(std::exchange(other.context_, nullptr)),
      is_inbound_(other.is_inbound_),
      last_ssrc_(other.last_ssrc_),
      known_ssrcs_(std::move(other.known_ssrcs_)) {}

SrtpSession& SrtpSession::operator=(SrtpSession&& other) noexcept {
  std::swap(context_, other.context_);
  std::swap(is_inbound_, other.is_inbound_);
  std::swap(last_ssrc_, other.last_ssrc_);
  known_ssrcs_.swap(other.known_ssrcs_);
  return *this;
}

SrtpSession::~SrtpSession() {
  if (context_ != nullptr) srtp_dealloc(context_);  // wipes its keys
}

bool SrtpSession::protect_rtp(MutableBytes buffer, size_t& size) {
  EIR_DCHECK(!is_inbound_);
  if (size > buffer.size() || buffer.size() - size < kRtpOverheadMax || !is_rtp(buffer.first(size))) return false;
  int length = static_cast<int>(size);
  if (srtp_protect(context_, buffer.data(), &length) != srtp_err_status_ok) return false;
  size = static_cast<size_t>(length);
  return true;
}

bool SrtpSession::protect_rtcp(MutableBytes buffer, size_t& size) {
  EIR_DCHECK(!is_inbound_);
  if (size > buffer.size() || buffer.size() - size < kRtcpOverheadMax || !is_rtcp(buffer.first(size))) return false;
  int length = static_cast<int>(size);
  if (srtp_protect_rtcp(context_, buffer.data(), &length) != srtp_err_status_ok) return false;
  size = static_cast<size_t>(length);
  return true;
}

SrtpStatus SrtpSession::unprotect_rtp(MutableBytes packet, size_t& size) {
  EIR_DCHECK(is_inbound_);
  if (size > packet.size() || !is_rtp(packet.first(size))) return SrtpStatus::kMalformed;
  const uint32_t ssrc = load_u32(&packet[kRtpSsrcAt]);
  if (!may_enter(ssrc)) return SrtpStatus::kTooManySsrcs;
  int length = static_cast<int>(size);
  const SrtpStatus status = status_of(srtp_unprotect(context_, packet.data(), &length));
  if (status != SrtpStatus::kOk) return status;
  remember(ssrc);
  size = static_cast<size_t>(length);
  return status;
}

SrtpStatus SrtpSession::unprotect_rtcp(MutableBytes packet, size_t& size) {
  EIR_DCHECK(is_inbound_);
  if (size > packet.size() || !is_rtcp(packet.first(size))) return SrtpStatus::kMalformed;
  const uint32_t ssrc = load_u32(&packet[kRtcpSsrcAt]);
  if (!may_enter(ssrc)) return SrtpStatus::kTooManySsrcs;
  int length = static_cast<int>(size);
  const SrtpStatus status = status_of(srtp_unprotect_rtcp(context_, packet.data(), &length));
  if (status != SrtpStatus::kOk) return status;
  remember(ssrc);
  size = static_cast<size_t>(length);
  return status;
}

void SrtpSession::forget_ssrc(Ssrc ssrc) {
  const auto found = std::find(known_ssrcs_.begin(), known_ssrcs_.end(), ssrc.value);
  if (found == known_ssrcs_.end()) return;
  *found = known_ssrcs_.back();
  known_ssrcs_.pop_back();
  last_ssrc_ = known_ssrcs_.empty() ? 0 : known_ssrcs_.front();
  // Unlike srtp_policy_t, this call wants the SSRC as it stands in the packet: network byte order.
  EIR_CHECK(srtp_remove_stream(context_, htonl(ssrc.value)) == srtp_err_status_ok);
}

// May a packet of this SSRC be looked at? Nothing is remembered before it has proved authentic.
bool SrtpSession::may_enter(uint32_t ssrc) {
  if (known_ssrcs_.size() < kInboundSsrcsMax) return true;
  return std::find(known_ssrcs_.begin(), known_ssrcs_.end(), ssrc) != known_ssrcs_.end();
}

void SrtpSession::remember(uint32_t ssrc) {
  if (ssrc == last_ssrc_ && !known_ssrcs_.empty()) return;
  last_ssrc_ = ssrc;
  if (std::find(known_ssrcs_.begin(), known_ssrcs_.end(), ssrc) == known_ssrcs_.end()) known_ssrcs_.push_back(ssrc);
}

}  // namespace eir
