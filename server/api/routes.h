#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "server/api/problem.h"
#include "server/api/scope.h"
#include "server/consultation/public_id.h"
#include "server/consultation/role.h"

namespace eir {

enum class RouteName : uint8_t {
  kCreate,
  kRead,
  kEnd,
  kCancel,
  kNoShow,
  kLock,
  kUnlock,
  kHold,
  kRelease,
  kExtend,
  kParticipants,
  kAddSeat,
  kInvite,
  kRevoke,
  kAudit,
  kUsage,
  kEvents,
  kJoin,
  kResume,
  kAdmit,
  kDeny,
  kReturn,
  kMute,
  kStop,
  kRemove,
  kConfirmIdentity,
  kGrant,
  kGroups,
  kPersons,
  kSignal,
  kDescribe,
};

// Who may take a route: a service with the scope, and where there is a right, also a participant who has it there.
struct Access {
  Scope scope = Scope::kManage;
  std::optional<Right> right;
};
// The route with the ids of its path; ids that the route has not stay empty.
struct Route {
  RouteName name = RouteName::kCreate;
  Access access;
  ConsultationKey consultation;
  SeatKey seat;
  InvitationKey invitation;
  ParticipantKey participant;
};

struct NoRoute {
  // The methods of the path, for Allow; empty if there is no such path.
  std::string allowed;
};

// Every route there is, as OpenAPI writes it: "/v1/consultations/{c}".
struct RoutePattern {
  std::string_view method;
  std::string_view path;
};
std::vector<RoutePattern> all_routes();

// `path` as it stands in the request line, without query. Nothing is decoded or normalised: a path that needs either is
// not one of ours. A malformed id is an unknown path.
std::variant<Route, NoRoute> find_route(std::string_view method, std::string_view path);

}  // namespace eir
