#pragma once

#include <boost/asio/awaitable.hpp>
#include <string>

#include "server/api/credentials.h"
#include "server/api/http_message.h"
#include "server/api/rate_limit.h"
#include "server/api/routes.h"
#include "server/api/signalling.h"
#include "server/config/config.h"

namespace eir {

struct RestCounters {
  uint64_t requests = 0;
  uint64_t joins = 0;
  // Joins refused because the token was unknown, expired, used or revoked.
  uint64_t joins_refused = 0;
  uint64_t rate_limited = 0;
  uint64_t unauthorized = 0;
};

// The REST routes: from a request to the domain and back. Owned by Backend.
class RestApi {
 public:
  RestApi(const Config& config, Consultations& consultations, RoomBridge& bridge, Signalling& signalling,
          const Clock& clock);

  // Every path but /v1/signal, which the listener upgrades, and the static files.
  boost::asio::awaitable<HttpAnswer> handle(const HttpRequest& request);

  void set_credentials(Credentials credentials) { credentials_ = std::move(credentials); }
  // Running calls go on; nobody new comes in.
  void set_draining() { is_draining_ = true; }
  const RestCounters& counters() const { return counters_; }

 private:
  // Who asks: a tenant's service, or a participant.
  struct Caller {
    std::optional<TenantKey> tenant;
    std::optional<ParticipantRef> participant;
  };

  Result<Caller, Refusal> identify(const HttpRequest& request) const;
  HttpAnswer handle_service(const TenantKey& tenant, const Route& route, const HttpRequest& request);
  HttpAnswer create(const TenantKey& tenant, const HttpRequest& request);
  HttpAnswer add_seat(const TenantKey& tenant, const Route& route, const HttpRequest& request);
  HttpAnswer invite(const TenantKey& tenant, const Route& route, const HttpRequest& request);
  HttpAnswer join(const Route& route, const HttpRequest& request);
  // The consultation, if this caller may do this there.
  Result<const Consultation*, Refusal> authorise(const Caller& caller, const Route& route, Right right) const;
  HttpAnswer list_participants(const Consultation& consultation) const;
  boost::asio::awaitable<HttpAnswer> end(const Consultation& consultation, const HttpRequest& request);
  boost::asio::awaitable<HttpAnswer> decide(const Consultation& consultation, const Route& route,
                                            const HttpRequest& request);
  Result<void, Refusal> apply_decision(ParticipantRef who, RouteName name, MuteKinds kinds);

  const Config& config_;
  Consultations& consultations_;
  RoomBridge& bridge_;
  Signalling& signalling_;
  const Clock& clock_;
  Credentials credentials_;
  RateLimit joins_;
  SourceLimit failed_joins_;
  bool is_draining_ = false;
  RestCounters counters_;
};

}  // namespace eir
