// link: eir_config
#include <cstdint>
#include <string_view>

#include "lib/base/check.h"
#include "server/config/config.h"

// Whatever the text, parse_config returns; what it refuses has lines, keys and messages that can be printed, what it
// accepts survives being printed and read again.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto parsed = eir::parse_config({reinterpret_cast<const char*>(data), size}, "fuzz");
  EIR_CHECK(parsed.ok() == parsed.error_text().empty());
  for (const eir::ConfigError& error : parsed.errors) {
    EIR_CHECK(error.line >= 1 && !error.key.empty() && !error.message.empty());
    for (const char c : error.key + error.message) EIR_CHECK(c >= 0x20 && c < 0x7f);
  }
  if (!parsed.ok()) return 0;
  const std::string printed = eir::to_yaml(parsed.config);
  const auto again = eir::parse_config(printed, "printed");
  EIR_CHECK(again.ok());
  EIR_CHECK(eir::to_yaml(again.config) == printed);
  return 0;
}
