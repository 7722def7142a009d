// The part of RestApi that changes something: each act of the domain, and how it gets on disk and to the media workers.
#include <algorithm>
#include <boost/json/serialize.hpp>

#include "server/api/json_write.h"
#include "server/api/requests.h"
#include "server/api/rest_api.h"
#include "server/telemetry/log.h"

namespace eir {

namespace asio = boost::asio;

namespace {

// Where the caller found us, unless configured.
std::string base_url(const Config& config, const HttpRequest& request) {
  if (!config.listeners.public_url.empty()) return config.listeners.public_url;
  return (request.is_tls ? "https://" : "http://") + request.host;
}

boost::json::object to_object(const IssuedInvitation& issued, const std::string& base) {
  return {{"id", issued.key.to_string()},
          {"token", issued.token.reveal()},
          // In the fragment, which no browser sends and no log sees.
          {"url", base + "/j#" + issued.token.reveal()},
          {"notAfter", to_text(issued.not_after)}};
}

// Participants' acts have a participant in the path.
bool is_about_participant(const Route& route) { return route.participant != ParticipantKey{}; }

std::optional<Problem> told(const Result<void, Refusal>& done) {
  if (!done) return problem_of(done.error());
  return std::nullopt;
}

}  // namespace

asio::awaitable<HttpAnswer> RestApi::change(const Caller& caller, const Route& route, const HttpRequest& request) {
  if (auto problem = why_not_now(caller, route, request)) co_return answer_problem(*problem);
  HttpAnswer answer = act(caller, route, request);
  if (auto problem = co_await settle(route, answer.status)) co_return answer_problem(*problem);
  co_return answer;
}

asio::awaitable<HttpAnswer> RestApi::change_once(const Caller& caller, const Route& route, const HttpRequest& request) {
  Idempotency::Turn turn(idempotency_, request);
  if (auto problem = idempotency_.begin(turn, request, caller.actor.text())) co_return answer_problem(*problem);
  std::optional<HttpAnswer> answer;
  try {
    answer = co_await idempotency_.find(turn);
  } catch (const StoreError& error) {
    log::error("store_unreadable", {{"reason", error.what()}});
    answer = answer_problem({503, "journal_unavailable", "Nothing was changed"});
  }
  if (!answer) {
    if (auto problem = why_not_now(caller, route, request)) co_return answer_problem(*problem);
    const uint64_t before = parts_.consultations.last_transition();
    answer = act(caller, route, request);
    idempotency_.keep(turn, *answer, before);
  }
  // Also when it is given again: the first time may have ended before the media worker knew.
  if (auto problem = co_await settle(route, answer->status)) co_return answer_problem(*problem);
  co_return std::move(*answer);
}

// Participants may have gone, and the consultation with them, while an earlier answer was looked for.
std::optional<Problem> RestApi::why_not_now(const Caller& caller, const Route& route,
                                            const HttpRequest& request) const {
  if (!is_there(caller, route)) return problem_of(Refusal::kNotFound);
  if (auto problem = check_version(route, request)) return problem;
  if (caller.participant) {
    const auto refusal = authorise(caller, route);
    if (refusal) return problem_of(*refusal);
  }
  if (!parts_.recorder.accepts()) return Problem{503, "journal_unavailable", "Nothing was changed"};
  return std::nullopt;
}

asio::awaitable<std::optional<Problem>> RestApi::settle(const Route& route, uint16_t status) {
  if (auto problem = co_await parts_.recorder.settle()) co_return problem;
  parts_.signalling.drain_events();
  if (status >= 300) co_return std::nullopt;
  // The media worker has confirmed when the caller reads the answer.
  co_return co_await sync(route);
}

asio::awaitable<std::optional<Problem>> RestApi::sync(const Route& route) {
  if (is_about_participant(route)) {
    co_return co_await parts_.bridge.sync({route.consultation, route.participant}, false);
  }
  switch (route.name) {
    case RouteName::kLock:
    case RouteName::kUnlock:
    case RouteName::kHold:
    case RouteName::kRelease:
      co_return co_await parts_.bridge.sync_all(route.consultation);
    case RouteName::kEnd:
    case RouteName::kCancel:
    case RouteName::kNoShow:
      co_await parts_.bridge.close(route.consultation);
      co_return std::nullopt;
    default:
      co_return std::nullopt;
  }
}

HttpAnswer RestApi::act(const Caller& caller, const Route& route, const HttpRequest& request) {
  HttpAnswer answer = act_by_route(caller, route, request);
  // For the caller's next If-Match; what answers with the consultation itself has it already.
  const Consultation* consultation = parts_.consultations.find(route.consultation);
  const bool has_etag = std::ranges::any_of(answer.headers, [](const auto& header) { return header.first == "ETag"; });
  if (answer.status < 300 && consultation != nullptr && !has_etag) {
    answer.headers.emplace_back("ETag", etag_of(*consultation));
  }
  return answer;
}

HttpAnswer RestApi::act_by_route(const Caller& caller, const Route& route, const HttpRequest& request) {
  if (route.name == RouteName::kCreate) return create(caller, request);
  if (route.name == RouteName::kAddSeat) return add_seat(caller, route, request);
  if (route.name == RouteName::kInvite) return invite(caller, route, request);
  if (route.name == RouteName::kRevoke) return revoke(caller, route);
  return is_about_participant(route) ? act_on_participant(caller, route, request)
                                     : act_on_consultation(caller, route, request);
}

HttpAnswer RestApi::create(const Caller& caller, const HttpRequest& request) {
  const auto parsed = parse_create(request.body, parts_.templates);
  if (parsed.problem) return answer_problem(*parsed.problem);
  if (is_draining_) return answer_problem({503, "draining", "This node takes no new calls; those that run go on"});
  const auto made = parts_.consultations.create(parts_.clock.now(), caller.actor, *caller.tenant, parsed.value);
  if (!made) return answer_problem(problem_of(made.error()));
  HttpAnswer answer = answer_consultation(201, **made);
  answer.headers.emplace_back("Location", "/v1/consultations/" + (*made)->key.to_string());
  return answer;
}

HttpAnswer RestApi::add_seat(const Caller& caller, const Route& route, const HttpRequest& request) {
  auto parsed = parse_seat(request.body);
  if (parsed.problem) return answer_problem(*parsed.problem);
  if (caller.participant) {
    const auto limited = parts_.consultations.limit_to_inviter(*caller.participant, parsed.value.seat);
    if (!limited) return answer_problem(problem_of(limited.error()));
    parsed.value.seat = *limited;
  }
  if (parsed.value.invitation) return add_invited_seat(caller, route, request, parsed.value);
  const auto seat =
      parts_.consultations.add_seat(parts_.clock.now(), caller.actor, route.consultation, parsed.value.seat);
  if (!seat) return answer_problem(problem_of(seat.error()));
  return answer_json(201, boost::json::serialize(to_object(**seat)));
}

// How a host pulls somebody in.
HttpAnswer RestApi::add_invited_seat(const Caller& caller, const Route& route, const HttpRequest& request,
                                     const AddSeatRequest& wanted) {
  const auto made = parts_.consultations.add_invited_seat(parts_.clock.now(), caller.actor, route.consultation,
                                                          wanted.seat, *wanted.invitation);
  if (!made) return answer_problem(problem_of(made.error()));
  boost::json::object body = to_object(*made->seat);
  body["invitation"] = to_object(made->invitation, base_url(parts_.config, request));
  return answer_json(201, boost::json::serialize(body));
}

HttpAnswer RestApi::invite(const Caller& caller, const Route& route, const HttpRequest& request) {
  const auto parsed = parse_invitation(request.body);
  if (parsed.problem) return answer_problem(*parsed.problem);
  const SeatRef seat{route.consultation, route.seat};
  const auto issued = parts_.consultations.invite(parts_.clock.now(), caller.actor, seat, parsed.value);
  if (!issued) return answer_problem(problem_of(issued.error()));
  return answer_json(201, boost::json::serialize(to_object(*issued, base_url(parts_.config, request))));
}

HttpAnswer RestApi::revoke(const Caller& caller, const Route& route) {
  const auto revoked =
      parts_.consultations.revoke(parts_.clock.now(), caller.actor, route.consultation, route.invitation);
  if (!revoked) return answer_problem(problem_of(revoked.error()));
  return answer_empty(204);
}

HttpAnswer RestApi::act_on_consultation(const Caller& caller, const Route& route, const HttpRequest& request) {
  Consultations& domain = parts_.consultations;
  const Now now = parts_.clock.now();
  const ConsultationKey key = route.consultation;
  Result<void, Refusal> done = Refusal::kNotFound;
  if (route.name == RouteName::kExtend) {
    const auto parsed = parse_extend(request.body);
    if (parsed.problem) return answer_problem(*parsed.problem);
    done = domain.set_end_time(now, caller.actor, key, parsed.value);
  } else if (auto problem = parse_empty(request.body)) {
    return answer_problem(*problem);
  } else if (route.name == RouteName::kLock || route.name == RouteName::kUnlock) {
    done = domain.set_locked(now, caller.actor, key, route.name == RouteName::kLock);
  } else if (route.name == RouteName::kHold || route.name == RouteName::kRelease) {
    done = domain.set_held(now, caller.actor, key, route.name == RouteName::kHold);
  } else {
    if (route.name == RouteName::kEnd) done = domain.end(now, caller.actor, key);
    if (route.name == RouteName::kCancel) done = domain.cancel(now, caller.actor, key);
    if (route.name == RouteName::kNoShow) done = domain.mark_no_show(now, caller.actor, key);
  }
  if (!done) return answer_problem(problem_of(done.error()));
  // Built before the wait: what it says is true from here on.
  return answer_consultation(200, *domain.find(key));
}

HttpAnswer RestApi::act_on_participant(const Caller& caller, const Route& route, const HttpRequest& request) {
  const Consultation& consultation = *parts_.consultations.find(route.consultation);
  const Participant* before = consultation.find_participant(route.participant);
  if (before == nullptr) return answer_problem(problem_of(Refusal::kNotFound));
  boost::json::object entry = roster_entry(*before);
  if (const auto problem = decide(caller, route, request)) return answer_problem(*problem);
  const Participant* after = consultation.find_participant(route.participant);
  if (after != nullptr) {
    entry = roster_entry(*after);
  } else {
    entry["state"] = "left";
  }
  return answer_json(200, boost::json::serialize(entry));
}

std::optional<Problem> RestApi::decide(const Caller& caller, const Route& route, const HttpRequest& request) {
  Consultations& domain = parts_.consultations;
  const Actor& actor = caller.actor;
  const Now now = parts_.clock.now();
  const ParticipantRef who{route.consultation, route.participant};
  switch (route.name) {
    case RouteName::kMute:
    case RouteName::kStop: {
      const auto kinds = route.name == RouteName::kMute ? parse_mute(request.body) : parse_stop(request.body);
      return kinds.problem ? kinds.problem : told(domain.mute_by_host(now, actor, who, kinds.value));
    }
    case RouteName::kGrant: {
      const auto rights = parse_grant(request.body);
      return rights.problem ? rights.problem : told(domain.grant(now, actor, who, rights.value));
    }
    case RouteName::kGroups: {
      const auto groups = parse_groups(request.body);
      return groups.problem ? groups.problem : told(domain.set_groups(now, actor, who, groups.value));
    }
    case RouteName::kPersons: {
      auto persons = parse_persons(request.body);
      return persons.problem ? persons.problem : told(domain.set_persons(now, actor, who, std::move(persons.value)));
    }
    default:
      break;
  }
  if (auto problem = parse_empty(request.body)) return problem;
  if (route.name == RouteName::kAdmit) return told(domain.admit(now, actor, who));
  if (route.name == RouteName::kDeny) return told(domain.deny(now, actor, who));
  if (route.name == RouteName::kReturn) return told(domain.return_to_waiting(now, actor, who));
  if (route.name == RouteName::kConfirmIdentity) return told(domain.confirm_identity(now, actor, who));
  return told(domain.remove(now, actor, who));
}

}  // namespace eir
