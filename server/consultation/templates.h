#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "server/consultation/template.h"

namespace eir {

// More kinds of meetings than a site can tell apart; counts those that come with Eir.
inline constexpr size_t kTemplatesMax = 64;

// All templates by name: those that come with Eir (config/templates.yaml, built in), then the site's own, which may
// extend or replace them. Replacing one changes nothing in those that were made from it earlier.
class Templates {
 public:
  // Those that come with Eir.
  static Templates built_in();
  // Reads more from YAML text; what is wrong comes back as lines "file:line: key what", and then nothing was taken.
  std::vector<std::string> add(std::string_view yaml, std::string_view file);

  // nullptr for an unknown name. The result lives as long as this, also when it is replaced.
  const ConsultationTemplate* find(std::string_view name) const;
  // In the order in which they were first read.
  std::vector<std::string> names() const;

 private:
  std::deque<ConsultationTemplate> templates_;  // never moved: consultations point at them; the last of a name counts
};

}  // namespace eir
