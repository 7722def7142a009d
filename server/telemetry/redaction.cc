#include "server/telemetry/redaction.h"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <charconv>
#include <stdexcept>

#include "lib/base/bytes.h"
#include "lib/base/check.h"

namespace eir {

Redaction::Key Redaction::random_key() {
  Key key{};
  if (RAND_bytes(key.data(), kKeyBytes) != 1) throw std::runtime_error("no random bytes for the redaction key");
  return key;
}

std::optional<Redaction::Key> Redaction::key_from_hex(std::string_view hex) {
  if (hex.size() != 2 * kKeyBytes) return std::nullopt;
  Key key{};
  for (size_t i = 0; i < kKeyBytes; ++i) {
    const char* at = hex.data() + 2 * i;
    const auto parsed = std::from_chars(at, at + 2, key[i], 16);
    if (parsed.ec != std::errc{} || parsed.ptr != at + 2) return std::nullopt;
  }
  return key;
}

std::string Redaction::operator()(Pii secret) const {
  uint8_t digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  const ByteView value = as_bytes(secret.value);
  const auto* done = HMAC(EVP_sha256(), key_.data(), kKeyBytes, value.data(), value.size(), digest, &size);
  EIR_CHECK(done != nullptr);
  return fmt::format("{:08x}", load_u32(digest));
}

}  // namespace eir
