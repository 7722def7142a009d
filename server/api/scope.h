#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string_view>

namespace eir {

// What a service credential is good for; each is named by `eirctl credential add --scope`.
enum class Scope : uint8_t {
  kManage,  // create and change consultations
  kRead,    // read them, their participants and their usage
  kAudit,   // read the audit trail
  kEvents,  // follow the events
};
inline constexpr std::array kAllScopes = {Scope::kManage, Scope::kRead, Scope::kAudit, Scope::kEvents};

constexpr std::string_view to_text(Scope scope) {
  constexpr std::array<std::string_view, 4> kTexts = {"manage", "read", "audit", "events"};
  return kTexts[static_cast<size_t>(scope)];
}

constexpr std::optional<Scope> scope_from_text(std::string_view text) {
  for (const Scope scope : kAllScopes) {
    if (to_text(scope) == text) return scope;
  }
  return std::nullopt;
}

// None by default.
class Scopes {
 public:
  constexpr Scopes() = default;
  constexpr Scopes(std::initializer_list<Scope> scopes) {
    for (const Scope scope : scopes) add(scope);
  }
  static constexpr Scopes all() { return {Scope::kManage, Scope::kRead, Scope::kAudit, Scope::kEvents}; }
  constexpr void add(Scope scope) { mask_ = static_cast<uint8_t>(mask_ | bit(scope)); }
  constexpr bool has(Scope scope) const { return (mask_ & bit(scope)) != 0; }
  constexpr bool empty() const { return mask_ == 0; }
  constexpr bool operator==(const Scopes&) const = default;

 private:
  static constexpr uint8_t bit(Scope scope) { return static_cast<uint8_t>(1U << static_cast<uint8_t>(scope)); }
  uint8_t mask_ = 0;
};

}  // namespace eir
