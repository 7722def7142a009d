#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"
#include "server/api/problem.h"
#include "server/consultation/consultations.h"

// Bodies of REST requests, from JSON to the domain's words.
namespace eir {

struct CreateRequest {
  const ConsultationTemplate* kind = nullptr;
  std::vector<SeatRequest> seats;
};

struct JoinRequest {
  std::string token;
  std::string display_name;
};

// Either the value or the problem to answer with.
template <class T>
struct Parsed {
  T value;
  std::optional<Problem> problem;
};

Parsed<CreateRequest> parse_create(std::string_view body);
Parsed<SeatRequest> parse_seat(std::string_view body);
Parsed<InvitationRequest> parse_invitation(std::string_view body);
Parsed<JoinRequest> parse_join(std::string_view body);
// The resume token.
Parsed<std::string> parse_resume(std::string_view body);
// Audio when the body names none.
Parsed<MuteKinds> parse_mute(std::string_view body);
// {} or nothing.
std::optional<Problem> parse_empty(std::string_view body);

// RFC 3339 in UTC to the second, "2026-01-31T12:00:00Z"; fractions and offsets are refused.
std::optional<WallTime> parse_time(std::string_view text);
std::string to_text(WallTime time);

}  // namespace eir
