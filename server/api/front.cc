#include "server/api/front.h"

#include "server/api/cors.h"
#include "server/api/origin.h"
#include "server/api/routes.h"
#include "server/telemetry/log.h"

namespace eir {

namespace asio = boost::asio;

namespace {

HttpAnswer options(const HttpRequest& request, const Listeners& listeners) {
  const auto found = find_route(request.method, request.path);
  const auto* none = std::get_if<NoRoute>(&found);
  if (none == nullptr || none->allowed.empty()) return answer_problem({404, "not_found", ""});
  return answer_options(request, none->allowed, listeners);
}

}  // namespace

asio::awaitable<HttpAnswer> Front::handle(const HttpRequest& request) {
  if (!request.path.starts_with("/v1/")) co_return files_.answer(request);
  HttpAnswer answer = co_await answer_api(request);
  add_cors(answer, request, config_.listeners);
  // The path holds ids that name nobody; the query, which no route has, is cut off already.
  log::debug(
      "rest_request",
      {{"method", request.method}, {"path", request.path}, {"status", answer.status}, {"source", Pii(request.source)}});
  co_return answer;
}

asio::awaitable<HttpAnswer> Front::answer_api(const HttpRequest& request) {
  if (WhipApi::is_mine(request.path)) co_return co_await backend_.whip.handle(request);
  if (request.method == "OPTIONS") co_return options(request, config_.listeners);
  co_return co_await backend_.rest.handle(request);
}

std::optional<HttpAnswer> Front::refuse_upgrade(const HttpRequest& request) {
  if (request.path != "/v1/signal") return answer_problem({404, "not_found", ""});
  if (!is_origin_allowed(request, config_.listeners)) return answer_problem({403, "origin_refused", ""});
  return std::nullopt;
}

std::unique_ptr<SignalReceiver> Front::open_signal(SignalConnection& connection) {
  return std::make_unique<SignalSession>(backend_.signalling, connection);
}

}  // namespace eir
