#pragma once

#include <initializer_list>
#include <string>
#include <utility>

#include "server/consultation/template.h"

namespace eir {

// A template as a site would write it in full, extending nothing: every key, every role.
inline std::string to_yaml(const ConsultationTemplate& kind) {
  const auto flag = [](bool value) { return value ? "true" : "false"; };
  const auto list = [](Rights rights) {
    std::string out;
    for (const Right right : kAllRights) {
      if (rights.has(right)) out.append(out.empty() ? "" : ", ").append(to_text(right));
    }
    return "[" + out + "]";
  };
  const std::initializer_list<std::pair<std::string, std::string>> fields = {
      {"waiting_room", flag(kind.has_waiting_room)},
      {"audio_only", flag(kind.is_audio_only)},
      {"echo", flag(kind.may_echo)},
      {"chat", flag(kind.may_write)},
      {"participants_max", std::to_string(kind.participants_max)},
      {"lock_at_admitted", std::to_string(kind.lock_at_admitted)},
      {"absent_host", "{policy: " + std::string(to_text(kind.absent_host)) +
                          ", grace_s: " + std::to_string(kind.absent_host_grace.count()) + "}"},
      {"join_early_min", std::to_string(kind.join_early.count())},
      {"join_late_min", std::to_string(kind.join_late.count())},
  };
  std::string out = kind.name + ":\n";
  for (const auto& [key, value] : fields) out.append("  ").append(key).append(": ").append(value).append("\n");
  out += "  roles:\n";
  for (size_t i = 0; i < kRoleCount; ++i) {
    const auto role = static_cast<Role>(i);
    const auto& policy = kind.policy_of(role);
    out.append("    ").append(to_text(role)).append(": {withhold: ").append(list(policy.withheld));
    out.append(", receives: ").append(list(policy.receives));
    out.append(", skips_waiting: ").append(flag(policy.skips_waiting));
    out.append(", signs: ").append(flag(policy.signs)).append("}\n");
  }
  return out;
}

}  // namespace eir
