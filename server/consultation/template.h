#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "server/consultation/role.h"

namespace eir {

// The media that somebody may receive; a mute or a template names the same four.
inline constexpr Rights kMediaRights{Right::kAudio, Right::kVideo, Right::kExtraCamera, Right::kScreen};

// What happens to an open consultation when no host-capable participant has been there for `grace`.
enum class AbsentHost : uint8_t {
  kKeep,  // nothing
  kHold,  // media between those who are there stops until a host is back
  kEnd,   // the consultation ends
};
inline constexpr size_t kAbsentHostCount = 3;
std::string_view to_text(AbsentHost policy);
std::optional<AbsentHost> absent_host_from_text(std::string_view text);

// What kind of meeting a consultation is. Plain data; it lowers what roles may do and never raises it.
struct ConsultationTemplate {
  std::string name;
  // Who is not host-capable waits, with no right at all, until a host admits them.
  bool has_waiting_room = true;
  // Video m-lines are refused, whoever offers them.
  bool is_audio_only = false;
  // Participants may ask to be shown to themselves: for load and acceptance.
  bool may_echo = false;
  // Participants may write to each other, as messages and as real-time text.
  bool may_write = true;
  uint32_t participants_max = 16;
  // Locks itself when so many seats have been admitted that are not host-capable; 0: never.
  uint32_t lock_at_admitted = 0;
  AbsentHost absent_host = AbsentHost::kKeep;
  std::chrono::seconds absent_host_grace{60};
  // With a planned start: how long before it those who wait may come; with a planned end: how long after it.
  std::chrono::minutes join_early{30};
  std::chrono::minutes join_late{60};

  struct RolePolicy {
    Rights withheld;                 // cut off from the role's ceiling, from what is given and what is grantable
    Rights receives = kMediaRights;  // the kinds of media it gets
    bool skips_waiting = false;      // comes in without being admitted
    bool signs = false;              // uses sign language, or interprets: its picture keeps moving on a thin line

    bool operator==(const RolePolicy&) const = default;
  };
  // Who helps with technique reads the list of participants and never sees or hears them; no template changes that.
  // An interpreter's hands, or lips, are what others follow.
  static constexpr std::array<RolePolicy, kRoleCount> unlimited_roles() {
    std::array<RolePolicy, kRoleCount> out;
    out[static_cast<size_t>(Role::kSupport)].receives = {};
    out[static_cast<size_t>(Role::kInterpreter)].signs = true;
    return out;
  }
  // Indexed by Role.
  std::array<RolePolicy, kRoleCount> roles = unlimited_roles();

  const RolePolicy& policy_of(Role role) const { return roles[static_cast<size_t>(role)]; }
  bool operator==(const ConsultationTemplate&) const = default;
};

}  // namespace eir
