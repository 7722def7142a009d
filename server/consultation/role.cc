#include "server/consultation/role.h"

#include <utility>

namespace eir {
namespace {

constexpr std::array<std::pair<Role, std::string_view>, kRoleCount> kRoleTexts = {{
    {Role::kSpecialist, "specialist"},
    {Role::kClinician, "clinician"},
    {Role::kGp, "gp"},
    {Role::kPatient, "patient"},
    {Role::kRelative, "relative"},
    {Role::kInterpreter, "interpreter"},
    {Role::kObserver, "observer"},
    {Role::kModerator, "moderator"},
    {Role::kDevice, "device"},
    {Role::kGateway, "gateway"},
    {Role::kSupport, "support"},
}};

}  // namespace

std::string_view to_text(Role role) { return kRoleTexts[static_cast<size_t>(role)].second; }

std::optional<Role> role_from_text(std::string_view text) {
  for (const auto& [role, name] : kRoleTexts) {
    if (name == text) return role;
  }
  return std::nullopt;
}

std::string_view to_text(Right right) {
  switch (right) {
    case Right::kAudio:
      return "audio";
    case Right::kVideo:
      return "video";
    case Right::kExtraCamera:
      return "extra_camera";
    case Right::kScreen:
      return "screen";
    case Right::kModerate:
      return "moderate";
    case Right::kInvite:
      return "invite";
    case Right::kEnd:
      return "end";
    case Right::kList:
      return "list";
  }
  return "";
}

std::optional<Right> right_from_text(std::string_view text) {
  for (const Right right : kAllRights) {
    if (to_text(right) == text) return right;
  }
  return std::nullopt;
}

Ceiling ceiling_of(Role role) {
  using enum Right;
  switch (role) {
    case Role::kSpecialist:
    case Role::kClinician:
    case Role::kModerator:
      return {{kAudio, kVideo, kExtraCamera, kScreen, kModerate, kInvite, kEnd, kList}, {}};
    case Role::kGp:
      return {{kAudio, kVideo, kExtraCamera, kScreen, kInvite}, {kModerate, kEnd, kList}};
    case Role::kPatient:
      return {{kAudio, kVideo, kExtraCamera}, {kScreen, kInvite}};
    case Role::kRelative:
      return {{kAudio, kVideo}, {kScreen}};
    case Role::kInterpreter:
      return {{kAudio, kVideo}, {}};
    case Role::kObserver:
      return {{}, {kAudio}};
    case Role::kDevice:
      return {{kAudio, kVideo, kExtraCamera}, {kScreen}};
    case Role::kGateway:
      return {{kAudio}, {}};
    case Role::kSupport:
      return {{kList}, {}};
  }
  return {};
}

}  // namespace eir
