#include "server/consultation/token.h"

#include <openssl/crypto.h>
#include <openssl/sha.h>

#include "server/consultation/public_id.h"

namespace eir {

TokenHash hash_token(std::string_view text) {
  TokenHash hash;
  SHA256(as_bytes(text).data(), text.size(), hash.bytes.data());
  return hash;
}

bool equal_in_constant_time(const TokenHash& a, const TokenHash& b) {
  return CRYPTO_memcmp(a.bytes.data(), b.bytes.data(), a.bytes.size()) == 0;
}

std::string to_hex(const TokenHash& hash) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const uint8_t byte : hash.bytes) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

std::optional<TokenHash> token_hash_from_hex(std::string_view text) {
  TokenHash hash;
  if (text.size() != 2 * hash.bytes.size()) return std::nullopt;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool is_digit = c >= '0' && c <= '9';
    if (!is_digit && (c < 'a' || c > 'f')) return std::nullopt;
    const int value = is_digit ? c - '0' : c - 'a' + 10;
    hash.bytes[i / 2] = static_cast<uint8_t>(hash.bytes[i / 2] << 4 | value);
  }
  return hash;
}

Token Token::random(Random& random) {
  std::array<uint8_t, kTextLength / 4 * 3> bytes{};
  random.fill(bytes);
  return Token(to_base64url(bytes));
}

}  // namespace eir
