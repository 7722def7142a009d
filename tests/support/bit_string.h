#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace eir {

// "1 010 11" → bytes, highest bit first, zero bits at the end; other characters than 0 and 1 only separate. Lets a test
// write a bit field as the standard's table has it.
inline std::vector<uint8_t> bit_string(std::string_view text) {
  std::vector<uint8_t> bytes;
  unsigned used = 0;
  for (const char c : text) {
    if (c != '0' && c != '1') continue;
    if (used % 8 == 0) bytes.push_back(0);
    if (c == '1') bytes.back() = static_cast<uint8_t>(bytes.back() | 0x80 >> used % 8);
    ++used;
  }
  return bytes;
}

}  // namespace eir
