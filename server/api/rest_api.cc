#include "server/api/rest_api.h"

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "server/api/json_write.h"
#include "server/api/openapi.h"
#include "server/api/requests.h"
#include "server/consultation/documents.h"
#include "server/telemetry/log.h"

namespace eir {

namespace asio = boost::asio;

namespace {

// Refused acts on record: ten a second at first, one a second in the long run.
constexpr double kRefusalsPerSecond = 1;
constexpr double kRefusalsAtOnce = 10;
// Audit and usage lines of one answer; a consultation has some hundred.
constexpr size_t kLinesMax = 10'000;

HttpAnswer answer_refusal(Refusal refusal) { return answer_problem(problem_of(refusal)); }

std::string signal_url(const HttpRequest& request) {
  return (request.is_tls ? "wss://" : "ws://") + request.host + "/v1/signal";
}

// The route's last word, for the audit of refused acts.
std::string_view action_of(const HttpRequest& request) {
  return std::string_view(request.path).substr(request.path.rfind('/') + 1);
}

bool is_reading(RouteName name) {
  return name == RouteName::kRead || name == RouteName::kParticipants || name == RouteName::kAudit ||
         name == RouteName::kUsage || name == RouteName::kEvents;
}

// Whether the list of entity tags in If-Match has this one, by strong comparison (RFC 9110 section 8.8.3.2): a weak tag
// matches nothing. Ours have no comma inside.
bool names_etag(std::string_view list, std::string_view etag) {
  while (true) {
    const size_t comma = list.find(',');
    std::string_view tag = list.substr(0, comma);
    while (tag.starts_with(' ') || tag.starts_with('\t')) tag.remove_prefix(1);
    while (tag.ends_with(' ') || tag.ends_with('\t')) tag.remove_suffix(1);
    if (tag == etag || tag == "*") return true;
    if (comma == std::string_view::npos) return false;
    list.remove_prefix(comma + 1);
  }
}

HttpAnswer answer_participants(const Consultation& consultation) {
  boost::json::array list;
  for (const auto& [key, participant] : consultation.participants) list.emplace_back(roster_entry(participant));
  HttpAnswer answer = answer_json(200, boost::json::serialize(boost::json::object{{"participants", std::move(list)}}));
  answer.headers.emplace_back("ETag", etag_of(consultation));
  return answer;
}

// Rows of the store as one JSON list under `name`; their documents are JSON already.
template <class Row>
HttpAnswer answer_rows(std::string_view name, const std::vector<Row>& rows) {
  boost::json::array list;
  for (const Row& row : rows) {
    boost::json::value entry = boost::json::parse(row.document);
    if (entry.is_object()) entry.get_object()["at"] = to_text(from_ms(row.time_ms));
    list.push_back(std::move(entry));
  }
  return answer_json(200, boost::json::serialize(boost::json::object{{name, std::move(list)}}));
}

}  // namespace

RestApi::RestApi(const RestParts& parts)
    : parts_(parts),
      // Five seconds' worth at once: a large meeting opens its links together.
      joins_(parts.config.limits.joins_per_second, 5.0 * parts.config.limits.joins_per_second),
      // Only joins with a bad token count: who holds good ones may share one address with a whole hospital.
      failed_joins_(parts.config.limits.joins_per_source_per_minute),
      refusals_(kRefusalsPerSecond, kRefusalsAtOnce),
      idempotency_(parts.consultations, parts.journal, parts.random, parts.clock) {}

void RestApi::take_limits() {
  joins_ = RateLimit(parts_.config.limits.joins_per_second, 5.0 * parts_.config.limits.joins_per_second);
  failed_joins_ = SourceLimit(parts_.config.limits.joins_per_source_per_minute);
}

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
  if (route.name == RouteName::kDescribe) co_return answer_json(200, std::string(kOpenApi));
  if (route.name == RouteName::kJoin || route.name == RouteName::kResume) co_return co_await join(route, request);
  const auto caller = identify(request);
  if (!caller) {
    ++counters_.unauthorized;
    co_return answer_refusal(caller.error());
  }
  if (const auto refusal = authorise(*caller, route)) {
    if (*refusal == Refusal::kForbidden) note_forbidden(*caller, request);
    co_return answer_refusal(*refusal);
  }
  if (is_reading(route.name)) co_return co_await read(*caller, route, request);
  // The one change that is no POST may be asked for again as it is: what is withdrawn stays withdrawn.
  const bool is_once = !request.idempotency_key.empty() && request.method == "POST";
  if (is_once) co_return co_await change_once(*caller, route, request);
  co_return co_await change(*caller, route, request);
}

Result<RestApi::Caller, Refusal> RestApi::identify(const HttpRequest& request) const {
  if (request.bearer.empty()) return Refusal::kUnauthorized;
  Caller caller;
  if (const auto service = credentials_.authenticate(request.bearer)) {
    caller.actor = Actor::service(service->credential);
    caller.tenant = service->tenant;
    caller.scopes = service->scopes;
    return caller;
  }
  const auto who = parts_.consultations.authenticate(parts_.clock.now(), request.bearer);
  if (!who) return who.error();
  caller.actor = Actor::participant(who->participant);
  caller.participant = *who;
  return caller;
}

std::optional<Refusal> RestApi::authorise(const Caller& caller, const Route& route) const {
  if (caller.participant) {
    if (!route.access.right) return Refusal::kForbidden;
    // Another consultation is "not there" for a participant, whether it exists or not.
    if (caller.participant->consultation != route.consultation) return Refusal::kNotFound;
    if (!parts_.consultations.may(*caller.participant, route.consultation, *route.access.right)) {
      return Refusal::kForbidden;
    }
    return std::nullopt;
  }
  if (!caller.scopes.has(route.access.scope)) return Refusal::kForbidden;
  return std::nullopt;
}

bool RestApi::is_there(const Caller& caller, const Route& route) const {
  if (caller.participant || route.consultation == ConsultationKey{}) return true;
  return parts_.consultations.find(*caller.tenant, route.consultation) != nullptr;
}

void RestApi::note_forbidden(const Caller& caller, const HttpRequest& request) {
  ++counters_.forbidden;
  const Now now = parts_.clock.now();
  const Consultation* consultation =
      caller.participant ? parts_.consultations.find(caller.participant->consultation) : nullptr;
  const TenantKey* tenant = consultation != nullptr ? &consultation->tenant : nullptr;
  if (caller.tenant) tenant = &*caller.tenant;
  if (tenant == nullptr || !refusals_.allow(now.steady)) return;
  parts_.consultations.note_refused(now, caller.actor, *tenant, action_of(request),
                                    consultation == nullptr ? "" : consultation->key.to_string());
  parts_.recorder.submit();
}

// RFC 9110 section 13.1.1: a program that changes what it has read says which version it read.
std::optional<Problem> RestApi::check_version(const Route& route, const HttpRequest& request) const {
  if (request.if_match.empty()) return std::nullopt;
  const Consultation* consultation = parts_.consultations.find(route.consultation);
  if (consultation != nullptr && names_etag(request.if_match, etag_of(*consultation))) return std::nullopt;
  return Problem{412, "version_mismatch", "The consultation has changed since it was read"};
}

asio::awaitable<HttpAnswer> RestApi::read(const Caller& caller, const Route& route, const HttpRequest& request) {
  try {
    co_return co_await read_stored(caller, route, request);
  } catch (const StoreError& error) {
    log::error("store_unreadable", {{"reason", error.what()}});
  }
  co_return answer_problem({503, "journal_unavailable", ""});
}

asio::awaitable<HttpAnswer> RestApi::read_stored(const Caller& caller, const Route& route, const HttpRequest& request) {
  if (route.name == RouteName::kParticipants) {
    if (!is_there(caller, route)) co_return answer_refusal(Refusal::kNotFound);
    co_return answer_participants(*parts_.consultations.find(route.consultation));
  }
  const std::string tenant = caller.tenant->name;
  const std::string key = route.consultation.to_string();
  if (route.name == RouteName::kEvents) {
    co_return co_await open_events(parts_.journal, parts_.bell, tenant, request.last_event_id);
  }
  if (route.name == RouteName::kAudit) {
    const auto rows = co_await parts_.journal.read<std::vector<AuditRow>>(
        [&](Store& store) { return store.audit_of(tenant, key, kLinesMax); });
    if (!rows.empty()) co_return answer_rows("audit", rows);
  }
  if (route.name == RouteName::kUsage) {
    const auto rows = co_await parts_.journal.read<std::vector<UsageRow>>(
        [&](Store& store) { return store.usage_of(tenant, key, kLinesMax); });
    if (!rows.empty()) co_return answer_rows("usage", rows);
  }
  const auto row = co_await parts_.journal.read<std::optional<ConsultationRow>>(
      [&](Store& store) { return store.find_consultation(tenant, key); });
  const auto stored = row ? consultation_from_document(row->document, parts_.templates) : std::nullopt;
  const Consultation* const running = parts_.consultations.find(*caller.tenant, route.consultation);
  if (running == nullptr && !stored) co_return answer_refusal(Refusal::kNotFound);
  if (route.name == RouteName::kAudit) co_return answer_rows("audit", std::vector<AuditRow>());
  if (route.name == RouteName::kUsage) co_return answer_rows("usage", std::vector<UsageRow>());
  co_return answer_consultation(200, running != nullptr ? *running : *stored);
}

asio::awaitable<HttpAnswer> RestApi::join(const Route& route, const HttpRequest& request) {
  const Now now = parts_.clock.now();
  if (is_draining_ && route.name == RouteName::kJoin)
    co_return answer_problem({503, "draining", "This node takes no new calls; those that run go on"});
  if (failed_joins_.is_empty(request.source, now.steady) || !joins_.allow(now.steady)) {
    ++counters_.rate_limited;
    co_return answer_problem({429, "rate_limited", ""});
  }
  if (!parts_.recorder.accepts()) co_return answer_problem({503, "journal_unavailable", "Nothing was changed"});
  Result<Joined, Refusal> joined = Refusal::kUnauthorized;
  if (route.name == RouteName::kJoin) {
    const auto parsed = parse_join(request.body);
    if (parsed.problem) co_return answer_problem(*parsed.problem);
    const auto anew = parts_.consultations.find_joined_anew(parsed.value.token);
    if (anew && !parts_.bridge.may_take(*anew)) {
      ++counters_.joins_busy;
      co_return answer_problem({503, "node_busy", "This node has as much to do as it may; those that are in stay"});
    }
    joined = parts_.consultations.join(now, parsed.value.token, parsed.value.display_name, parsed.value.wants_echo);
  } else {
    const auto parsed = parse_resume(request.body);
    if (parsed.problem) co_return answer_problem(*parsed.problem);
    joined = parts_.consultations.resume(now, parsed.value.token);
    if (joined) parts_.consultations.name_self(joined->who, parsed.value.display_name);
  }
  if (!joined) {
    ++counters_.joins_refused;
    if (joined.error() == Refusal::kUnauthorized) failed_joins_.charge(request.source, now.steady);
    co_return answer_refusal(joined.error());
  }
  ++counters_.joins;
  // Built before the wait, in which a host may already have removed them.
  HttpAnswer answer = joined_answer(*joined, request);
  if (auto problem = co_await parts_.recorder.settle()) co_return answer_problem(*problem);
  parts_.signalling.drain_events();
  co_return answer;
}

HttpAnswer RestApi::joined_answer(const Joined& joined, const HttpRequest& request) const {
  const Participant& participant =
      *parts_.consultations.find(joined.who.consultation)->find_participant(joined.who.participant);
  return answer_json(
      200, boost::json::serialize(boost::json::object{{"participant", participant.key.to_string()},
                                                      {"consultation", joined.who.consultation.to_string()},
                                                      {"role", to_text(participant.role)},
                                                      {"state", participant.is_admitted ? "admitted" : "waiting"},
                                                      {"session", joined.session.reveal()},
                                                      {"resume", joined.resume.reveal()},
                                                      {"signal", signal_url(request)},
                                                      {"iceServers", ice_servers()}}));
}

}  // namespace eir
