#include "server/api/rest_api.h"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include "server/api/json_write.h"
#include "server/api/requests.h"

namespace eir {

namespace asio = boost::asio;

namespace {

HttpAnswer answer_refusal(Refusal refusal) { return answer_problem(problem_of(refusal)); }

HttpAnswer answer_consultation(uint16_t status, const Consultation& consultation) {
  HttpAnswer answer = answer_json(status, boost::json::serialize(to_object(consultation)));
  answer.headers.emplace_back("ETag", '"' + std::to_string(consultation.version) + '"');
  return answer;
}

// Where the caller found us, unless configured.
std::string base_url(const Config& config, const HttpRequest& request) {
  if (!config.listeners.public_url.empty()) return config.listeners.public_url;
  return (request.is_tls ? "https://" : "http://") + request.host;
}

std::string signal_url(const HttpRequest& request) {
  return (request.is_tls ? "wss://" : "ws://") + request.host + "/v1/signal";
}

bool is_decision(RouteName name) {
  return name == RouteName::kAdmit || name == RouteName::kDeny || name == RouteName::kReturn ||
         name == RouteName::kMute || name == RouteName::kRemove;
}

}  // namespace

RestApi::RestApi(const Config& config, Consultations& consultations, RoomBridge& bridge, Signalling& signalling,
                 const Clock& clock)
    : config_(config),
      consultations_(consultations),
      bridge_(bridge),
      signalling_(signalling),
      clock_(clock),
      // Five seconds' worth at once: a large meeting opens its links together.
      joins_(config.limits.joins_per_second, 5.0 * config.limits.joins_per_second),
      // Only joins with a bad token count: who holds good ones may share one address with a whole hospital.
      failed_joins_(config.limits.joins_per_source_per_minute) {}

asio::awaitable<HttpAnswer> RestApi::handle(const HttpRequest& request) {
  ++counters_.requests;
  const auto found = find_route(request.method, request.path);
  if (const auto* none = std::get_if<NoRoute>(&found)) {
    if (none->allowed.empty()) co_return answer_problem({404, "not_found", ""});
    HttpAnswer refused = answer_problem({405, "method_not_allowed", ""});
    refused.headers.emplace_back("Allow", none->allowed);
    co_return refused;
  }
  const Route route = std::get<Route>(found);
  if (route.name == RouteName::kSignal) {
    co_return answer_problem({400, "bad_request", "this is a WebSocket with the subprotocol eir.v1"});
  }
  if (route.name == RouteName::kJoin || route.name == RouteName::kResume) {
    HttpAnswer answer = join(route, request);
    signalling_.drain_events();
    co_return answer;
  }
  const auto caller = identify(request);
  if (!caller) {
    ++counters_.unauthorized;
    co_return answer_refusal(caller.error());
  }
  const bool is_shared = route.name == RouteName::kEnd || route.name == RouteName::kParticipants;
  if (!is_shared && !is_decision(route.name)) {
    if (!caller->tenant) co_return answer_refusal(Refusal::kForbidden);
    co_return handle_service(*caller->tenant, route, request);
  }
  const Right right = route.name == RouteName::kEnd            ? Right::kEnd
                      : route.name == RouteName::kParticipants ? Right::kList
                                                               : Right::kModerate;
  const auto consultation = authorise(*caller, route, right);
  if (!consultation) co_return answer_refusal(consultation.error());
  if (route.name == RouteName::kParticipants) co_return list_participants(**consultation);
  if (route.name == RouteName::kEnd) co_return co_await end(**consultation, request);
  co_return co_await decide(**consultation, route, request);
}

Result<RestApi::Caller, Refusal> RestApi::identify(const HttpRequest& request) const {
  if (request.bearer.empty()) return Refusal::kUnauthorized;
  Caller caller;
  caller.tenant = credentials_.authenticate(request.bearer);
  if (caller.tenant) return caller;
  const auto who = consultations_.authenticate(clock_.now(), request.bearer);
  if (!who) return who.error();
  caller.participant = *who;
  return caller;
}

HttpAnswer RestApi::handle_service(const TenantKey& tenant, const Route& route, const HttpRequest& request) {
  if (route.name == RouteName::kCreate) return create(tenant, request);
  if (route.name == RouteName::kAddSeat) return add_seat(tenant, route, request);
  if (route.name == RouteName::kInvite) return invite(tenant, route, request);
  if (route.name == RouteName::kRevoke) {
    const auto revoked = consultations_.revoke(tenant, route.consultation, route.invitation);
    if (!revoked) return answer_refusal(revoked.error());
    HttpAnswer answer = answer_json(204, "");
    answer.content_type.clear();
    return answer;
  }
  const Consultation* consultation = consultations_.find(tenant, route.consultation);
  if (consultation == nullptr) return answer_refusal(Refusal::kNotFound);
  return answer_consultation(200, *consultation);
}

HttpAnswer RestApi::create(const TenantKey& tenant, const HttpRequest& request) {
  const auto parsed = parse_create(request.body);
  if (parsed.problem) return answer_problem(*parsed.problem);
  if (is_draining_) return answer_problem({503, "unavailable", "draining"});
  const auto made = consultations_.create(tenant, *parsed.value.kind, parsed.value.seats);
  if (!made) return answer_refusal(made.error());
  HttpAnswer answer = answer_consultation(201, **made);
  answer.headers.emplace_back("Location", "/v1/consultations/" + (*made)->key.to_string());
  return answer;
}

HttpAnswer RestApi::add_seat(const TenantKey& tenant, const Route& route, const HttpRequest& request) {
  const auto parsed = parse_seat(request.body);
  if (parsed.problem) return answer_problem(*parsed.problem);
  const auto seat = consultations_.add_seat(tenant, route.consultation, parsed.value);
  if (!seat) return answer_refusal(seat.error());
  return answer_json(201, boost::json::serialize(to_object(**seat)));
}

HttpAnswer RestApi::invite(const TenantKey& tenant, const Route& route, const HttpRequest& request) {
  const auto parsed = parse_invitation(request.body);
  if (parsed.problem) return answer_problem(*parsed.problem);
  const SeatRef seat{route.consultation, route.seat};
  const auto issued = consultations_.invite(clock_.now(), tenant, seat, parsed.value);
  if (!issued) return answer_refusal(issued.error());
  return answer_json(201, boost::json::serialize(
                              boost::json::object{{"id", issued->key.to_string()},
                                                  {"token", issued->token.reveal()},
                                                  // In the fragment, which no browser sends and no log sees.
                                                  {"url", base_url(config_, request) + "/j#" + issued->token.reveal()},
                                                  {"notAfter", to_text(issued->not_after)}}));
}

HttpAnswer RestApi::join(const Route& route, const HttpRequest& request) {
  const Now now = clock_.now();
  if (is_draining_ && route.name == RouteName::kJoin) return answer_problem({503, "unavailable", "draining"});
  if (failed_joins_.is_empty(request.source, now.steady) || !joins_.allow(now.steady)) {
    ++counters_.rate_limited;
    return answer_problem({429, "rate_limited", ""});
  }
  Result<Joined, Refusal> joined = Refusal::kUnauthorized;
  if (route.name == RouteName::kJoin) {
    const auto parsed = parse_join(request.body);
    if (parsed.problem) return answer_problem(*parsed.problem);
    joined = consultations_.join(now, parsed.value.token, parsed.value.display_name);
  } else {
    const auto parsed = parse_resume(request.body);
    if (parsed.problem) return answer_problem(*parsed.problem);
    joined = consultations_.resume(now, parsed.value);
  }
  if (!joined) {
    ++counters_.joins_refused;
    if (joined.error() == Refusal::kUnauthorized) failed_joins_.charge(request.source, now.steady);
    return answer_refusal(joined.error());
  }
  ++counters_.joins;
  const Participant& participant =
      *consultations_.find(joined->who.consultation)->find_participant(joined->who.participant);
  return answer_json(
      200, boost::json::serialize(boost::json::object{{"participant", participant.key.to_string()},
                                                      {"consultation", joined->who.consultation.to_string()},
                                                      {"role", to_text(participant.role)},
                                                      {"state", participant.is_admitted ? "admitted" : "waiting"},
                                                      {"session", joined->session.reveal()},
                                                      {"resume", joined->resume.reveal()},
                                                      {"signal", signal_url(request)},
                                                      {"iceServers", ice_servers()}}));
}

Result<const Consultation*, Refusal> RestApi::authorise(const Caller& caller, const Route& route, Right right) const {
  if (caller.tenant) {
    const Consultation* consultation = consultations_.find(*caller.tenant, route.consultation);
    if (consultation == nullptr) return Refusal::kNotFound;
    return consultation;
  }
  // Another consultation is "not there" for a participant, whether it exists or not.
  if (caller.participant->consultation != route.consultation) return Refusal::kNotFound;
  if (!consultations_.may(*caller.participant, route.consultation, right)) return Refusal::kForbidden;
  return consultations_.find(route.consultation);
}

HttpAnswer RestApi::list_participants(const Consultation& consultation) const {
  boost::json::array list;
  for (const auto& [key, participant] : consultation.participants) list.emplace_back(roster_entry(participant));
  return answer_json(200, boost::json::serialize(boost::json::object{{"participants", std::move(list)}}));
}

asio::awaitable<HttpAnswer> RestApi::end(const Consultation& consultation, const HttpRequest& request) {
  if (auto problem = parse_empty(request.body)) co_return answer_problem(*problem);
  const ConsultationKey key = consultation.key;
  if (const auto ended = consultations_.end(clock_.now(), key); !ended) co_return answer_refusal(ended.error());
  // Built before the wait: what it says is true from here on.
  HttpAnswer answer = answer_consultation(200, consultation);
  signalling_.drain_events();
  co_await bridge_.close(key);
  co_return answer;
}

asio::awaitable<HttpAnswer> RestApi::decide(const Consultation& consultation, const Route& route,
                                            const HttpRequest& request) {
  MuteKinds kinds;
  if (route.name == RouteName::kMute) {
    const auto parsed = parse_mute(request.body);
    if (parsed.problem) co_return answer_problem(*parsed.problem);
    kinds = parsed.value;
  } else if (auto problem = parse_empty(request.body)) {
    co_return answer_problem(*problem);
  }
  const Participant* before = consultation.find_participant(route.participant);
  if (before == nullptr) co_return answer_refusal(Refusal::kNotFound);
  boost::json::object entry = roster_entry(*before);
  const ParticipantRef who{consultation.key, route.participant};
  if (const auto done = apply_decision(who, route.name, kinds); !done) co_return answer_refusal(done.error());
  const Participant* after = consultation.find_participant(route.participant);
  if (after != nullptr) {
    entry = roster_entry(*after);
  } else {
    entry["state"] = "left";
  }
  signalling_.drain_events();
  // The media worker has confirmed when the caller reads the answer.
  if (auto problem = co_await bridge_.sync(who, false)) co_return answer_problem(*problem);
  co_return answer_json(200, boost::json::serialize(entry));
}

Result<void, Refusal> RestApi::apply_decision(ParticipantRef who, RouteName name, MuteKinds kinds) {
  if (name == RouteName::kAdmit) return consultations_.admit(who);
  if (name == RouteName::kDeny) return consultations_.deny(who);
  if (name == RouteName::kReturn) return consultations_.return_to_waiting(who);
  if (name == RouteName::kMute) return consultations_.mute_by_host(who, kinds);
  return consultations_.remove(who);
}

}  // namespace eir
