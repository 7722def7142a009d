#include "server/api/http_message.h"

namespace eir {

HttpAnswer answer_json(uint16_t status, std::string body) {
  return {.status = status,
          .content_type = "application/json",
          .body = std::move(body),
          .headers = {{"Cache-Control", "no-store"}, {"X-Content-Type-Options", "nosniff"}}};
}

HttpAnswer answer_problem(const Problem& problem) {
  HttpAnswer answer = answer_json(problem.status, to_json(problem));
  answer.content_type = "application/problem+json";
  // RFC 6750 section 3.
  if (problem.status == 401) answer.headers.emplace_back("WWW-Authenticate", "Bearer");
  if (problem.status == 503 || problem.status == 429) answer.headers.emplace_back("Retry-After", "1");
  return answer;
}

}  // namespace eir
