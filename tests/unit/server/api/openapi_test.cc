#include "server/api/openapi.h"

#include <gtest/gtest.h>

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <set>
#include <string>

#include "lib/sdp/sdp_error.h"
#include "server/api/problem.h"
#include "server/api/routes.h"
#include "server/api/whip.h"
#include "server/consultation/consultation.h"
#include "server/workers/workers.h"

namespace eir {
namespace {

namespace json = boost::json;
using Words = std::set<std::string>;

const json::value& document() {
  static const json::value kDocument = json::parse(kOpenApi);
  return kDocument;
}

const json::value& at(std::string_view pointer) { return document().at_pointer(pointer); }

Words words(const json::value& list) {
  Words out;
  for (const json::value& word : list.as_array()) out.emplace(word.as_string());
  return out;
}

template <class Enum, size_t kCount>
Words texts(const std::array<Enum, kCount>& all) {
  Words out;
  for (const Enum one : all) out.emplace(to_text(one));
  return out;
}

Words texts_up_to(auto last) {
  Words out;
  for (int i = 0; i <= static_cast<int>(last); ++i) out.emplace(to_text(static_cast<decltype(last)>(i)));
  return out;
}

TEST(OpenApi, EveryRouteIsDescribedAndNothingElse) {
  Words routes;
  for (const RoutePattern& route : all_routes())
    routes.insert(std::string(route.method) + ' ' + std::string(route.path));
  // Not of the table: WhipApi answers what is below these two.
  for (const std::string path : {"/v1/whip/{c}", "/v1/whep/{c}"}) {
    EXPECT_TRUE(WhipApi::is_mine(path));
    routes.insert({"POST " + path, "PATCH " + path + "/{r}", "DELETE " + path + "/{r}"});
  }
  Words described;
  for (const auto& path : at("/paths").as_object()) {
    for (const auto& method : path.value().as_object()) {
      if (method.key() == "parameters") continue;
      std::string name(method.key());
      for (char& c : name) c = static_cast<char>(c - 'a' + 'A');
      described.insert(name + ' ' + std::string(path.key()));
    }
  }
  EXPECT_EQ(routes, described);
}

TEST(OpenApi, ScopesAndHostsAreThoseOfTheTable) {
  for (const RoutePattern& pattern : all_routes()) {
    std::string method(pattern.method);
    for (char& c : method) c = static_cast<char>(c - 'A' + 'a');
    const json::object& operation = at("/paths").at(pattern.path).at(method).as_object();
    const std::string summary(operation.at("summary").as_string());
    const json::array& security = operation.at("security").as_array();
    if (security.empty()) continue;
    std::string path(pattern.path);
    for (const char* key : {"c", "s", "i", "p"}) {
      const std::string variable = std::string("{") + key + '}';
      if (const size_t found = path.find(variable); found != std::string::npos) {
        path.replace(found, variable.size(), std::string(key) + "_AAAAAAAAAAAAAAAAAAAA");
      }
    }
    const auto found = find_route(pattern.method, path);
    const Access access = std::get<Route>(found).access;
    EXPECT_NE(summary.find("cope " + std::string(to_text(access.scope))), std::string::npos) << path << summary;
    EXPECT_EQ(security.size(), access.right ? 2U : 1U) << path;
  }
}

TEST(OpenApi, EveryCodeThatARefusalCanHaveIsListedUnderItsStatus) {
  const Words codes = words(at("/components/schemas/Code/enum"));
  std::set<std::pair<std::string, std::string>> by_status;
  for (const auto& response : at("/components/responses").as_object()) {
    const json::value& schema =
        response.value().at_pointer("/content/application~1problem+json/schema/allOf/1/properties");
    for (const std::string& code : words(schema.at_pointer("/code/enum"))) {
      EXPECT_TRUE(codes.contains(code)) << code;
      by_status.emplace(std::to_string(schema.at_pointer("/status/const").as_int64()), code);
    }
  }
  for (int i = 0; i <= static_cast<int>(Refusal::kUnavailable); ++i) {
    const Problem problem = problem_of(static_cast<Refusal>(i));
    EXPECT_TRUE(by_status.contains({std::to_string(problem.status), problem.code})) << problem.code;
  }
  for (int i = 0; i <= static_cast<int>(channel::RefusalCode::kNotPossible); ++i) {
    WorkerError error;
    error.failure = WorkerFailure::kRefused;
    error.refusal = {static_cast<channel::RefusalCode>(i), "bundle_required", 0};
    EXPECT_TRUE(codes.contains(problem_of(error).code)) << i;
  }
  EXPECT_TRUE(codes.contains(Problem{}.code));
}

TEST(OpenApi, EveryCodeOfARefusedOfferIsListed) {
  const Words codes = words(at("/components/schemas/Code/enum"));
  for (int i = 0; i <= static_cast<int>(sdp::SdpError::kMediaRejected); ++i) {
    EXPECT_TRUE(codes.contains(std::string(sdp::sdp_error_code(static_cast<sdp::SdpError>(i))))) << i;
  }
}

TEST(OpenApi, WordsAreThoseOfTheDomain) {
  EXPECT_EQ(words(at("/components/schemas/Role/enum")), texts_up_to(Role::kSupport));
  EXPECT_EQ(words(at("/components/schemas/Right/enum")), texts(kAllRights));
  EXPECT_EQ(words(at("/components/schemas/MuteKind/enum")), texts(kAllMuteKinds));
  EXPECT_EQ(words(at("/components/schemas/State/enum")), texts_up_to(ConsultationState::kExpired));
  EXPECT_EQ(words(at("/components/schemas/Hold/enum")), texts_up_to(Hold::kByHost));
  EXPECT_EQ(words(at("/components/schemas/IdentityNeed/enum")), texts_up_to(IdentityNeed::kHostConfirms));
}

}  // namespace
}  // namespace eir
