#pragma once

#include <string_view>

namespace eir {

// openapi.json as it was when this was built (server/server.cmake makes the definition).
extern const std::string_view kOpenApi;

}  // namespace eir
