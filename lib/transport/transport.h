#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <variant>

#include "lib/base/ids.h"
#include "lib/base/packet.h"
#include "lib/base/path.h"
#include "lib/base/time.h"
#include "lib/transport/dtls_session.h"
#include "lib/transport/ice_lite.h"
#include "lib/transport/srtp_session.h"

namespace eir {

// Packets of a known path that went no further, by reason.
struct TransportCounters {
  uint64_t dtls_datagrams = 0;
  uint64_t rtp_packets = 0;          // authenticated
  uint64_t rtcp_packets = 0;         // authenticated
  uint64_t bytes_received = 0;       // SRTP and SRTCP after the keys came, authentic or not, as received
  uint64_t drop_before_keys = 0;     // SRTP or SRTCP before the handshake was done
  uint64_t drop_auth_failed = 0;     // wrong tag
  uint64_t drop_replayed = 0;        // seen before, or older than the replay window
  uint64_t drop_malformed = 0;       // not an RTP or RTCP packet
  uint64_t drop_too_many_ssrcs = 0;  // beyond SrtpSession::kInboundSsrcsMax
  uint64_t drop_rate = 0;            // beyond the token bucket of one transport
};

// The DTLS handshake is done and the peer is the one its SDP named.
struct TransportConnected {};
// The peer said close_notify, or the handshake failed, or ICE consent ran out: nothing more can pass.
struct TransportClosed {
  std::string_view reason;  // stable: "close_notify", "dtls_failed", "fingerprint_mismatch", "consent_lost"
};
// The owner's lookup of paths or of ufrags loses an entry.
struct TransportPathRemoved {
  Path path;
};
struct TransportUfragRetired {
  std::string ufrag;
};
using TransportEvent = std::variant<TransportConnected, TransportClosed, TransportPathRemoved, TransportUfragRetired>;

// One client's encrypted pipe: ICE-lite decides where packets may come from and go to, DTLS yields the keys, SRTP turns
// datagrams into packets and back. Owned by a Participant. Sans-IO, the four verbs of the house. Promise: a packet that
// fails authentication changes nothing but a counter.
class Transport {
 public:
  // A participant that sends more than this is cut off, not served: ten times what a 1080p simulcast sends.
  static constexpr int64_t kPacketsPerSecondMax = 8000;
  static constexpr int64_t kPacketBurst = 4000;

  Transport(Timestamp now, TransportId id, const DtlsContext& dtls, IceCredentials local);

  TransportId id() const { return id_; }
  // From the offer; again at every renegotiation. A changed ufrag is an ICE restart by the client: `fresh` are the new
  // local credentials. A changed fingerprint is refused by the caller (a new connection is needed).
  void set_remote(std::string_view ufrag, const CertificateFingerprint& fingerprint);
  void restart_ice(Timestamp now, IceCredentials fresh);

  // A STUN message for this transport; the reply is written to `reply`.
  StunOutcome handle_stun(Timestamp now, const StunMessage& message, const Path& path, MutableBytes reply);
  void handle_dtls(Timestamp now, ByteView datagram, const Path& path);
  // Decrypts in place; false: dropped and counted.
  bool unprotect_rtp(Timestamp now, Packet& packet, const Path& path);
  bool unprotect_rtcp(Timestamp now, Packet& packet, const Path& path);
  // A stream of the peer ended.
  void forget_ssrc(Ssrc ssrc);

  // Only once connected. One session per slot, so that finding the stream costs nothing.
  std::optional<SrtpSession> make_send_session(std::span<const Ssrc> ssrcs) const;
  // RTCP that belongs to no slot (reports and feedback to the publisher), from the transport's own SSRC.
  bool protect_rtcp(MutableBytes buffer, size_t& size);

  void handle_timeout(Timestamp now);
  Timestamp next_timeout() const;
  std::optional<TransportEvent> poll_event();
  // The next DTLS datagram and where it goes; empty when there is none. Valid until the next call of any verb.
  struct Outgoing {
    ByteView bytes;
    Path path;
  };
  std::optional<Outgoing> poll_transmit();
  // Sends close_notify if possible.
  void close(Timestamp now);

  // Where media goes; nullptr before the first valid check and after consent ran out.
  const Path* send_path() const { return is_closed_ ? nullptr : ice_.send_path(); }
  bool is_connected() const { return inbound_.has_value() && !is_closed_; }
  bool is_closed() const { return is_closed_; }
  IceLite& ice() { return ice_; }
  const IceLite& ice() const { return ice_; }
  const DtlsSession& dtls() const { return dtls_; }
  Ssrc rtcp_ssrc() const { return rtcp_ssrc_; }
  // The SSRC of Eir's own RTCP; before the keys come.
  void set_rtcp_ssrc(Ssrc ssrc) { rtcp_ssrc_ = ssrc; }
  std::optional<SrtpProfile> srtp_profile() const;
  const TransportCounters& counters() const { return counters_; }

 private:
  bool unprotect(Timestamp now, Packet& packet, const Path& path, bool is_rtcp);
  bool take_token(Timestamp now);
  bool accept(Timestamp now, SrtpStatus status, const Path& path);
  void take_keys();
  void note_dtls_end();
  void close_with(std::string_view reason);

  TransportId id_;
  IceLite ice_;
  DtlsSession dtls_;
  bool has_fingerprint_ = false;
  std::optional<Path> dtls_path_;  // where the last DTLS datagram came from: the answer goes there
  std::optional<SrtpKeys> keys_;   // kept for slots that a later offer adds
  std::optional<SrtpSession> inbound_;
  std::optional<SrtpSession> rtcp_out_;
  Ssrc rtcp_ssrc_;
  bool is_closed_ = false;
  bool tell_connected_ = false;
  std::string_view tell_closed_;
  int64_t tokens_ = kPacketBurst;
  Timestamp tokens_at_;
  TransportCounters counters_;
};

}  // namespace eir
