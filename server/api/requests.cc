#include "server/api/requests.h"

#include <boost/describe/class.hpp>

#include "server/api/json_read.h"

namespace eir {
namespace body {

struct Seat {
  std::string role;
  std::optional<bool> many;
};
BOOST_DESCRIBE_STRUCT(Seat, (), (role, many))

// Without `template`, a word of C++, which parse_create() takes out first.
struct CreateRest {
  std::optional<std::vector<Seat>> seats;
};
BOOST_DESCRIBE_STRUCT(CreateRest, (), (seats))

struct Invitation {
  std::optional<std::string> kind;
  std::optional<uint32_t> maxUses;       // NOLINT(readability-identifier-naming): the JSON name
  std::optional<std::string> notBefore;  // NOLINT(readability-identifier-naming): the JSON name
  std::optional<std::string> notAfter;   // NOLINT(readability-identifier-naming): the JSON name
};
BOOST_DESCRIBE_STRUCT(Invitation, (), (kind, maxUses, notBefore, notAfter))

struct Join {
  std::string token;
  std::optional<std::string> displayName;  // NOLINT(readability-identifier-naming): the JSON name
};
BOOST_DESCRIBE_STRUCT(Join, (), (token, displayName))

struct Resume {
  std::string resume;
};
BOOST_DESCRIBE_STRUCT(Resume, (), (resume))

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

std::optional<SeatRequest> to_seat(const body::Seat& seat) {
  const auto role = role_from_text(seat.role);
  if (!role) return std::nullopt;
  return SeatRequest{*role, seat.many.value_or(false)};
}

bool has_control_character(std::string_view text) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return true;
  }
  return false;
}

// `count` digits at `at`, or -1.
int digits(std::string_view text, size_t at, size_t count) {
  int value = 0;
  for (const char c : text.substr(at, count)) {
    if (c < '0' || c > '9') return -1;
    value = value * 10 + (c - '0');
  }
  return value;
}

std::string two_digits(unsigned value) {
  return {static_cast<char>('0' + value / 10), static_cast<char>('0' + value % 10)};
}

}  // namespace

Parsed<CreateRequest> parse_create(std::string_view text) {
  auto value = json_read::parse(text);
  if (!value || !value->is_object()) return {{}, Problem{400, "invalid_json", ""}};
  const boost::json::value* name = value->get_object().if_contains("template");
  if (name == nullptr) return {{}, Problem{400, "missing_field", "template"}};
  const auto* kind = name->is_string() ? find_template(std::string_view(name->get_string())) : nullptr;
  if (kind == nullptr) return {{}, invalid("template")};
  value->get_object().erase("template");
  body::CreateRest read;
  if (auto error = json_read::read(*value, read, "")) return {{}, problem_of(error)};
  Parsed<CreateRequest> parsed{{kind, {}}, {}};
  for (const body::Seat& seat : read.seats.value_or(std::vector<body::Seat>{})) {
    const auto request = to_seat(seat);
    if (!request) return {{}, invalid("role")};
    parsed.value.seats.push_back(*request);
  }
  return parsed;
}

Parsed<SeatRequest> parse_seat(std::string_view text) {
  body::Seat read;
  if (auto error = read_json(text, read)) return {{}, problem_of(error)};
  const auto request = to_seat(read);
  if (!request) return {{}, invalid("role")};
  return {*request, {}};
}

Parsed<InvitationRequest> parse_invitation(std::string_view text) {
  body::Invitation read;
  if (auto error = read_json(text.empty() ? "{}" : text, read)) return {{}, problem_of(error)};
  if (read.kind.value_or("link") != "link") return {{}, invalid("kind")};
  InvitationRequest request;
  request.uses_max = read.maxUses.value_or(1);
  if (read.notBefore && !(request.not_before = parse_time(*read.notBefore))) return {{}, invalid("notBefore")};
  if (read.notAfter && !(request.not_after = parse_time(*read.notAfter))) return {{}, invalid("notAfter")};
  return {request, {}};
}

Parsed<JoinRequest> parse_join(std::string_view text) {
  body::Join read;
  if (auto error = read_json(text, read)) return {{}, problem_of(error)};
  std::string name = read.displayName.value_or("");
  if (has_control_character(name)) return {{}, invalid("displayName")};
  return {{std::move(read.token), std::move(name)}, {}};
}

Parsed<std::string> parse_resume(std::string_view text) {
  body::Resume read;
  if (auto error = read_json(text, read)) return {{}, problem_of(error)};
  return {std::move(read.resume), {}};
}

Parsed<MuteKinds> parse_mute(std::string_view text) {
  body::Mute read;
  if (auto error = read_json(text.empty() ? "{}" : text, read)) return {{}, problem_of(error)};
  MuteKinds kinds;
  if (!read.kinds) kinds.set(MuteKind::kAudio, true);
  for (const std::string& word : read.kinds.value_or(std::vector<std::string>{})) {
    const auto kind = mute_kind_from_text(word);
    if (!kind) return {{}, invalid("kinds")};
    kinds.set(*kind, true);
  }
  if (kinds.empty()) return {{}, invalid("kinds")};
  return {kinds, {}};
}

std::optional<Problem> parse_empty(std::string_view text) {
  body::Empty read;
  return problem_of(read_json(text.empty() ? "{}" : text, read));
}

std::optional<WallTime> parse_time(std::string_view text) {
  constexpr std::string_view kShape = "0000-00-00T00:00:00Z";
  if (text.size() != kShape.size()) return std::nullopt;
  for (size_t at = 0; at < text.size(); ++at) {
    const bool is_digit = text[at] >= '0' && text[at] <= '9';
    if (kShape[at] == '0' ? !is_digit : text[at] != kShape[at]) return std::nullopt;
  }
  const std::chrono::year_month_day day{std::chrono::year(digits(text, 0, 4)),
                                        std::chrono::month(static_cast<unsigned>(digits(text, 5, 2))),
                                        std::chrono::day(static_cast<unsigned>(digits(text, 8, 2)))};
  const int hour = digits(text, 11, 2);
  const int minute = digits(text, 14, 2);
  const int second = digits(text, 17, 2);
  // Years within what any clock here can hold; no leap seconds.
  if (!day.ok() || day.year() < std::chrono::year(2000) || hour > 23 || minute > 59 || second > 59) {
    return std::nullopt;
  }
  return std::chrono::sys_days(day) + std::chrono::hours(hour) + std::chrono::minutes(minute) +
         std::chrono::seconds(second);
}

std::string to_text(WallTime time) {
  const auto midnight = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day day(midnight);
  const std::chrono::hh_mm_ss clock(time - midnight);
  return std::to_string(static_cast<int>(day.year())) + '-' + two_digits(static_cast<unsigned>(day.month())) + '-' +
         two_digits(static_cast<unsigned>(day.day())) + 'T' + two_digits(static_cast<unsigned>(clock.hours().count())) +
         ':' + two_digits(static_cast<unsigned>(clock.minutes().count())) + ':' +
         two_digits(static_cast<unsigned>(clock.seconds().count())) + 'Z';
}

}  // namespace eir
