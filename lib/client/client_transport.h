#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <variant>
#include <vector>

#include "lib/base/bytes.h"
#include "lib/base/ids.h"
#include "lib/base/path.h"
#include "lib/base/random.h"
#include "lib/base/ring.h"
#include "lib/base/time.h"
#include "lib/transport/dtls_context.h"
#include "lib/transport/dtls_session.h"
#include "lib/transport/ice_controlling.h"
#include "lib/transport/srtp_session.h"

namespace eir {

struct ClientTransportConnected {};
struct ClientTransportClosed {
  std::string_view reason;  // "dtls_failed", "close_notify", "ice_lost", "closed"
};
struct ClientTransportSelected {
  Path path;
};
using ClientTransportEvent = std::variant<ClientTransportConnected, ClientTransportClosed, ClientTransportSelected>;

// The client's end of the encrypted pipe: controlling ICE, DTLS client, SRTP. Owned by a Client. Sans-IO. DTLS starts
// on the first pair that answers a check.
class ClientTransport {
 public:
  ClientTransport(const DtlsContext& dtls, Random& random, const IceControllingOptions& ice);

  const CertificateFingerprint& fingerprint() const { return context_.fingerprint(); }
  const IceCredentials& local_ice() const { return local_; }
  // New local credentials; connect() or restart() puts them to use.
  void begin_ice_restart() { local_ = make_ice_credentials(random_); }

  bool is_started() const { return ice_.has_value(); }
  void connect(Timestamp now, const IceCredentials& remote, const CertificateFingerprint& expected,
               std::vector<Path> pairs);
  // Of ICE alone; keys and DTLS stay.
  void restart(Timestamp now, const IceCredentials& remote, std::vector<Path> pairs);

  void handle_stun(Timestamp now, ByteView datagram, const Path& path);
  void handle_dtls(Timestamp now, ByteView datagram);
  void handle_timeout(Timestamp now);
  Timestamp next_timeout() const;
  // STUN and DTLS that are due; 0 when there is none.
  size_t poll_transmit(MutableBytes out, Path& path);
  std::optional<ClientTransportEvent> poll_event();
  void close(Timestamp now);

  // Streams that this client sends. Each SSRC belongs to one outbound session for the life of the key, so those that
  // are known already stay where they are.
  void add_ssrcs(std::span<const Ssrc> ssrcs);
  [[nodiscard]] bool protect_rtp(MutableBytes buffer, size_t& size);
  [[nodiscard]] bool protect_rtcp(MutableBytes buffer, size_t& size);
  SrtpStatus unprotect_rtp(MutableBytes packet, size_t& size);
  SrtpStatus unprotect_rtcp(MutableBytes packet, size_t& size);

  const Path* send_path() const { return ice_ ? ice_->send_path() : nullptr; }
  bool is_connected() const { return inbound_.has_value() && !is_closed_; }
  bool is_closed() const { return is_closed_; }
  const IceControlling* ice() const { return ice_ ? &*ice_ : nullptr; }
  const DtlsSession* dtls() const { return dtls_ ? &*dtls_ : nullptr; }
  const CertificateFingerprint* expected_fingerprint() const { return expected_ ? &*expected_ : nullptr; }
  std::optional<SrtpProfile> srtp_profile() const;

 private:
  IceControllingConfig ice_config(const IceCredentials& remote, std::vector<Path> pairs) const;
  void take_ice_events(Timestamp now);
  void take_dtls_state();
  void open_outbound(std::span<const Ssrc> ssrcs);
  SrtpSession* find_outbound(uint32_t ssrc);
  void close_with(std::string_view reason);

  struct Outbound {
    Ssrc ssrc;
    size_t session = 0;  // in outbound_
  };

  const DtlsContext& context_;
  Random& random_;
  IceControllingOptions ice_options_;
  IceCredentials local_;
  std::optional<CertificateFingerprint> expected_;
  std::optional<IceControlling> ice_;
  std::optional<DtlsSession> dtls_;
  bool dtls_started_ = false;
  std::optional<SrtpKeys> keys_;
  std::optional<SrtpSession> inbound_;
  std::vector<SrtpSession> outbound_;
  std::vector<Outbound> outbound_ssrcs_;
  std::vector<Ssrc> waiting_ssrcs_;  // before the keys come
  bool is_closed_ = false;
  Ring<ClientTransportEvent> events_;
};

}  // namespace eir
