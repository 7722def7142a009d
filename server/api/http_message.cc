#include "server/api/http_message.h"

#include <algorithm>

namespace eir {

namespace {

// Seconds. A node that drains does so until its calls have ended: pages that wait for it need not knock every second.
constexpr std::string_view kRetryWhileDraining = "20";
// Load is measured over 3 s, and calls end one by one.
constexpr std::string_view kRetryWhileBusy = "10";
constexpr std::string_view kRetrySoon = "1";

std::string_view retry_after(std::string_view code) {
  if (code == "draining") return kRetryWhileDraining;
  return code == "node_busy" ? kRetryWhileBusy : kRetrySoon;
}

}  // namespace

bool has_content_type(const HttpRequest& request, std::string_view media_type) {
  constexpr auto kLower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  std::string_view given = request.content_type;
  given = given.substr(0, given.find(';'));
  while (!given.empty() && given.back() == ' ') given.remove_suffix(1);
  return std::equal(given.begin(), given.end(), media_type.begin(), media_type.end(),
                    [kLower](char a, char b) { return kLower(a) == kLower(b); });
}

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
  if (problem.status == 503 || problem.status == 429) {
    answer.headers.emplace_back("Retry-After", retry_after(problem.code));
  }
  return answer;
}

HttpAnswer answer_empty(uint16_t status) {
  HttpAnswer answer;
  answer.status = status;
  answer.headers = {{"Cache-Control", "no-store"}, {"X-Content-Type-Options", "nosniff"}};
  return answer;
}

}  // namespace eir
