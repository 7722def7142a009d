#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <optional>
#include <string_view>

#include "server/api/http_message.h"
#include "server/api/signalling.h"
#include "server/api/whip_resource.h"
#include "server/config/config.h"

namespace eir {

struct WhipCounters {
  // Sessions that were answered.
  uint64_t whip_sessions = 0;
  uint64_t whep_sessions = 0;
  // Posts refused because the participant had as many transports as it may.
  uint64_t over_limit = 0;
  // Posts refused for another reason: no right, or an offer that cannot be answered.
  uint64_t refused = 0;
  uint64_t ice_restarts = 0;
};

// /v1/whip/{c}[/{resource}] or /v1/whep/…
struct WhipPath {
  channel::SessionKind kind = channel::SessionKind::kWhip;
  ConsultationKey consultation;
  std::optional<WhipResourceKey> resource;
};
// Nothing for every other path; a malformed id is an unknown path.
std::optional<WhipPath> parse_whip_path(std::string_view path);

// WHIP (RFC 9725) and WHEP (draft-ietf-wish-whep-03): from HTTP to the transports of RoomBridge. The bearer is the
// session token of a participant; what it may send and receive is decided by its rights, as everywhere. Owned by
// Backend.
class WhipApi {
 public:
  WhipApi(const Config& config, Random& random, Consultations& consultations, RoomBridge& bridge,
          Signalling& signalling, const Clock& clock)
      : config_(config),
        random_(random),
        consultations_(consultations),
        bridge_(bridge),
        signalling_(signalling),
        clock_(clock) {}

  static bool is_mine(std::string_view path) { return path.starts_with("/v1/whip/") || path.starts_with("/v1/whep/"); }
  // Every request of a path that is_mine().
  boost::asio::awaitable<HttpAnswer> handle(const HttpRequest& request);
  const WhipCounters& counters() const { return counters_; }

 private:
  HttpAnswer options(const HttpRequest& request, const WhipPath& path) const;
  // Who asks, if they may be in this consultation at all.
  Result<ParticipantRef, Problem> identify(const HttpRequest& request, const WhipPath& path) const;
  std::optional<Problem> why_no_session(ParticipantRef who, const WhipPath& path, const HttpRequest& request) const;
  boost::asio::awaitable<HttpAnswer> post(ParticipantRef who, const WhipPath& path, const HttpRequest& request);
  // `resource` is read before the first wait only.
  boost::asio::awaitable<HttpAnswer> patch(ParticipantRef who, const WhipResource& resource,
                                           const HttpRequest& request);

  const Config& config_;
  Random& random_;
  Consultations& consultations_;
  RoomBridge& bridge_;
  Signalling& signalling_;
  const Clock& clock_;
  WhipCounters counters_;
};

}  // namespace eir
