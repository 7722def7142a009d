#include "lib/rtp/h264_profile.h"

#include <algorithm>

namespace eir {
namespace {

// One row of RFC 6184 table 5: profile_iop must equal `value` in the bits of `mask`; the table's x bits are free.
struct ProfilePattern {
  uint8_t profile_idc;
  uint8_t mask;
  uint8_t value;
  H264Profile profile;
};
// The last row is not in RFC 6184: constrained high (constraint_set4 and 5) came into H.264 in 2012.
constexpr std::array<ProfilePattern, 10> kPatterns = {{
    {0x42, 0b01001111, 0b01000000, H264Profile::kConstrainedBaseline},  // x1xx0000
    {0x4d, 0b10001111, 0b10000000, H264Profile::kConstrainedBaseline},  // 1xxx0000
    {0x58, 0b11001111, 0b11000000, H264Profile::kConstrainedBaseline},  // 11xx0000
    {0x42, 0b01001111, 0b00000000, H264Profile::kBaseline},             // x0xx0000
    {0x58, 0b11001111, 0b10000000, H264Profile::kBaseline},             // 10xx0000
    {0x4d, 0b10101111, 0b00000000, H264Profile::kMain},                 // 0x0x0000
    {0x58, 0b11001111, 0b00000000, H264Profile::kExtended},             // 00xx0000
    {0x64, 0b11111111, 0b00000000, H264Profile::kHigh},                 // 00000000
    {0xf4, 0b11111111, 0b00000000, H264Profile::kHigh444},              // 00000000
    {0x64, 0b11111111, 0b00001100, H264Profile::kConstrainedHigh},      // 00001100
}};

// level_idc of H.264 table A-1.
constexpr std::array<uint8_t, 20> kLevels = {9,  10, 11, 12, 13, 20, 21, 22, 30, 31,
                                             32, 40, 41, 42, 50, 51, 52, 60, 61, 62};

std::optional<uint8_t> hex_digit(char digit) {
  if (digit >= '0' && digit <= '9') return static_cast<uint8_t>(digit - '0');
  if (digit >= 'a' && digit <= 'f') return static_cast<uint8_t>(digit - 'a' + 10);
  if (digit >= 'A' && digit <= 'F') return static_cast<uint8_t>(digit - 'A' + 10);
  return std::nullopt;
}

std::optional<H264Profile> find_profile(uint8_t profile_idc, uint8_t profile_iop) {
  for (const ProfilePattern& pattern : kPatterns) {
    if (pattern.profile_idc == profile_idc && (profile_iop & pattern.mask) == pattern.value) return pattern.profile;
  }
  return std::nullopt;
}

// The profiles below high say level 1b by constraint_set3 beside level_idc 11 (H.264 section A.3.4).
bool is_level_1b(H264Profile profile, uint8_t profile_iop, uint8_t level_idc) {
  constexpr uint8_t kConstraintSet3 = 0x10;
  return profile <= H264Profile::kExtended && level_idc == 11 && (profile_iop & kConstraintSet3) != 0;
}

}  // namespace

std::optional<H264ProfileLevel> parse_profile_level_id(std::string_view text) {
  constexpr size_t kBytes = 3;
  if (text.size() != 2 * kBytes) return std::nullopt;
  std::array<uint8_t, kBytes> bytes{};
  for (size_t i = 0; i < kBytes; ++i) {
    const auto high = hex_digit(text[2 * i]);
    const auto low = hex_digit(text[2 * i + 1]);
    if (!high || !low) return std::nullopt;
    bytes[i] = static_cast<uint8_t>(*high << 4 | *low);
  }
  const auto profile = find_profile(bytes[0], bytes[1]);
  if (!profile || std::find(kLevels.begin(), kLevels.end(), bytes[2]) == kLevels.end()) return std::nullopt;
  const uint8_t level = is_level_1b(*profile, bytes[1], bytes[2]) ? kLevel1b : bytes[2];
  return H264ProfileLevel{.profile = *profile, .level = level};
}

bool is_same_h264_profile(std::string_view a, std::string_view b) {
  const auto first = parse_profile_level_id(a);
  const auto second = parse_profile_level_id(b);
  return first && second && first->profile == second->profile;
}

}  // namespace eir
