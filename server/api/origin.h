#pragma once

#include <string>
#include <vector>

#include "server/api/http_message.h"
#include "server/config/config.h"

namespace eir {

// May a page of this origin open the signalling WebSocket? Browsers always send Origin with it; programs that send none
// hold a token and are let in. Allowed are the page's own host, public_url and the configured list. Over plain HTTP the
// own host counts only if it is a loopback name, so that a rebound DNS name does not pass as ours.
bool is_origin_allowed(const HttpRequest& request, const Listeners& listeners);

}  // namespace eir
