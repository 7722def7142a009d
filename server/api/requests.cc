#include "server/api/requests.h"

#include <boost/describe/class.hpp>

#include "server/api/json_read.h"

namespace eir {
namespace body {

struct Seat {
  std::string role;
  std::optional<bool> many;
  std::optional<bool> skipsWaiting;  // NOLINT(readability-identifier-naming): the JSON name
  std::optional<std::string> identity;
  std::optional<std::vector<std::string>> withhold;
  std::optional<std::string> organisation;
};
BOOST_DESCRIBE_STRUCT(Seat, (), (role, many, skipsWaiting, identity, withhold, organisation))

// Without `template`, a word of C++, which parse_create() takes out first.
struct CreateRest {
  std::optional<std::vector<Seat>> seats;
  std::optional<std::string> startsAt;  // NOLINT(readability-identifier-naming): the JSON name
  std::optional<std::string> endsAt;    // NOLINT(readability-identifier-naming): the JSON name
};
BOOST_DESCRIBE_STRUCT(CreateRest, (), (seats, startsAt, endsAt))

struct Invitation {
  std::optional<std::string> kind;
  std::optional<uint32_t> maxUses;       // NOLINT(readability-identifier-naming): the JSON name
  std::optional<std::string> notBefore;  // NOLINT(readability-identifier-naming): the JSON name
  std::optional<std::string> notAfter;   // NOLINT(readability-identifier-naming): the JSON name
};
BOOST_DESCRIBE_STRUCT(Invitation, (), (kind, maxUses, notBefore, notAfter))

// As Seat, with its invitation.
struct AddSeat {
  std::string role;
  std::optional<bool> many;
  std::optional<bool> skipsWaiting;  // NOLINT(readability-identifier-naming): the JSON name
  std::optional<std::string> identity;
  std::optional<std::vector<std::string>> withhold;
  std::optional<std::string> organisation;
  std::optional<Invitation> invitation;
};
BOOST_DESCRIBE_STRUCT(AddSeat, (), (role, many, skipsWaiting, identity, withhold, organisation, invitation))

struct Join {
  std::string token;
  std::optional<std::string> displayName;  // NOLINT(readability-identifier-naming): the JSON name
  std::optional<bool> echo;
};
BOOST_DESCRIBE_STRUCT(Join, (), (token, displayName, echo))

struct Resume {
  std::string resume;
  std::optional<std::string> displayName;  // NOLINT(readability-identifier-naming): the JSON name
};
BOOST_DESCRIBE_STRUCT(Resume, (), (resume, displayName))

struct Grant {
  std::vector<std::string> rights;
};
BOOST_DESCRIBE_STRUCT(Grant, (), (rights))

struct Groups {
  std::vector<uint32_t> groups;
};
BOOST_DESCRIBE_STRUCT(Groups, (), (groups))

struct Person {
  std::string role;
  std::optional<std::string> name;
};
BOOST_DESCRIBE_STRUCT(Person, (), (role, name))

struct Persons {
  std::vector<Person> persons;
};
BOOST_DESCRIBE_STRUCT(Persons, (), (persons))

struct Extend {
  std::string endsAt;  // NOLINT(readability-identifier-naming): the JSON name
};
BOOST_DESCRIBE_STRUCT(Extend, (), (endsAt))

struct Mute {
  std::optional<std::vector<std::string>> kinds;
};
BOOST_DESCRIBE_STRUCT(Mute, (), (kinds))

struct Empty {};
BOOST_DESCRIBE_STRUCT(Empty, (), ())

}  // namespace body

namespace {

std::optional<Problem> problem_of(const std::optional<JsonError>& error) {
  if (!error) return std::nullopt;
  return Problem{400, error->code, error->detail};
}

Problem invalid(std::string_view field) { return {400, "invalid_value", std::string(field)}; }

// Reads names into `rights`; false if one is unknown.
bool read_rights(const std::vector<std::string>& names, Rights& rights) {
  for (const std::string& name : names) {
    const auto right = right_from_text(name);
    if (!right) return false;
    rights = rights | Rights{*right};
  }
  return true;
}

// A seat of a consultation's list and one that is added have the same members. The field that is wrong, or nothing.
template <class Body>
std::optional<Problem> to_seat(const Body& seat, SeatRequest& request) {
  const auto role = role_from_text(seat.role);
  if (!role) return invalid("role");
  request.role = *role;
  request.many = seat.many.value_or(false);
  request.skips_waiting = seat.skipsWaiting.value_or(false);
  if (seat.identity && !(request.identity = identity_need_from_text(*seat.identity))) return invalid("identity");
  if (seat.withhold && !read_rights(*seat.withhold, request.withheld)) return invalid("withhold");
  request.organisation = seat.organisation.value_or("");
  if (!is_display_name(request.organisation)) return invalid("organisation");
  return std::nullopt;
}

std::optional<Problem> to_invitation(const body::Invitation& body, InvitationRequest& request) {
  if (body.kind.value_or("link") != "link") return invalid("kind");
  request.uses_max = body.maxUses.value_or(1);
  if (body.notBefore && !(request.not_before = parse_time(*body.notBefore))) return invalid("notBefore");
  if (body.notAfter && !(request.not_after = parse_time(*body.notAfter))) return invalid("notAfter");
  return std::nullopt;
}

}  // namespace

Parsed<ConsultationRequest> parse_create(std::string_view text, const Templates& templates) {
  auto value = json_read::parse(text);
  if (!value || !value->is_object()) return {{}, Problem{400, "invalid_json", ""}};
  const boost::json::value* name = value->get_object().if_contains("template");
  if (name == nullptr) return {{}, Problem{400, "missing_field", "template"}};
  const auto* kind = name->is_string() ? templates.find(std::string_view(name->get_string())) : nullptr;
  if (kind == nullptr) return {{}, invalid("template")};
  value->get_object().erase("template");
  body::CreateRest read;
  if (auto error = json_read::read(*value, read, "")) return {{}, problem_of(error)};
  ConsultationRequest request;
  request.kind = kind;
  if (read.startsAt && !(request.starts = parse_time(*read.startsAt))) return {{}, invalid("startsAt")};
  if (read.endsAt && !(request.ends = parse_time(*read.endsAt))) return {{}, invalid("endsAt")};
  for (const body::Seat& seat : read.seats.value_or(std::vector<body::Seat>{})) {
    if (auto problem = to_seat(seat, request.seats.emplace_back())) return {{}, problem};
  }
  return {std::move(request), {}};
}

Parsed<AddSeatRequest> parse_seat(std::string_view text) {
  body::AddSeat read;
  if (auto error = read_json(text, read)) return {{}, problem_of(error)};
  AddSeatRequest request;
  if (auto problem = to_seat(read, request.seat)) return {{}, problem};
  if (!read.invitation) return {request, {}};
  if (auto problem = to_invitation(*read.invitation, request.invitation.emplace())) return {{}, problem};
  return {request, {}};
}

Parsed<InvitationRequest> parse_invitation(std::string_view text) {
  body::Invitation read;
  if (auto error = read_json(text.empty() ? "{}" : text, read)) return {{}, problem_of(error)};
  InvitationRequest request;
  if (auto problem = to_invitation(read, request)) return {{}, problem};
  return {request, {}};
}

Parsed<JoinRequest> parse_join(std::string_view text) {
  body::Join read;
  if (auto error = read_json(text, read)) return {{}, problem_of(error)};
  std::string name = read.displayName.value_or("");
  if (!is_display_name(name)) return {{}, invalid("displayName")};
  return {{std::move(read.token), std::move(name), read.echo.value_or(false)}, {}};
}

Parsed<ResumeRequest> parse_resume(std::string_view text) {
  body::Resume read;
  if (auto error = read_json(text, read)) return {{}, problem_of(error)};
  std::string name = read.displayName.value_or("");
  if (!is_display_name(name)) return {{}, invalid("displayName")};
  return {{std::move(read.resume), std::move(name)}, {}};
}

namespace {

Parsed<MuteKinds> parse_kinds(std::string_view text, std::initializer_list<MuteKind> otherwise) {
  body::Mute read;
  if (auto error = read_json(text.empty() ? "{}" : text, read)) return {{}, problem_of(error)};
  MuteKinds kinds;
  if (!read.kinds) {
    for (const MuteKind kind : otherwise) kinds.set(kind, true);
  }
  for (const std::string& word : read.kinds.value_or(std::vector<std::string>{})) {
    const auto kind = mute_kind_from_text(word);
    if (!kind) return {{}, invalid("kinds")};
    kinds.set(*kind, true);
  }
  if (kinds.empty()) return {{}, invalid("kinds")};
  return {kinds, {}};
}

}  // namespace

Parsed<MuteKinds> parse_mute(std::string_view text) { return parse_kinds(text, {MuteKind::kAudio}); }

Parsed<MuteKinds> parse_stop(std::string_view text) { return parse_kinds(text, {MuteKind::kVideo, MuteKind::kScreen}); }

Parsed<Rights> parse_grant(std::string_view text) {
  body::Grant read;
  if (auto error = read_json(text, read)) return {{}, problem_of(error)};
  Rights rights;
  if (!read_rights(read.rights, rights)) return {{}, invalid("rights")};
  return {rights, {}};
}

Parsed<uint64_t> parse_groups(std::string_view text) {
  body::Groups read;
  if (auto error = read_json(text, read)) return {{}, problem_of(error)};
  uint64_t groups = 0;
  for (const uint32_t group : read.groups) {
    if (group >= 64) return {{}, invalid("groups")};
    groups |= uint64_t{1} << group;
  }
  if (groups == 0) return {{}, invalid("groups")};
  return {groups, {}};
}

Parsed<std::vector<PresentPerson>> parse_persons(std::string_view text) {
  body::Persons read;
  if (auto error = read_json(text, read)) return {{}, problem_of(error)};
  std::vector<PresentPerson> persons;
  for (body::Person& person : read.persons) {
    const auto role = role_from_text(person.role);
    if (!role) return {{}, invalid("role")};
    std::string name = person.name.value_or("");
    if (!is_display_name(name)) return {{}, invalid("name")};
    persons.push_back({*role, std::move(name)});
  }
  return {std::move(persons), {}};
}

Parsed<WallTime> parse_extend(std::string_view text) {
  body::Extend read;
  if (auto error = read_json(text, read)) return {{}, problem_of(error)};
  const auto ends = parse_time(read.endsAt);
  if (!ends) return {{}, invalid("endsAt")};
  return {*ends, {}};
}

std::optional<Problem> parse_empty(std::string_view text) {
  body::Empty read;
  return problem_of(read_json(text.empty() ? "{}" : text, read));
}

}  // namespace eir
