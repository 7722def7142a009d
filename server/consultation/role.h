#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string_view>

namespace eir {

enum class Role : uint8_t {
  kSpecialist,
  kClinician,
  kGp,
  kPatient,
  kRelative,
  kInterpreter,
  kObserver,
  kModerator,
  kDevice,
  kGateway,
  kSupport,
};
inline constexpr size_t kRoleCount = 11;

std::string_view to_text(Role role);
std::optional<Role> role_from_text(std::string_view text);

enum class Right : uint8_t {
  kAudio,
  kVideo,
  kExtraCamera,
  kScreen,
  kModerate,  // admit, deny, return, mute, remove, lock
  kInvite,
  kEnd,
  kList,  // read the list of participants
};
inline constexpr std::array kAllRights = {Right::kAudio,    Right::kVideo,  Right::kExtraCamera, Right::kScreen,
                                          Right::kModerate, Right::kInvite, Right::kEnd,         Right::kList};

std::string_view to_text(Right right);
std::optional<Right> right_from_text(std::string_view text);

// The media router has a Rights and a Participant of its own, and both are in one program: without a name of their own
// the linker takes one's destructor for the other's. The namespace is inline, so nobody has to write it.
inline namespace domain {

// A set of rights; empty by default, because everything is denied that is not named.
class Rights {
 public:
  constexpr Rights() = default;
  constexpr Rights(std::initializer_list<Right> rights) {
    for (const Right right : rights) mask_ |= bit(right);
  }
  constexpr bool has(Right right) const { return (mask_ & bit(right)) != 0; }
  constexpr Rights operator&(Rights other) const { return Rights(static_cast<uint8_t>(mask_ & other.mask_)); }
  constexpr Rights operator|(Rights other) const { return Rights(static_cast<uint8_t>(mask_ | other.mask_)); }
  constexpr Rights without(Rights other) const { return Rights(static_cast<uint8_t>(mask_ & ~other.mask_)); }
  constexpr bool contains(Rights other) const { return other.without(*this).empty(); }
  constexpr bool empty() const { return mask_ == 0; }
  constexpr bool operator==(const Rights&) const = default;

 private:
  explicit constexpr Rights(uint8_t mask) : mask_(mask) {}
  static constexpr uint8_t bit(Right right) { return static_cast<uint8_t>(1U << static_cast<uint8_t>(right)); }
  uint8_t mask_ = 0;
};

}  // namespace domain

// What a role may have at most: `given` from the start, `grantable` by a host to one seat. A template or a seat only
// lowers it; nothing raises it.
struct Ceiling {
  Rights given;
  Rights grantable;
};

Ceiling ceiling_of(Role role);
// Host-capable: passes the waiting room and decides about others.
inline bool is_host_capable(Role role) { return ceiling_of(role).given.has(Right::kModerate); }

}  // namespace eir
