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
  kTooEarly,          // the join window of the consultation is not open yet
  kConsultationOver,  // ended, cancelled, expired or no_show
  kLocked,
  kFull,
  kWrongState,
  kInvalidValue,
  kUnavailable,
};

}  // namespace eir
