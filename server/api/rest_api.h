#pragma once

#include <boost/asio/awaitable.hpp>
#include <string>

#include "server/api/credentials.h"
#include "server/api/event_stream.h"
#include "server/api/http_message.h"
#include "server/api/idempotency.h"
#include "server/api/rate_limit.h"
#include "server/api/recorder.h"
#include "server/api/routes.h"
#include "server/api/signalling.h"
#include "server/config/config.h"
#include "server/consultation/templates.h"

namespace eir {

struct AddSeatRequest;

struct RestCounters {
  uint64_t requests = 0;
  uint64_t joins = 0;
  // Joins refused because the token was unknown, expired, used or revoked.
  uint64_t joins_refused = 0;
  uint64_t rate_limited = 0;
  // Joins refused for the media workers' load.
  uint64_t joins_busy = 0;
  uint64_t unauthorized = 0;
  // Acts that the caller had no right to.
  uint64_t forbidden = 0;
};

// What the REST routes work on; everything outlives RestApi.
struct RestParts {
  const Config& config;
  const Templates& templates;
  Consultations& consultations;
  RoomBridge& bridge;
  Signalling& signalling;
  Recorder& recorder;
  Journal& journal;
  EventBell& bell;
  const Clock& clock;
  Random& random;
};

// The REST routes: from a request to the domain and back. Owned by Backend.
class RestApi {
 public:
  explicit RestApi(const RestParts& parts);

  // Every path but /v1/signal, which the listener upgrades, and the static files.
  boost::asio::awaitable<HttpAnswer> handle(const HttpRequest& request);

  void set_credentials(Credentials credentials) { credentials_ = std::move(credentials); }
  // The configuration's limits of joins are others now.
  void take_limits();
  // Running calls go on; nobody new comes in.
  void set_draining() { is_draining_ = true; }
  const RestCounters& counters() const { return counters_; }
  const IdempotencyCounters& idempotency_counters() const { return idempotency_.counters(); }

 private:
  // Who asks: a tenant's service, or a participant.
  struct Caller {
    Actor actor = Actor::system();
    std::optional<TenantKey> tenant;
    Scopes scopes;
    std::optional<ParticipantRef> participant;
  };
  Result<Caller, Refusal> identify(const HttpRequest& request) const;
  // Whether the caller may take this route; a participant's consultation is there if so.
  std::optional<Refusal> authorise(const Caller& caller, const Route& route) const;
  // Whether the consultation is the caller's and in memory, where alone it can change.
  bool is_there(const Caller& caller, const Route& route) const;
  void note_forbidden(const Caller& caller, const HttpRequest& request);
  std::optional<Problem> check_version(const Route& route, const HttpRequest& request) const;
  boost::asio::awaitable<HttpAnswer> read(const Caller& caller, const Route& route, const HttpRequest& request);
  boost::asio::awaitable<HttpAnswer> read_stored(const Caller& caller, const Route& route, const HttpRequest& request);

  boost::asio::awaitable<HttpAnswer> join(const Route& route, const HttpRequest& request);
  HttpAnswer joined_answer(const Joined& joined, const HttpRequest& request) const;

  // rest_acts.cc: a change, its way to the disk and to the media workers.
  boost::asio::awaitable<HttpAnswer> change(const Caller& caller, const Route& route, const HttpRequest& request);
  // Once for each Idempotency-Key.
  boost::asio::awaitable<HttpAnswer> change_once(const Caller& caller, const Route& route, const HttpRequest& request);
  std::optional<Problem> why_not_now(const Caller& caller, const Route& route, const HttpRequest& request) const;
  // When it is on disk and a media worker has confirmed what concerns it: nothing, or what went wrong.
  boost::asio::awaitable<std::optional<Problem>> settle(const Route& route, uint16_t status);
  boost::asio::awaitable<std::optional<Problem>> sync(const Route& route);
  // One change of the domain, and what is answered if it gets on disk.
  HttpAnswer act(const Caller& caller, const Route& route, const HttpRequest& request);
  HttpAnswer act_by_route(const Caller& caller, const Route& route, const HttpRequest& request);
  HttpAnswer act_on_consultation(const Caller& caller, const Route& route, const HttpRequest& request);
  HttpAnswer act_on_participant(const Caller& caller, const Route& route, const HttpRequest& request);
  std::optional<Problem> decide(const Caller& caller, const Route& route, const HttpRequest& request);
  HttpAnswer create(const Caller& caller, const HttpRequest& request);
  HttpAnswer add_seat(const Caller& caller, const Route& route, const HttpRequest& request);
  HttpAnswer add_invited_seat(const Caller& caller, const Route& route, const HttpRequest& request,
                              const AddSeatRequest& wanted);
  HttpAnswer invite(const Caller& caller, const Route& route, const HttpRequest& request);
  HttpAnswer revoke(const Caller& caller, const Route& route);

  RestParts parts_;
  Credentials credentials_;
  RateLimit joins_;
  SourceLimit failed_joins_;
  // Refused acts that go to the audit: enough to see an attempt, too few to fill a disk.
  RateLimit refusals_;
  Idempotency idempotency_;
  bool is_draining_ = false;
  RestCounters counters_;
};

}  // namespace eir
