#include "server/consultation/template.h"

#include <algorithm>

namespace eir {
namespace {

constexpr std::array<std::string_view, kAbsentHostCount> kAbsentHostTexts = {"keep", "hold", "end"};

}  // namespace

std::string_view to_text(AbsentHost policy) { return kAbsentHostTexts[static_cast<size_t>(policy)]; }

std::optional<AbsentHost> absent_host_from_text(std::string_view text) {
  const auto* found = std::ranges::find(kAbsentHostTexts, text);
  if (found == kAbsentHostTexts.end()) return std::nullopt;
  return static_cast<AbsentHost>(found - kAbsentHostTexts.begin());
}

}  // namespace eir
