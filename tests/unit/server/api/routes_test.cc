#include "server/api/routes.h"

#include <gtest/gtest.h>

#include <string>

#include "server/api/origin.h"
#include "server/api/problem.h"
#include "server/api/rate_limit.h"
#include "server/workers/workers.h"

namespace eir {
namespace {

const std::string kC = "c_AAAAAAAAAAAAAAAAAAAB";
const std::string kS = "s_AAAAAAAAAAAAAAAAAAAC";
const std::string kP = "p_AAAAAAAAAAAAAAAAAAAD";
const std::string kI = "i_AAAAAAAAAAAAAAAAAAAE";

std::optional<Route> route(std::string_view method, const std::string& path) {
  const auto found = find_route(method, path);
  const auto* route = std::get_if<Route>(&found);
  return route == nullptr ? std::nullopt : std::optional(*route);
}

std::string allowed(std::string_view method, const std::string& path) {
  const auto found = find_route(method, path);
  const auto* none = std::get_if<NoRoute>(&found);
  return none == nullptr ? "a route" : none->allowed;
}

TEST(Routes, EveryRouteOfTheContractIsThere) {
  const std::string c = "/v1/consultations/" + kC;
  EXPECT_EQ(route("POST", "/v1/consultations")->name, RouteName::kCreate);
  EXPECT_EQ(route("GET", c)->name, RouteName::kRead);
  EXPECT_EQ(route("POST", c + "/end")->name, RouteName::kEnd);
  EXPECT_EQ(route("GET", c + "/participants")->name, RouteName::kParticipants);
  EXPECT_EQ(route("POST", c + "/seats")->name, RouteName::kAddSeat);
  EXPECT_EQ(route("POST", c + "/seats/" + kS + "/invitations")->name, RouteName::kInvite);
  EXPECT_EQ(route("DELETE", c + "/invitations/" + kI)->name, RouteName::kRevoke);
  EXPECT_EQ(route("POST", "/v1/join")->name, RouteName::kJoin);
  EXPECT_EQ(route("POST", "/v1/join/resume")->name, RouteName::kResume);
  const std::string p = c + "/participants/" + kP;
  EXPECT_EQ(route("POST", p + "/admit")->name, RouteName::kAdmit);
  EXPECT_EQ(route("POST", p + "/deny")->name, RouteName::kDeny);
  EXPECT_EQ(route("POST", p + "/return")->name, RouteName::kReturn);
  EXPECT_EQ(route("POST", p + "/mute")->name, RouteName::kMute);
  EXPECT_EQ(route("POST", p + "/remove")->name, RouteName::kRemove);
  EXPECT_EQ(route("POST", p + "/stop")->name, RouteName::kStop);
  EXPECT_EQ(route("POST", p + "/confirm-identity")->name, RouteName::kConfirmIdentity);
  EXPECT_EQ(route("POST", p + "/grant")->name, RouteName::kGrant);
  EXPECT_EQ(route("POST", p + "/groups")->name, RouteName::kGroups);
  EXPECT_EQ(route("POST", p + "/persons")->name, RouteName::kPersons);
  EXPECT_EQ(route("POST", c + "/cancel")->name, RouteName::kCancel);
  EXPECT_EQ(route("POST", c + "/no-show")->name, RouteName::kNoShow);
  EXPECT_EQ(route("POST", c + "/lock")->name, RouteName::kLock);
  EXPECT_EQ(route("POST", c + "/unlock")->name, RouteName::kUnlock);
  EXPECT_EQ(route("POST", c + "/hold")->name, RouteName::kHold);
  EXPECT_EQ(route("POST", c + "/release")->name, RouteName::kRelease);
  EXPECT_EQ(route("POST", c + "/extend")->name, RouteName::kExtend);
  EXPECT_EQ(route("GET", c + "/audit")->name, RouteName::kAudit);
  EXPECT_EQ(route("GET", c + "/usage")->name, RouteName::kUsage);
  EXPECT_EQ(route("GET", "/v1/events")->name, RouteName::kEvents);
  EXPECT_EQ(route("GET", "/v1/signal")->name, RouteName::kSignal);
}

TEST(Routes, EachIsForTheScopeThatItsReadersAreGiven) {
  const std::string c = "/v1/consultations/" + kC;
  EXPECT_EQ(route("POST", "/v1/consultations")->access.scope, Scope::kManage);
  EXPECT_EQ(route("GET", c)->access.scope, Scope::kRead);
  EXPECT_EQ(route("GET", c + "/audit")->access.scope, Scope::kAudit);
  EXPECT_EQ(route("GET", "/v1/events")->access.scope, Scope::kEvents);
  EXPECT_FALSE(route("POST", c + "/cancel")->access.right) << "only the owner cancels";
  EXPECT_EQ(route("POST", c + "/end")->access.right, Right::kEnd);
  EXPECT_EQ(route("POST", c + "/seats")->access.right, Right::kInvite);
  EXPECT_EQ(route("GET", c + "/participants")->access.right, Right::kList);
}

TEST(Routes, IdsComeOutOfThePath) {
  const auto found = route("POST", "/v1/consultations/" + kC + "/participants/" + kP + "/admit");
  EXPECT_EQ(found->consultation.to_string(), kC);
  EXPECT_EQ(found->participant.to_string(), kP);
}

TEST(Routes, OtherMethodsAreToldWhatIsAllowed) {
  EXPECT_EQ(allowed("GET", "/v1/join"), "POST");
  EXPECT_EQ(allowed("OPTIONS", "/v1/consultations"), "POST");
}

TEST(Routes, OddPathsAreUnknown) {
  for (const std::string& path :
       {std::string(""), std::string("/"), std::string("/v1/consultations/"), "/v1/consultations/" + kC + "/",
        "//v1/consultations/" + kC, "/v1/consultations/" + kP, "/v1/consultations/" + kC + "A",
        "/v1/consultations/../consultations/" + kC, "/v1/consultations/" + kC + "/seats/" + kS,
        std::string("/v1/%6aoin"), std::string("/V1/join"), std::string("/v1/consultations/{c}")}) {
    EXPECT_EQ(allowed("POST", path), "") << path;
  }
}

TEST(Problem, IsOfRfc9457) {
  EXPECT_EQ(to_json({404, "not_found", ""}),
            R"({"type":"about:blank","title":"Not Found","status":404,"code":"not_found"})");
  EXPECT_EQ(to_json({400, "invalid_value", "\"x\""}),
            R"({"type":"about:blank","title":"Bad Request","status":400,"code":"invalid_value","detail":"\"x\""})");
}

TEST(Problem, RefusalsHaveStableCodes) {
  const auto code = [](Refusal refusal) { return problem_of(refusal).code; };
  EXPECT_EQ(code(Refusal::kNotFound), "not_found");
  EXPECT_EQ(code(Refusal::kUnauthorized), "unauthorized");
  EXPECT_EQ(code(Refusal::kTokenExpired), "token_expired");
  EXPECT_EQ(code(Refusal::kForbidden), "forbidden");
  EXPECT_EQ(code(Refusal::kInvitationUsed), "invitation_used");
  EXPECT_EQ(code(Refusal::kInvitationExpired), "invitation_expired");
  EXPECT_EQ(code(Refusal::kInvitationEarly), "invitation_early");
  EXPECT_EQ(code(Refusal::kInvitationRevoked), "invitation_revoked");
  EXPECT_EQ(code(Refusal::kTooEarly), "too_early");
  EXPECT_EQ(code(Refusal::kConsultationOver), "consultation_ended");
  EXPECT_EQ(code(Refusal::kLocked), "locked");
  EXPECT_EQ(code(Refusal::kFull), "full");
  EXPECT_EQ(code(Refusal::kWrongState), "wrong_state");
  EXPECT_EQ(code(Refusal::kInvalidValue), "invalid_value");
  EXPECT_EQ(code(Refusal::kUnavailable), "unavailable");
}

TEST(Problem, RefusedOfferCarriesTheCodeAndLineOfTheSdp) {
  WorkerError error;
  error.failure = WorkerFailure::kRefused;
  error.refusal = {channel::RefusalCode::kOfferRefused, "bundle_required", 12};
  EXPECT_EQ(problem_of(error).code, "bundle_required");
  EXPECT_EQ(problem_of(error).detail, "line 12");
  EXPECT_EQ(problem_of(error).status, 400);
  error.failure = WorkerFailure::kTimeout;
  EXPECT_EQ(problem_of(error).status, 503);
}

TEST(Origin, OwnHostAndListedOnesOnly) {
  Listeners listeners;
  listeners.public_url = "https://video.example.org";
  listeners.allowed_origins = {"https://ehr.example.org"};
  HttpRequest request;
  request.host = "192.0.2.1:8443";
  request.is_tls = true;
  const auto allows = [&](const char* origin) {
    request.origin = origin;
    return is_origin_allowed(request, listeners);
  };
  EXPECT_TRUE(allows(""));
  EXPECT_TRUE(allows("https://192.0.2.1:8443"));
  EXPECT_TRUE(allows("https://video.example.org"));
  EXPECT_TRUE(allows("https://ehr.example.org"));
  EXPECT_FALSE(allows("http://192.0.2.1:8443"));
  EXPECT_FALSE(allows("https://192.0.2.1"));
  EXPECT_FALSE(allows("https://video.example.org.evil.example"));
  EXPECT_FALSE(allows("null"));
}

TEST(Origin, ReboundNameIsNotOursOnTheLoopbackListener) {
  HttpRequest request;
  request.host = "localhost:8080";
  request.origin = "http://localhost:8080";
  EXPECT_TRUE(is_origin_allowed(request, {}));
  request.host = "evil.example:8080";
  request.origin = "http://evil.example:8080";
  EXPECT_FALSE(is_origin_allowed(request, {}));
  request.host = "localhost.evil.example:8080";
  request.origin = "http://localhost.evil.example:8080";
  EXPECT_FALSE(is_origin_allowed(request, {}));
}

TEST(RateLimit, RefillsWithTimeUpToItsBurst) {
  RateLimit limit(50, 100);
  Timestamp now{1s};
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(limit.allow(now));
  EXPECT_FALSE(limit.allow(now));
  now += 20ms;
  EXPECT_TRUE(limit.allow(now));
  EXPECT_FALSE(limit.allow(now));
  now += 1h;
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(limit.allow(now));
  EXPECT_FALSE(limit.allow(now));
}

TEST(SourceLimit, ManySourcesDoNotGrowItForever) {
  SourceLimit limit(1);
  const Timestamp now{1s};
  for (size_t i = 0; i < SourceLimit::kSourcesMax; ++i) limit.charge(std::to_string(i), now);
  EXPECT_FALSE(limit.is_empty("first of the rest", now));
  limit.charge("first of the rest", now);
  EXPECT_TRUE(limit.is_empty("second of the rest", now));
  EXPECT_FALSE(limit.is_empty("third", now + 61s));
}

}  // namespace
}  // namespace eir
