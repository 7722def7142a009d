#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "lib/base/bytes.h"
#include "lib/base/random.h"

namespace eir {

// SHA-256 of a secret's text: the only form in which Eir keeps a token. A lookup by hash tells a guesser nothing by its
// timing, because the hash of a near miss is nowhere near.
struct TokenHash {
  std::array<uint8_t, 32> bytes{};
  bool operator==(const TokenHash&) const = default;
};

TokenHash hash_token(std::string_view text);
// Takes the same time wherever the two differ.
bool equal_in_constant_time(const TokenHash& a, const TokenHash& b);
std::string to_hex(const TokenHash& hash);
std::optional<TokenHash> token_hash_from_hex(std::string_view text);

// A bearer secret of 192 random bits. It is handed out once and never kept; not printable by accident.
class Token {
 public:
  static constexpr size_t kTextLength = 32;

  static Token random(Random& random);
  const std::string& reveal() const { return text_; }
  TokenHash hash() const { return hash_token(text_); }

 private:
  explicit Token(std::string text) : text_(std::move(text)) {}
  std::string text_;
};

}  // namespace eir

template <>
struct std::hash<eir::TokenHash> {
  size_t operator()(const eir::TokenHash& key) const noexcept { return eir::load_u64(key.bytes.data()); }
};
