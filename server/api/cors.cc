#include "server/api/cors.h"

#include <string>

#include "server/api/origin.h"

namespace eir {
namespace {

// How long a browser may remember a preflight; Chromium caps it at two hours.
constexpr std::string_view kMaxAge = "7200";
constexpr std::string_view kRequestHeaders =
    "Authorization, Content-Type, If-Match, If-None-Match, Idempotency-Key, Last-Event-ID";
constexpr std::string_view kExposedHeaders = "Location, ETag, Link, Accept-Patch, Accept-Post, Retry-After";

bool is_page_allowed(const HttpRequest& request, const Listeners& listeners) {
  return !request.origin.empty() && is_origin_allowed(request, listeners);
}

}  // namespace

HttpAnswer answer_options(const HttpRequest& request, std::string_view allowed_methods, const Listeners& listeners) {
  HttpAnswer answer = answer_empty(204);
  answer.headers.emplace_back("Allow", allowed_methods);
  if (request.access_control_request_method.empty() || !is_page_allowed(request, listeners)) return answer;
  answer.headers.emplace_back("Access-Control-Allow-Methods", allowed_methods);
  answer.headers.emplace_back("Access-Control-Allow-Headers", kRequestHeaders);
  answer.headers.emplace_back("Access-Control-Max-Age", kMaxAge);
  return answer;
}

void add_cors(HttpAnswer& answer, const HttpRequest& request, const Listeners& listeners) {
  // Also where no header follows: a cache must not give the answer for one origin to another.
  answer.headers.emplace_back("Vary", "Origin");
  if (!is_page_allowed(request, listeners)) return;
  answer.headers.emplace_back("Access-Control-Allow-Origin", request.origin);
  answer.headers.emplace_back("Access-Control-Expose-Headers", kExposedHeaders);
}

}  // namespace eir
