#include "server/consultation/public_id.h"

#include "lib/base/check.h"

namespace eir {
namespace {

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

// 64 for a character outside the alphabet.
uint32_t value_of(char c) {
  if (c >= 'A' && c <= 'Z') return static_cast<uint32_t>(c - 'A');
  if (c >= 'a' && c <= 'z') return static_cast<uint32_t>(c - 'a') + 26;
  if (c >= '0' && c <= '9') return static_cast<uint32_t>(c - '0') + 52;
  if (c == '-') return 62;
  return c == '_' ? 63 : 64;
}

}  // namespace

std::string to_base64url(ByteView bytes) {
  EIR_CHECK(bytes.size() % 3 == 0);
  std::string text;
  text.reserve(bytes.size() / 3 * 4);
  for (size_t at = 0; at < bytes.size(); at += 3) {
    const uint32_t group = load_u24(&bytes[at]);
    for (int shift = 18; shift >= 0; shift -= 6) text += kAlphabet[group >> shift & 63];
  }
  return text;
}

bool from_base64url(std::string_view text, MutableBytes out) {
  EIR_CHECK(out.size() % 3 == 0);
  if (text.size() != out.size() / 3 * 4) return false;
  for (size_t at = 0; at < text.size(); at += 4) {
    uint32_t group = 0;
    for (const char c : text.substr(at, 4)) {
      const uint32_t value = value_of(c);
      if (value > 63) return false;
      group = group << 6 | value;
    }
    store_u24(&out[at / 4 * 3], group);
  }
  return true;
}

}  // namespace eir
