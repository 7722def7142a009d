#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "lib/base/bytes.h"
#include "lib/base/ids.h"
#include "lib/transport/srtp_keys.h"

struct srtp_ctx_t_;

namespace eir {

enum class SrtpStatus : uint8_t {
  kOk,
  kMalformed,     // too short, or not RTP/RTCP version 2
  kAuthFailed,    // the tag does not match
  kReplayed,      // seen before, or older than the window
  kTooManySsrcs,  // authentic or not, it would be one SSRC more than kInboundSsrcsMax
  kKeyExpired,    // 2^48 packets or 2^31 SRTCP packets under one key
  kFailed,        // anything else libsrtp says; counted, never expected
};

// One direction of SRTP and SRTCP (RFC 3711, RFC 7714) under one master key: RAII around libsrtp's srtp_t.
// Owner: a Transport has one inbound session, and one outbound session per slot (media + RTX) plus one for the SSRC of
// its own feedback. libsrtp walks a list to find an SSRC, so sessions stay small.
// Promise: a packet that is refused changes nothing, in the session or in its own bytes beyond what decryption touched.
// Limit: an outbound SSRC belongs to exactly one session for the life of the key. Rollover counter and SRTCP index live
// here, so the same SSRC in two sessions would use an AES-GCM nonce twice, which breaks the key. Therefore the sender
// reports of a slot are protected by the slot's session, and every other RTCP of a Transport by its one RTCP session.
// install_srtp_engine() must have been called.
class SrtpSession {
 public:
  // Bytes that protect adds at the end: the GCM tag (16), or HMAC-SHA1-80 (10); SRTCP adds E flag and index (4).
  static constexpr size_t kRtpOverheadMax = 16;
  static constexpr size_t kRtcpOverheadMax = 20;
  // hardening.md asks for ≥1024 packets: 1 s of 8 Mbit/s. SRTCP's window is libsrtp's own 128.
  static constexpr size_t kReplayWindow = 1024;
  // What one peer can make a session hold: 4 tracks × 3 layers × (media + RTX), and RTCP's.
  static constexpr size_t kInboundSsrcsMax = 48;

  // Any SSRC the peer authenticates, up to kInboundSsrcsMax; uses keys.remote.
  static SrtpSession inbound(const SrtpKeys& keys);
  // Just these SSRCs; uses keys.local.
  static SrtpSession outbound(const SrtpKeys& keys, std::span<const Ssrc> ssrcs);

  SrtpSession(SrtpSession&& other) noexcept;
  SrtpSession& operator=(SrtpSession&& other) noexcept;
  ~SrtpSession();

  // `buffer` begins with the packet of `size` bytes and has room for the overhead behind it; on success `size` grows.
  // False: the packet is malformed, the room too small, the SSRC not of this session, or the index used before.
  [[nodiscard]] bool protect_rtp(MutableBytes buffer, size_t& size);
  [[nodiscard]] bool protect_rtcp(MutableBytes buffer, size_t& size);

  // `packet` is decrypted in place; on kOk `size` is the length of the plain packet, else it is untouched.
  SrtpStatus unprotect_rtp(MutableBytes packet, size_t& size);
  SrtpStatus unprotect_rtcp(MutableBytes packet, size_t& size);

  // Inbound: frees the place of a stream that ended (BYE, timeout). Its replay window goes with it, so the caller must
  // not take that SSRC again as a *new* stream on the strength of old packets alone.
  void forget_ssrc(Ssrc ssrc);
  size_t inbound_ssrcs() const { return known_ssrcs_.size(); }

 private:
  SrtpSession(srtp_ctx_t_* context, bool is_inbound);
  bool may_enter(uint32_t ssrc);
  void remember(uint32_t ssrc);

  srtp_ctx_t_* context_ = nullptr;
  bool is_inbound_ = false;
  uint32_t last_ssrc_ = 0;  // the stream of the packet before: most packets need no search
  std::vector<uint32_t> known_ssrcs_;
};

}  // namespace eir
