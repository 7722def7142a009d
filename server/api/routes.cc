#include "server/api/routes.h"

#include <array>
#include <optional>

namespace eir {
namespace {

struct Row {
  std::string_view method;
  std::string_view pattern;
  RouteName name;
  Access access;
};

constexpr Access kOwner{Scope::kManage, std::nullopt};
constexpr Access kReader{Scope::kRead, std::nullopt};
constexpr Access kHost{Scope::kManage, Right::kModerate};

constexpr std::array kRows = {
    Row{"POST", "/v1/consultations", RouteName::kCreate, kOwner},
    Row{"GET", "/v1/consultations/{c}", RouteName::kRead, kReader},
    Row{"POST", "/v1/consultations/{c}/end", RouteName::kEnd, {Scope::kManage, Right::kEnd}},
    Row{"POST", "/v1/consultations/{c}/cancel", RouteName::kCancel, kOwner},
    Row{"POST", "/v1/consultations/{c}/no-show", RouteName::kNoShow, {Scope::kManage, Right::kEnd}},
    Row{"POST", "/v1/consultations/{c}/lock", RouteName::kLock, kHost},
    Row{"POST", "/v1/consultations/{c}/unlock", RouteName::kUnlock, kHost},
    Row{"POST", "/v1/consultations/{c}/hold", RouteName::kHold, kHost},
    Row{"POST", "/v1/consultations/{c}/release", RouteName::kRelease, kHost},
    Row{"POST", "/v1/consultations/{c}/extend", RouteName::kExtend, {Scope::kManage, Right::kEnd}},
    Row{"GET", "/v1/consultations/{c}/participants", RouteName::kParticipants, {Scope::kRead, Right::kList}},
    Row{"POST", "/v1/consultations/{c}/seats", RouteName::kAddSeat, {Scope::kManage, Right::kInvite}},
    Row{"POST", "/v1/consultations/{c}/seats/{s}/invitations", RouteName::kInvite, kOwner},
    Row{"DELETE", "/v1/consultations/{c}/invitations/{i}", RouteName::kRevoke, kOwner},
    Row{"GET", "/v1/consultations/{c}/audit", RouteName::kAudit, {Scope::kAudit, std::nullopt}},
    Row{"GET", "/v1/consultations/{c}/usage", RouteName::kUsage, kReader},
    Row{"GET", "/v1/events", RouteName::kEvents, {Scope::kEvents, std::nullopt}},
    Row{"POST", "/v1/join", RouteName::kJoin, {}},
    Row{"POST", "/v1/join/resume", RouteName::kResume, {}},
    Row{"POST", "/v1/consultations/{c}/participants/{p}/admit", RouteName::kAdmit, kHost},
    Row{"POST", "/v1/consultations/{c}/participants/{p}/deny", RouteName::kDeny, kHost},
    Row{"POST", "/v1/consultations/{c}/participants/{p}/return", RouteName::kReturn, kHost},
    Row{"POST", "/v1/consultations/{c}/participants/{p}/mute", RouteName::kMute, kHost},
    Row{"POST", "/v1/consultations/{c}/participants/{p}/stop", RouteName::kStop, kHost},
    Row{"POST", "/v1/consultations/{c}/participants/{p}/remove", RouteName::kRemove, kHost},
    Row{"POST", "/v1/consultations/{c}/participants/{p}/confirm-identity", RouteName::kConfirmIdentity, kHost},
    Row{"POST", "/v1/consultations/{c}/participants/{p}/grant", RouteName::kGrant, kHost},
    Row{"POST", "/v1/consultations/{c}/participants/{p}/groups", RouteName::kGroups, kHost},
    Row{"POST", "/v1/consultations/{c}/participants/{p}/persons", RouteName::kPersons, kHost},
    Row{"GET", "/v1/signal", RouteName::kSignal, {}},
    Row{"GET", "/v1/openapi.json", RouteName::kDescribe, {}},
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
  Route route{
      .name = row.name, .access = row.access, .consultation = {}, .seat = {}, .invitation = {}, .participant = {}};
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

std::vector<RoutePattern> all_routes() {
  std::vector<RoutePattern> routes;
  routes.reserve(kRows.size());
  for (const Row& row : kRows) routes.push_back({row.method, row.pattern});
  return routes;
}

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
