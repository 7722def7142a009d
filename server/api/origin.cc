#include "server/api/origin.h"

#include <algorithm>
#include <string_view>

namespace eir {
namespace {

bool is_loopback_host(std::string_view host) {
  if (host.starts_with("[::1]")) return true;
  const std::string_view name = host.substr(0, host.find(':'));
  return name == "localhost" || name == "127.0.0.1";
}

}  // namespace

bool is_origin_allowed(const HttpRequest& request, const Listeners& listeners) {
  if (request.origin.empty()) return true;
  if (!listeners.public_url.empty() && request.origin == listeners.public_url) return true;
  if (std::ranges::find(listeners.allowed_origins, request.origin) != listeners.allowed_origins.end()) return true;
  if (request.is_tls) return request.origin == "https://" + request.host;
  return is_loopback_host(request.host) && request.origin == "http://" + request.host;
}

}  // namespace eir
