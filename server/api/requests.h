#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"
#include "server/api/problem.h"
#include "server/consultation/consultations.h"
#include "server/consultation/templates.h"

// Bodies of REST requests, from JSON to the domain's words.
namespace eir {

struct JoinRequest {
  std::string token;
  std::string display_name;
  bool wants_echo = false;
};

struct ResumeRequest {
  std::string token;
  std::string display_name;
};

// A seat, and its first invitation if one is wanted in the same call.
struct AddSeatRequest {
  SeatRequest seat;
  std::optional<InvitationRequest> invitation;
};

// Either the value or the problem to answer with.
template <class T>
struct Parsed {
  T value;
  std::optional<Problem> problem;
};

Parsed<ConsultationRequest> parse_create(std::string_view body, const Templates& templates);
Parsed<AddSeatRequest> parse_seat(std::string_view body);
Parsed<InvitationRequest> parse_invitation(std::string_view body);
Parsed<JoinRequest> parse_join(std::string_view body);
Parsed<ResumeRequest> parse_resume(std::string_view body);
// Audio when the body names none; for stop, camera and screen.
Parsed<MuteKinds> parse_mute(std::string_view body);
Parsed<MuteKinds> parse_stop(std::string_view body);
Parsed<Rights> parse_grant(std::string_view body);
// Side rooms 0–63 as a set of bits.
Parsed<uint64_t> parse_groups(std::string_view body);
Parsed<std::vector<PresentPerson>> parse_persons(std::string_view body);
// The new end.
Parsed<WallTime> parse_extend(std::string_view body);
// {} or nothing.
std::optional<Problem> parse_empty(std::string_view body);

}  // namespace eir
