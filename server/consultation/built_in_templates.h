#pragma once

#include <string_view>

namespace eir {

// The text of config/templates.yaml as it was when this was built (server/server.cmake makes the definition).
extern const std::string_view kBuiltInTemplates;

}  // namespace eir
