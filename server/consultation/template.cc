#include "server/consultation/template.h"

#include <array>

namespace eir {
namespace {

constexpr std::array kTemplates = {
    // Three parties and who is with them: 3–8 connections; 16 leaves room for devices and a second team.
    ConsultationTemplate{.name = "samkonsultasjon", .has_waiting_room = true, .participants_max = 16, .withheld = {}},
    // Load and acceptance: nobody waits.
    ConsultationTemplate{.name = "test", .has_waiting_room = false, .participants_max = 250, .withheld = {}},
};

}  // namespace

const ConsultationTemplate* find_template(std::string_view name) {
  for (const ConsultationTemplate& kind : kTemplates) {
    if (kind.name == name) return &kind;
  }
  return nullptr;
}

Rights rights_in(const ConsultationTemplate& kind, Role role) { return ceiling_of(role).given.without(kind.withheld); }

bool must_wait(const ConsultationTemplate& kind, Role role) {
  return kind.has_waiting_room && !rights_in(kind, role).has(Right::kModerate);
}

}  // namespace eir
