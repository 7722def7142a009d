#pragma once

#include <cstddef>
#include <string_view>

#include "server/consultation/role.h"

namespace eir {

// What kind of meeting a consultation is. Plain data; it lowers what roles may do and never raises it.
struct ConsultationTemplate {
  std::string_view name;
  // Who is not host-capable waits, with no right at all, until a host admits them.
  bool has_waiting_room = true;
  size_t participants_max = 16;
  // Cut off from every role's ceiling.
  Rights withheld;
};

// nullptr for an unknown name. The result lives as long as the program.
const ConsultationTemplate* find_template(std::string_view name);

// What a role may do in this template once it is admitted.
Rights rights_in(const ConsultationTemplate& kind, Role role);
bool must_wait(const ConsultationTemplate& kind, Role role);

}  // namespace eir
