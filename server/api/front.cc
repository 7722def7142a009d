#include "server/api/front.h"

#include "server/api/origin.h"

namespace eir {

namespace asio = boost::asio;

asio::awaitable<HttpAnswer> Front::handle(const HttpRequest& request) {
  if (!request.path.starts_with("/v1/")) co_return files_.answer(request);
  co_return co_await backend_.rest.handle(request);
}

std::optional<HttpAnswer> Front::refuse_upgrade(const HttpRequest& request) {
  if (request.path != "/v1/signal") return answer_problem({404, "not_found", ""});
  if (!is_origin_allowed(request, config_.listeners)) return answer_problem({403, "origin_refused", ""});
  return std::nullopt;
}

}  // namespace eir
