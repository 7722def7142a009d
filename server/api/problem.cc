#include "server/api/problem.h"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "server/workers/workers.h"

namespace eir {

Problem problem_of(Refusal refusal) {
  switch (refusal) {
    case Refusal::kNotFound:
      return {404, "not_found", ""};
    case Refusal::kUnauthorized:
      return {401, "unauthorized", ""};
    case Refusal::kTokenExpired:
      return {401, "token_expired", ""};
    case Refusal::kForbidden:
      return {403, "forbidden", ""};
    case Refusal::kInvitationUsed:
      return {403, "invitation_used", "The link has been used as often as it may be"};
    case Refusal::kInvitationExpired:
      return {403, "invitation_expired", "The link is too old"};
    case Refusal::kInvitationEarly:
      return {403, "invitation_early", "The link is not valid yet"};
    case Refusal::kInvitationRevoked:
      return {403, "invitation_revoked", "The link was withdrawn"};
    case Refusal::kTooEarly:
      return {403, "too_early", "The waiting room is not open yet"};
    case Refusal::kConsultationOver:
      return {409, "consultation_ended", ""};
    case Refusal::kLocked:
      return {409, "locked", "The consultation is locked"};
    case Refusal::kFull:
      return {409, "full", ""};
    case Refusal::kWrongState:
      return {409, "wrong_state", ""};
    case Refusal::kInvalidValue:
      return {400, "invalid_value", ""};
    case Refusal::kUnavailable:
      return {503, "unavailable", ""};
  }
  return {};
}

Problem problem_of(const WorkerError& error) {
  if (error.failure != WorkerFailure::kRefused) return {503, "unavailable", "No media worker can take this now"};
  using channel::RefusalCode;
  switch (error.refusal.code) {
    case RefusalCode::kOfferRefused: {
      std::string detail = error.refusal.line == 0 ? "" : "line " + std::to_string(error.refusal.line);
      return {400, error.refusal.detail, std::move(detail)};
    }
    case RefusalCode::kUnknownMid:
      return {400, "unknown_mid", ""};
    case RefusalCode::kLimitReached:
      return {503, "full", ""};
    case RefusalCode::kDraining:
      return {503, "draining", "This node takes no new calls; those that run go on"};
    case RefusalCode::kNotPossible:
      return {409, "wrong_state", ""};
    case RefusalCode::kUnknownRoom:
    case RefusalCode::kUnknownParticipant:
    case RefusalCode::kUnknownTransport:
    case RefusalCode::kAlreadyThere:
      return {503, "unavailable", ""};
  }
  return {};
}

std::string to_json(const Problem& problem) {
  boost::json::object object{{"type", "about:blank"},
                             {"title", reason_phrase(problem.status)},
                             {"status", problem.status},
                             {"code", problem.code}};
  if (!problem.detail.empty()) object["detail"] = problem.detail;
  return boost::json::serialize(object);
}

std::string_view reason_phrase(uint16_t status) {
  switch (status) {
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 406:
      return "Not Acceptable";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 410:
      return "Gone";
    case 412:
      return "Precondition Failed";
    case 413:
      return "Content Too Large";
    case 415:
      return "Unsupported Media Type";
    case 422:
      return "Unprocessable Content";
    case 428:
      return "Precondition Required";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 501:
      return "Not Implemented";
    case 503:
      return "Service Unavailable";
    default:
      return status < 400 ? "OK" : "Internal Server Error";
  }
}

}  // namespace eir
