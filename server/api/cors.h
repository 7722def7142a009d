#pragma once

#include <string_view>

#include "server/api/http_message.h"
#include "server/config/config.h"

namespace eir {

// Pages of other origins that may use the REST API (the Fetch standard's CORS protocol): those in
// listeners.allowed_origins, public_url and the own host, as for the WebSocket. No credentials mode: Eir has no
// cookies, secrets travel in Authorization.

// The answer to OPTIONS on a path with these methods, a preflight or not. `allowed_methods` as for Allow.
HttpAnswer answer_options(const HttpRequest& request, std::string_view allowed_methods, const Listeners& listeners);
// Lets the page read the answer, if its origin may.
void add_cors(HttpAnswer& answer, const HttpRequest& request, const Listeners& listeners);

}  // namespace eir
