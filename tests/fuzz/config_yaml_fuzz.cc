// link: eir_config
#include <cstdint>
#include <string_view>

#include "lib/base/check.h"
#include "server/config/config.h"

// Whatever the text, parse_config returns; what it accepts survives being printed and read again.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto parsed = eir::parse_config({reinterpret_cast<const char*>(data), size}, "fuzz");
  EIR_CHECK(parsed.ok() == parsed.error_text().empty());
  if (!parsed.ok()) return 0;
  const std::string printed = eir::to_yaml(parsed.config);
  const auto again = eir::parse_config(printed, "printed");
  EIR_CHECK(again.ok());
  EIR_CHECK(eir::to_yaml(again.config) == printed);
  return 0;
}
