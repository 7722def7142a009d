#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace eir {

enum class H264Profile : uint8_t {
  kConstrainedBaseline,
  kBaseline,
  kMain,
  kExtended,
  kHigh,
  kConstrainedHigh,
  kHigh444
};

struct H264ProfileLevel {
  H264Profile profile = H264Profile::kConstrainedBaseline;
  // level_idc: ten times the level. Level 1b is kLevel1b whichever way the six digits say it.
  uint8_t level = 0;
  bool operator==(const H264ProfileLevel&) const = default;
};
inline constexpr uint8_t kLevel1b = 9;  // as in the high profiles; the others say level_idc 11 and constraint_set3

// profile-level-id of RFC 6184 section 8.1: profile_idc, profile_iop, level_idc as six hexadecimal digits. The profile
// follows from the first two by table 5: "42e01f", "42c01f" and "4d801f" are all constrained baseline. nullopt: not six
// digits, or a combination that the table does not have.
std::optional<H264ProfileLevel> parse_profile_level_id(std::string_view text);

// Both can be read and mean the same profile; levels may differ. (Offer and answer match by this: RFC 6184
// section 8.2.2.)
bool is_same_h264_profile(std::string_view a, std::string_view b);

}  // namespace eir
