#pragma once

#include <iosfwd>
#include <span>
#include <string_view>

namespace eir {

// Exit codes of eirctl, for scripts.
inline constexpr int kCtlOk = 0;
inline constexpr int kCtlFoundWrong = 1;
inline constexpr int kCtlUsage = 2;  // arguments, configuration or files

// One call of eirctl, words without the program's name. What it finds goes to `out`, what keeps it from looking to
// `error`.
int run_eirctl(std::span<const std::string_view> words, std::ostream& out, std::ostream& error);

}  // namespace eir
