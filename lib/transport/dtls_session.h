#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "lib/base/bytes.h"
#include "lib/base/time.h"
#include "lib/transport/dtls_alerts.h"
#include "lib/transport/dtls_context.h"
#include "lib/transport/dtls_flight.h"
#include "lib/transport/srtp_keys.h"

struct ssl_st;
struct x509_st;
struct x509_store_ctx_st;

namespace eir {

enum class DtlsRole : uint8_t {
  kServer,  // "passive": Eir's role towards every client
  kClient,  // "active": lib/client
};

enum class DtlsState : uint8_t { kConnecting, kConnected, kClosed, kFailed };

enum class DtlsFailure : uint8_t {
  kNone,
  kFingerprintMismatch,  // the peer's certificate is not the one its SDP named
  kNoSrtpProfile,        // no use_srtp, or no profile in common
  kPeerAlert,            // the peer sent a fatal alert
  kProtocol,             // OpenSSL refused what came: version, cipher, missing certificate, broken message, …
  kTimeout,              // not done within Options::give_up_after
  kTooManyDatagrams,     // more than kHandshakeDatagramsMax
};

// One DTLS 1.2 association (RFC 6347) that exists to agree on SRTP keys (RFC 5764). Sans-IO: datagrams in by
// handle_datagram(), datagrams out by poll_transmit(), time as an argument.
// Owner: a Transport. The peer has proved its address (ICE) before anything is fed in, so there is no cookie exchange.
// Promise: no key leaves before the peer's certificate matched the expected fingerprint, in both roles.
// Timers: OpenSSL's own is off. The session keeps its last flight and sends it again after 50 ms, doubling up to 1 s,
// until it has a newer flight or is done (RFC 6347 section 4.2.4 asks for 1 s; browsers begin with 50 ms).
// Limits: kDatagramMax, kHandshakeMessageMax, kHandshakeDatagramsMax, DtlsFlight's; application data is dropped.
class DtlsSession {
 public:
  // Longest datagram sent: fits any IPv6 path, and is what browsers use.
  static constexpr long kMtu = 1200;
  // What a peer may send at once: one Ethernet frame.
  static constexpr size_t kDatagramMax = 1500;
  // Longest handshake message that is reassembled. OpenSSL holds up to 10 at once, so this bounds what a peer can make
  // it allocate. A ClientHello with ML-KEM takes 1.5 kB, an RSA-4096 certificate 1.5 kB.
  static constexpr size_t kHandshakeMessageMax = 8192;
  // Fed to OpenSSL before the handshake is done. A clean handshake takes 4; 30 s of repeats from a peer that
  // never hears us about 60 datagrams of 2 fragments.
  static constexpr size_t kHandshakeDatagramsMax = 512;

  // Records of epoch 1 that OpenSSL may hold until the keys are there: it keeps a read buffer of 17 kB with each of up
  // to 100. A Finished that overtook its flight is one such record; browsers repeat it after 50, 100 and 200 ms.
  static constexpr size_t kEarlyRecordsMax = 4;

  struct Options {
    Duration give_up_after = 30s;  // counted from start() or the first datagram
  };

  // Datagrams that were dropped, and why. For the Transport's counters.
  struct Counters {
    uint32_t malformed = 0;    // not DTLS records, or a record that does not fit its datagram
    uint32_t oversized = 0;    // over kDatagramMax, or a handshake message over kHandshakeMessageMax
    uint32_t retransmits = 0;  // flights sent again
  };

  DtlsSession(const DtlsContext& context, DtlsRole role, std::optional<CertificateFingerprint> expected = {});
  DtlsSession(const DtlsContext& context, DtlsRole role, std::optional<CertificateFingerprint> expected,
              Options options);
  ~DtlsSession();
  DtlsSession(const DtlsSession&) = delete;
  DtlsSession& operator=(const DtlsSession&) = delete;

  // May come after the handshake: until then the session stays kConnecting and holds its keys back. Once only.
  void set_expected_fingerprint(const CertificateFingerprint& expected);

  // Client role: sends the ClientHello.
  void start(Timestamp now);
  void handle_datagram(Timestamp now, ByteView datagram);
  void handle_timeout(Timestamp now);
  // Sends close_notify if connected; ends the session in any case.
  void close(Timestamp now);
  Timestamp next_timeout() const;

  // The next datagram to send, or an empty view. Valid until the next call of any other verb.
  ByteView poll_transmit() { return flight_.next(); }

  DtlsState state() const { return state_; }
  DtlsFailure failure() const { return failure_; }
  const Counters& counters() const { return counters_; }

  // Once, after kConnected; nothing before and ever after.
  std::optional<SrtpKeys> take_keys();

 private:
  friend struct DtlsBio;
  friend int dtls_verify_certificate(x509_store_ctx_st* chain, void* unused);
  struct FreeSsl {
    void operator()(ssl_st* ssl) const;
  };

  void create_ssl();
  void feed(Timestamp now, ByteView datagram);
  bool may_feed_early(size_t records);
  void advance(Timestamp now);
  void finish_handshake();
  void read_until_empty();
  void shed_ssl();
  void handle_late(ByteView datagram);
  void release_keys_if_peer_matches();
  bool peer_matches(const x509_st* certificate) const;
  bool export_keys();
  void handle_ssl_error(int result);
  void fail(DtlsFailure reason);
  void end(DtlsState state);
  void arm_retransmission(Timestamp now);
  void repeat_last_flight(Timestamp now);
  void send_close_notify();

  const DtlsContext& context_;
  DtlsRole role_;
  Options options_;
  DtlsState state_ = DtlsState::kConnecting;
  DtlsFailure failure_ = DtlsFailure::kNone;
  bool handshake_done_ = false;
  bool fingerprint_refused_ = false;  // by the certificate callback, which runs inside OpenSSL
  std::optional<CertificateFingerprint> expected_;
  std::unique_ptr<ssl_st, FreeSsl> ssl_;  // made with the first datagram, freed at the end: most of the memory
  std::unique_ptr<DtlsAlerts> alerts_;    // a connected server's, in place of ssl_
  ByteView incoming_;                     // the datagram that OpenSSL may read now
  DtlsFlight flight_;
  Timestamp give_up_at_ = kNever;
  Timestamp retransmit_at_ = kNever;
  Duration retransmit_after_{};
  Timestamp next_repeat_at_ = Timestamp::min();
  size_t handshake_datagrams_ = 0;
  size_t early_records_ = 0;
  Counters counters_;
  std::optional<SrtpKeys> keys_;
};

// What DtlsContext gives OpenSSL in place of X.509 path validation: the fingerprint, if it is known by then, else any.
int dtls_verify_certificate(x509_store_ctx_st* chain, void* unused);

}  // namespace eir
