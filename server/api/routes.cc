#include "server/api/routes.h"

#include <array>
#include <optional>

namespace eir {
namespace {

struct Row {
  std::string_view method;
  std::string_view pattern;
  RouteName name;
};

constexpr std::array kRows = {
    Row{"POST", "/v1/consultations", RouteName::kCreate},
    Row{"GET", "/v1/consultations/{c}", RouteName::kRead},
    Row{"POST", "/v1/consultations/{c}/end", RouteName::kEnd},
    Row{"GET", "/v1/consultations/{c}/participants", RouteName::kParticipants},
    Row{"POST", "/v1/consultations/{c}/seats", RouteName::kAddSeat},
    Row{"POST", "/v1/consultations/{c}/seats/{s}/invitations", RouteName::kInvite},
    Row{"DELETE", "/v1/consultations/{c}/invitations/{i}", RouteName::kRevoke},
    Row{"POST", "/v1/join", RouteName::kJoin},
    Row{"POST", "/v1/join/resume", RouteName::kResume},
    Row{"POST", "/v1/consultations/{c}/participants/{p}/admit", RouteName::kAdmit},
    Row{"POST", "/v1/consultations/{c}/participants/{p}/deny", RouteName::kDeny},
    Row{"POST", "/v1/consultations/{c}/participants/{p}/return", RouteName::kReturn},
    Row{"POST", "/v1/consultations/{c}/participants/{p}/mute", RouteName::kMute},
    Row{"POST", "/v1/consultations/{c}/participants/{p}/remove", RouteName::kRemove},
    Row{"GET", "/v1/signal", RouteName::kSignal},
};

// Takes the text up to the next '/' off the front, and the '/' with it.
std::string_view take_segment(std::string_view& path) {
  const size_t slash = path.find('/');
  const std::string_view segment = path.substr(0, slash);
  path = slash == std::string_view::npos ? std::string_view{} : path.substr(slash + 1);
  return segment;
}

template <class Key>
bool take_key(std::string_view text, Key& key) {
  const auto parsed = Key::parse(text);
  if (parsed) key = *parsed;
  return parsed.has_value();
}

bool matches_segment(std::string_view pattern, std::string_view segment, Route& route) {
  if (pattern == "{c}") return take_key(segment, route.consultation);
  if (pattern == "{s}") return take_key(segment, route.seat);
  if (pattern == "{i}") return take_key(segment, route.invitation);
  if (pattern == "{p}") return take_key(segment, route.participant);
  return pattern == segment;
}

std::optional<Route> match(const Row& row, std::string_view path) {
  Route route{.name = row.name, .consultation = {}, .seat = {}, .invitation = {}, .participant = {}};
  std::string_view pattern = row.pattern;
  // The same number of slashes, so that both run out together.
  const auto slashes = [](std::string_view text) {
    size_t count = 0;
    for (const char c : text) count += c == '/' ? 1 : 0;
    return count;
  };
  if (slashes(pattern) != slashes(path)) return std::nullopt;
  while (!pattern.empty()) {
    if (!matches_segment(take_segment(pattern), take_segment(path), route)) return std::nullopt;
  }
  return route;
}

}  // namespace

std::variant<Route, NoRoute> find_route(std::string_view method, std::string_view path) {
  NoRoute none;
  for (const Row& row : kRows) {
    const auto route = match(row, path);
    if (!route) continue;
    if (row.method == method) return *route;
    if (!none.allowed.empty()) none.allowed += ", ";
    none.allowed += row.method;
  }
  return none;
}

}  // namespace eir
