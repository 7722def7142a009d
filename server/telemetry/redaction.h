#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "lib/base/pii.h"

namespace eir {

// Turns an address, name, token or identity into eight hexadecimal digits: the first 32 bits of HMAC-SHA-256 under a
// key that lives as long as the daemon runs. Equal values read equal within a run; without the key nobody can try out
// all IPv4 addresses against a log.
class Redaction {
 public:
  static constexpr size_t kKeyBytes = 16;
  using Key = std::array<uint8_t, kKeyBytes>;

  explicit Redaction(const Key& key) : key_(key) {}
  static Key random_key();  // of OpenSSL's generator; throws std::runtime_error if it has no entropy

  // 32 hexadecimal digits, as processes hand it on; nothing if it is anything else.
  static std::optional<Key> key_from_hex(std::string_view hex);

  std::string operator()(Pii secret) const;

 private:
  Key key_;
};

}  // namespace eir
