#include "server/api/whip.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "server/api/cors.h"
#include "server/api/json_write.h"
#include "server/api/sdp_fragment.h"

namespace eir {

namespace asio = boost::asio;
using channel::SessionKind;

namespace {

constexpr std::string_view kSdp = "application/sdp";
constexpr std::string_view kFragment = "application/trickle-ice-sdpfrag";

std::string_view name_of(SessionKind kind) { return kind == SessionKind::kWhip ? "whip" : "whep"; }

// RFC 9110 section 8.8.3: a quoted text; a backslash has no meaning, so the quote cannot be in it.
std::string_view take_tag(std::string_view& list) {
  while (list.starts_with(' ') || list.starts_with(',')) list.remove_prefix(1);
  const size_t end = std::min(list.find(','), list.size());
  std::string_view tag = list.substr(0, end);
  list.remove_prefix(end);
  while (tag.ends_with(' ')) tag.remove_suffix(1);
  return tag;
}

// The examples of RFC 9725 write the asterisk with quotes, section 4.3.3 without: clients do either.
bool is_any(std::string_view if_match) { return if_match == "*" || if_match == R"("*")"; }

// RFC 9110 section 13.1.1; weak tags never match.
bool matches(std::string_view if_match, std::string_view etag) {
  if (is_any(if_match)) return true;
  while (!if_match.empty()) {
    if (take_tag(if_match) == etag) return true;
  }
  return false;
}

// Control characters, quotes and backslashes have no place in what the configuration or a generator gives; they are
// left out, so that nothing can break out of the header field.
std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (static_cast<unsigned char>(c) >= ' ' && c != '"' && c != '\\') out += c;
  }
  return out + '"';
}

// RFC 9725 section 4.6: one Link for each URL.
void add_ice_servers(HttpAnswer& answer, const boost::json::array& servers) {
  for (const boost::json::value& server : servers) {
    std::string parameters = R"(; rel="ice-server")";
    const boost::json::object& object = server.as_object();
    if (const auto* username = object.if_contains("username")) {
      parameters += "; username=" + quoted(username->as_string());
      parameters += "; credential=" + quoted(object.at("credential").as_string());
      parameters += R"(; credential-type="password")";
    }
    for (const boost::json::value& url : object.at("urls").as_array()) {
      answer.headers.emplace_back("Link", '<' + std::string(url.as_string()) + '>' + parameters);
    }
  }
}

// RFC 9725 section 4.4: what the server cannot take is 406, a malformed offer is 400.
Problem with_whip_status(Problem problem) {
  const bool is_unacceptable = problem.code == "codec_none" || problem.code == "media_rejected" ||
                               problem.code == "direction_not_allowed" || problem.code == "no_media";
  if (is_unacceptable) problem.status = 406;
  if (problem.code == "setup_unsupported") problem.status = 422;
  return problem;
}

HttpAnswer answer_code(uint16_t status, std::string code, std::string detail = {}) {
  return answer_problem({status, std::move(code), std::move(detail)});
}

}  // namespace

std::optional<WhipPath> parse_whip_path(std::string_view path) {
  constexpr std::string_view kPrefix = "/v1/whip/";
  if (!WhipApi::is_mine(path)) return std::nullopt;
  WhipPath parsed;
  parsed.kind = path.starts_with(kPrefix) ? SessionKind::kWhip : SessionKind::kWhep;
  path.remove_prefix(kPrefix.size());
  const size_t slash = path.find('/');
  const auto consultation = ConsultationKey::parse(path.substr(0, slash));
  if (!consultation) return std::nullopt;
  parsed.consultation = *consultation;
  if (slash == std::string_view::npos) return parsed;
  parsed.resource = WhipResourceKey::parse(path.substr(slash + 1));
  if (!parsed.resource) return std::nullopt;
  return parsed;
}

asio::awaitable<HttpAnswer> WhipApi::handle(const HttpRequest& request) {
  const auto path = parse_whip_path(request.path);
  if (!path) co_return answer_code(404, "not_found");
  if (request.method == "OPTIONS") co_return options(request, *path);
  const bool is_known =
      path->resource ? request.method == "PATCH" || request.method == "DELETE" : request.method == "POST";
  if (!is_known) {
    HttpAnswer refused = answer_code(405, "method_not_allowed");
    refused.headers.emplace_back("Allow", path->resource ? "PATCH, DELETE, OPTIONS" : "POST, OPTIONS");
    co_return refused;
  }
  const auto who = identify(request, *path);
  if (!who) co_return answer_problem(who.error());
  if (!path->resource) co_return co_await post(*who, *path, request);
  const WhipResource* resource = bridge_.find_resource(*who, *path->resource);
  if (resource == nullptr) co_return answer_code(404, "not_found");
  if (resource->kind != path->kind) {
    co_return answer_code(404, "not_found", "this resource is of /v1/" + std::string(name_of(resource->kind)));
  }
  if (request.method == "PATCH") co_return co_await patch(*who, *resource, request);
  const bool was_there = co_await bridge_.remove_resource(*who, resource->key);
  signalling_.drain_events();
  if (!was_there) co_return answer_code(404, "not_found");
  co_return answer_empty(200);
}

HttpAnswer WhipApi::options(const HttpRequest& request, const WhipPath& path) const {
  HttpAnswer answer = answer_options(request, path.resource ? "PATCH, DELETE" : "POST", config_.listeners);
  // RFC 9725 section 4.2 names the status and the header.
  answer.status = 200;
  answer.headers.emplace_back("Accept-Post", kSdp);
  if (path.resource) answer.headers.emplace_back("Accept-Patch", kFragment);
  return answer;
}

Result<ParticipantRef, Problem> WhipApi::identify(const HttpRequest& request, const WhipPath& path) const {
  if (request.bearer.empty()) return problem_of(Refusal::kUnauthorized);
  const auto who = consultations_.authenticate(clock_.now(), request.bearer);
  if (!who) return problem_of(who.error());
  if (who->consultation != path.consultation) return problem_of(Refusal::kForbidden);
  return *who;
}

std::optional<Problem> WhipApi::why_no_session(ParticipantRef who, const WhipPath& path,
                                               const HttpRequest& request) const {
  const Consultation* consultation = consultations_.find(who.consultation);
  const Participant* participant = consultation == nullptr ? nullptr : consultation->find_participant(who.participant);
  if (participant == nullptr) return Problem{404, "not_found", ""};
  if (!participant->is_admitted) return Problem{403, "not_admitted", ""};
  // In no group: on hold for a while, which the transport outlives.
  const channel::Rights rights = media_rights(*consultation, *participant);
  if (path.kind == SessionKind::kWhip && rights.send_kinds.empty() && rights.groups != 0) {
    return Problem{403, "forbidden", "This role may not send"};
  }
  if (!has_content_type(request, kSdp)) return Problem{415, "unsupported_media_type", std::string(kSdp)};
  return std::nullopt;
}

asio::awaitable<HttpAnswer> WhipApi::post(ParticipantRef who, const WhipPath& path, const HttpRequest& request) {
  if (auto problem = why_no_session(who, path, request)) {
    ++counters_.refused;
    HttpAnswer refused = answer_problem(*problem);
    if (problem->status == 415) refused.headers.emplace_back("Accept-Post", kSdp);
    co_return refused;
  }
  WhipResource resource;
  resource.key = WhipResourceKey::random(random_);
  resource.kind = path.kind;
  resource.ufrag = ice_ufrag_of(request.body);
  const std::string etag = resource.etag();
  const std::string location =
      "/v1/" + std::string(name_of(path.kind)) + '/' + path.consultation.to_string() + '/' + resource.key.to_string();
  auto outcome =
      co_await bridge_.add_resource(who, std::move(resource), request.body, config_.limits.transports_per_participant);
  signalling_.drain_events();
  if (const auto* problem = std::get_if<Problem>(&outcome)) {
    ++(problem->code == "too_many_transports" ? counters_.over_limit : counters_.refused);
    co_return answer_problem(with_whip_status(*problem));
  }
  ++(path.kind == SessionKind::kWhip ? counters_.whip_sessions : counters_.whep_sessions);
  HttpAnswer answer = answer_empty(201);
  answer.content_type = kSdp;
  answer.body = std::move(std::get<std::string>(outcome));
  answer.headers.emplace_back("Location", location);
  answer.headers.emplace_back("ETag", etag);
  answer.headers.emplace_back("Accept-Patch", kFragment);
  add_ice_servers(answer, ice_servers());
  co_return answer;
}

asio::awaitable<HttpAnswer> WhipApi::patch(ParticipantRef who, const WhipResource& resource,
                                           const HttpRequest& request) {
  if (!has_content_type(request, kFragment)) {
    HttpAnswer refused = answer_code(415, "unsupported_media_type", std::string(kFragment));
    refused.headers.emplace_back("Accept-Patch", kFragment);
    co_return refused;
  }
  if (request.if_match.empty()) co_return answer_code(428, "precondition_required", "If-Match");
  const auto fragment = parse_sdp_fragment(request.body);
  if (!fragment) co_return answer_code(400, "invalid_sdpfrag");
  if (!matches(request.if_match, resource.etag())) co_return answer_code(412, "precondition_failed", "If-Match");
  // Other credentials than those of the current ICE session ask for a new one; candidates alone tell an ICE-lite
  // server nothing that it needs.
  if (fragment->ufrag.empty() || fragment->ufrag == resource.ufrag) co_return answer_empty(204);
  IceRestartWish wish;
  wish.ufrag = fragment->ufrag;
  wish.password = fragment->password;
  if (!is_any(request.if_match)) wish.ice_session = resource.ice_session;
  auto outcome = co_await bridge_.restart_resource(who, resource.key, std::move(wish));
  if (const auto* problem = std::get_if<Problem>(&outcome)) co_return answer_problem(*problem);
  ++counters_.ice_restarts;
  const RestartedIce& restarted = std::get<RestartedIce>(outcome);
  HttpAnswer answer = answer_empty(200);
  answer.content_type = kFragment;
  answer.body = print_sdp_fragment(restarted.credentials.ufrag, restarted.credentials.password,
                                   restarted.resource.media, restarted.credentials.candidates);
  answer.headers.emplace_back("ETag", restarted.resource.etag());
  co_return answer;
}

}  // namespace eir
