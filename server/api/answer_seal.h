#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "lib/base/random.h"

namespace eir {

// Seals the answer to a request with the caller's own bearer secret, of which Eir keeps nothing but its hash:
// AES-256-GCM (NIST SP 800-38D) under a key of HKDF-SHA256 (RFC 5869), whose input is the secret and whose salt is the
// Idempotency-Key. What is on disk opens for nobody but who sends both again. Lives as long as its request.
class AnswerSeal {
 public:
  AnswerSeal(std::string_view bearer, std::string_view idempotency_key);
  ~AnswerSeal();
  AnswerSeal(const AnswerSeal&) = delete;
  AnswerSeal& operator=(const AnswerSeal&) = delete;

  // The name of the answer's row, from the same HKDF: it tells neither secret nor key.
  const std::string& name() const { return name_; }
  std::string seal(std::string_view text, Random& random) const;
  // Nothing if it was sealed by another, or changed since.
  std::optional<std::string> open(std::string_view sealed) const;

 private:
  std::array<uint8_t, 32> key_{};
  std::string name_;
};

}  // namespace eir
