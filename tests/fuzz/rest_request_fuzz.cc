// link: eir_api
#include <string>

#include "lib/base/check.h"
#include "server/api/requests.h"
#include "server/api/routes.h"

using namespace eir;  // NOLINT(google-build-using-namespace): a program of one file

namespace {

template <class T>
void check(const Parsed<T>& parsed) {
  if (parsed.problem) EIR_CHECK(parsed.problem->status == 400 && !to_json(*parsed.problem).empty());
}

}  // namespace

// The first line is a path, the rest a body: every route and every body parser sees it.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text = as_text({data, size});
  const std::string_view path = text.substr(0, text.find('\n'));
  const std::string_view body = text.substr(std::min(text.size(), path.size() + 1));
  for (const char* method : {"GET", "POST", "DELETE", "PUT"}) {
    const auto found = find_route(method, path);
    if (const auto* route = std::get_if<Route>(&found)) {
      // Ids are canonical: the path holds exactly what we print.
      const std::string key = route->consultation.to_string();
      if (route->consultation != ConsultationKey{}) EIR_CHECK(path.find(key) != std::string_view::npos);
    }
  }
  static const Templates kTemplates = Templates::built_in();
  const auto created = parse_create(body, kTemplates);
  EIR_CHECK(created.problem || created.value.kind != nullptr);
  check(created);
  check(parse_seat(body));
  check(parse_join(body));
  check(parse_resume(body));
  check(parse_mute(body));
  check(parse_stop(body));
  check(parse_grant(body));
  const auto groups = parse_groups(body);
  EIR_CHECK(groups.problem || groups.value != 0);
  check(groups);
  const auto persons = parse_persons(body);
  for (const PresentPerson& person : persons.value) EIR_CHECK(is_display_name(person.name));
  check(persons);
  const auto extended = parse_extend(body);
  if (!extended.problem) EIR_CHECK(parse_time(to_text(extended.value)) == extended.value);
  check(extended);
  const auto invitation = parse_invitation(body);
  check(invitation);
  if (!invitation.problem && invitation.value.not_after) {
    EIR_CHECK(parse_time(to_text(*invitation.value.not_after)) == invitation.value.not_after);
  }
  static_cast<void>(parse_empty(body));
  return 0;
}
