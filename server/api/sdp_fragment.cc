#include "server/api/sdp_fragment.h"

#include <algorithm>
#include <array>

namespace eir {
namespace {

constexpr std::string_view kUfrag = "a=ice-ufrag:";
constexpr std::string_view kPassword = "a=ice-pwd:";
constexpr std::string_view kCandidate = "a=candidate:";
// RFC 8839 section 5.4.
constexpr size_t kUfragMin = 4;
constexpr size_t kPasswordMin = 22;
constexpr size_t kIceTextMax = 256;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_ice_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '+' || c == '/';
}

std::string_view take_line(std::string_view& text) {
  const size_t end = std::min(text.find('\n'), text.size());
  std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

bool is_line(std::string_view line) {
  if (line.size() < 2 || line[0] < 'a' || line[0] > 'z' || line[1] != '=') return false;
  return std::none_of(line.begin(), line.end(), [](char c) { return static_cast<unsigned char>(c) < ' '; });
}

// The same value again is what each m-line of the BUNDLE group says; another one is a contradiction.
bool take_credential(std::string_view value, size_t size_min, std::string& into) {
  if (value.size() < size_min || value.size() > kIceTextMax) return false;
  if (!std::all_of(value.begin(), value.end(), is_ice_char)) return false;
  if (into.empty()) into = value;
  return into == value;
}

// foundation component transport priority address port "typ" type … (RFC 8839 section 5.1)
bool is_candidate(std::string_view value) {
  constexpr size_t kFields = 8;
  std::array<std::string_view, kFields> fields;
  for (std::string_view& field : fields) {
    const size_t space = std::min(value.find(' '), value.size());
    field = value.substr(0, space);
    value.remove_prefix(std::min(space + 1, value.size()));
    if (field.empty()) return false;
  }
  const auto is_number = [](std::string_view text) {
    constexpr size_t kDigitsMax = 10;
    return text.size() <= kDigitsMax && std::all_of(text.begin(), text.end(), is_digit);
  };
  return is_number(fields[1]) && is_number(fields[3]) && is_number(fields[5]) && fields[6] == "typ";
}

}  // namespace

std::optional<SdpFragment> parse_sdp_fragment(std::string_view text) {
  SdpFragment fragment;
  for (size_t lines = 0; !text.empty(); ++lines) {
    const std::string_view line = take_line(text);
    if (lines == kFragmentLinesMax || !is_line(line)) return std::nullopt;
    bool is_good = true;
    if (line.starts_with(kUfrag)) {
      is_good = take_credential(line.substr(kUfrag.size()), kUfragMin, fragment.ufrag);
    } else if (line.starts_with(kPassword)) {
      is_good = take_credential(line.substr(kPassword.size()), kPasswordMin, fragment.password);
    } else if (line.starts_with(kCandidate)) {
      is_good = is_candidate(line.substr(kCandidate.size())) && ++fragment.candidates <= kFragmentCandidatesMax;
    }
    if (!is_good) return std::nullopt;
  }
  if (fragment.ufrag.empty() != fragment.password.empty()) return std::nullopt;
  return fragment;
}

std::string ice_ufrag_of(std::string_view sdp) {
  while (!sdp.empty()) {
    const std::string_view line = take_line(sdp);
    if (line.starts_with(kUfrag)) return std::string(line.substr(kUfrag.size()));
  }
  return {};
}

}  // namespace eir
