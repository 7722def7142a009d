#pragma once

#include <charconv>
#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace eir::sdp {

// Takes the next word off the front of `rest`; words stand between spaces or tabs. Empty at the end.
std::string_view next_word(std::string_view& rest);

// Takes what stands before the next `separator` off the front of `rest`, without the separator; all of it if there is
// none.
std::string_view next_part(std::string_view& rest, char separator);

std::string_view trimmed(std::string_view text);
std::string lower_case(std::string_view text);
// ASCII letters only, as SDP names are.
bool equal_ignoring_case(std::string_view a, std::string_view b);

// All of `text` as a decimal number that fits T; no sign, no space.
template <std::unsigned_integral T>
std::optional<T> parse_number(std::string_view text) {
  T value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// The value of one parameter of an fmtp line of the form "a=1;b=2" (each payload format says what stands there;
// all formats that Eir knows have this form). Names are compared without case.
std::optional<std::string_view> fmtp_value(std::string_view fmtp, std::string_view name);

}  // namespace eir::sdp
