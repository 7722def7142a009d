// link: eir_consultation
#include <cstdint>
#include <string>
#include <string_view>

#include "lib/base/check.h"
#include "server/consultation/templates.h"
#include "tests/unit/server/consultation/template_yaml.h"

namespace {

void check_limits(const eir::ConsultationTemplate& kind) {
  EIR_CHECK(kind.name.size() - 1 < 32);
  EIR_CHECK(kind.participants_max >= 2 && kind.participants_max <= 250);
  EIR_CHECK(kind.lock_at_admitted <= kind.participants_max);
  EIR_CHECK(kind.absent_host_grace.count() >= 0 && kind.absent_host_grace.count() <= 3600);
  EIR_CHECK(kind.join_early.count() >= 0 && kind.join_early.count() <= 1440);
  EIR_CHECK(kind.join_late.count() >= 0 && kind.join_late.count() <= 1440);
  for (const auto& policy : kind.roles) EIR_CHECK(eir::kMediaRights.contains(policy.receives));
  EIR_CHECK(kind.policy_of(eir::Role::kSupport).receives.empty());
}

}  // namespace

// Whatever the text, add returns; after a mistake nothing is changed, and what it takes is within the limits and
// survives being printed and read again.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const eir::Templates built_in = eir::Templates::built_in();
  eir::Templates all = built_in;
  const bool is_taken = all.add({reinterpret_cast<const char*>(data), size}, "fuzz").empty();
  if (!is_taken) EIR_CHECK(all.names() == built_in.names());
  EIR_CHECK(all.names().size() <= eir::kTemplatesMax);
  for (const std::string& name : all.names()) {
    const eir::ConsultationTemplate& kind = *all.find(name);
    check_limits(kind);
    const eir::ConsultationTemplate* before = built_in.find(name);
    if (before != nullptr && *before == kind) continue;
    EIR_CHECK(is_taken);
    eir::Templates again;
    EIR_CHECK(again.add(eir::to_yaml(kind), "printed").empty());
    EIR_CHECK(*again.find(name) == kind);
  }
  return 0;
}
