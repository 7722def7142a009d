#pragma once

#include <cstdint>

namespace eir {

// Why an operation was refused; server/api turns each into a status and a stable code.
enum class Refusal : uint8_t {
  kNotFound,
  kUnauthorized,
  kTokenExpired,
  kForbidden,
  kInvitationUsed,
  kInvitationExpired,
  kInvitationEarly,
  kInvitationRevoked,
  kConsultationEnded,
  kFull,
  kWrongState,
  kInvalidValue,
  kUnavailable,
};

}  // namespace eir
