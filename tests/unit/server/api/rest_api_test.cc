#include "server/api/rest_api.h"

#include "server/api/openapi.h"
#include "tests/unit/server/api/backend_fixture.h"

namespace eir {
namespace {

namespace json = boost::json;

class RestApiTest : public BackendTest {
 protected:
  using BackendTest::BackendTest;
  HttpAnswer lock(const std::string& if_match) {
    HttpRequest made = request("POST", base + "/lock", "", secret);
    made.if_match = if_match;
    return call(made);
  }
  uint64_t version() { return json::parse(call("GET", base, "", secret).body).at("version").to_number<uint64_t>(); }
};

class FullDiskRestApiTest : public RestApiTest {
 protected:
  FullDiskRestApiTest() : RestApiTest(std::chrono::seconds(1)) {}
};

TEST_F(RestApiTest, ChangeIsMadeOnlyToTheVersionThatItNames) {
  create();
  for (const char* other : {"\"2\"", "W/\"1\"", "1", "\"\"", "\"2\", \"3\"", "\"1"}) {
    const HttpAnswer refused = lock(other);
    EXPECT_EQ(refused.status, 412) << other;
    EXPECT_EQ(code(refused), "version_mismatch");
  }
  EXPECT_EQ(version(), 1U);
  EXPECT_EQ(header(lock("\"7\" , \"1\""), "ETag"), "\"2\"");
  EXPECT_EQ(lock("*").status, 200);
  EXPECT_EQ(lock("\"1\"").status, 412);
}

TEST_F(RestApiTest, EveryChangeOfAConsultationMayNameItsVersion) {
  create();
  const Person patient = join(1);
  const std::string key = "i_AAAAAAAAAAAAAAAAAAAE";
  for (const RoutePattern& pattern : all_routes()) {
    if (pattern.method == "GET" || pattern.path.find("{c}") == std::string_view::npos) continue;
    std::string path(pattern.path);
    const auto put = [&](std::string_view variable, const std::string& value) {
      if (const size_t at = path.find(variable); at != std::string::npos) path.replace(at, variable.size(), value);
    };
    put("/v1/consultations/{c}", base);
    put("{p}", patient.id);
    put("{s}", seats[0]);
    put("{i}", key);
    HttpRequest made = request(std::string(pattern.method), path, "", secret);
    made.if_match = "\"999\"";
    EXPECT_EQ(call(made).status, 412) << path;
  }
}

TEST_F(RestApiTest, AnswersSayWhichVersionTheyLeave) {
  create();
  const Person patient = join(1);
  const std::string now = '"' + std::to_string(version()) + '"';
  EXPECT_EQ(header(call("GET", base, "", secret), "ETag"), now);
  EXPECT_EQ(header(call("GET", base + "/participants", "", secret), "ETag"), now);
  EXPECT_EQ(header(call("POST", path_of(patient) + "/mute", "", secret), "ETag"), now);
  const HttpAnswer seat = call("POST", base + "/seats", R"({"role":"gp"})", secret);
  EXPECT_EQ(header(seat, "ETag"), '"' + std::to_string(version()) + '"');
  EXPECT_NE(header(seat, "ETag"), now);
}

TEST_F(RestApiTest, RefusalsSayWhatToBringAndWhenToComeAgain) {
  EXPECT_EQ(header(call("GET", "/v1/events", "", ""), "WWW-Authenticate"), "Bearer");
  backend->on_drain_asked();
  EXPECT_EQ(header(call("POST", "/v1/join", R"({"token":"x"})", ""), "Retry-After"), "20");
}

TEST_F(RestApiTest, DescriptionIsForEverybody) {
  const HttpAnswer answer = call("GET", "/v1/openapi.json", "", "");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.content_type, "application/json");
  EXPECT_EQ(answer.body, kOpenApi);
}

TEST_F(RestApiTest, CredentialOpensWhatItsScopesName) {
  create();
  const std::string reader = add_secret("demo", {Scope::kRead});
  const std::string auditor = add_secret("demo", {Scope::kAudit});
  EXPECT_EQ(call("GET", base, "", reader).status, 200);
  EXPECT_EQ(call("GET", base + "/usage", "", reader).status, 200);
  EXPECT_EQ(code(call("GET", base + "/audit", "", reader)), "forbidden");
  EXPECT_EQ(code(call("POST", base + "/lock", "", reader)), "forbidden");
  EXPECT_EQ(call("GET", base + "/audit", "", auditor).status, 200);
  EXPECT_EQ(code(call("GET", base, "", auditor)), "forbidden");
  EXPECT_EQ(backend->rest.counters().forbidden, 3U);
}

TEST_F(RestApiTest, RefusedActsAreOnTheAuditTrail) {
  create();
  const Person patient = join(1);
  EXPECT_EQ(code(call("POST", base + "/end", "", patient.session)), "forbidden");
  settle();
  const json::value read = json::parse(call("GET", base + "/audit", "", secret).body);
  const json::value& last = read.at("audit").as_array().back();
  EXPECT_EQ(last.at("action").as_string(), "end");
  EXPECT_TRUE(last.at("refused").as_bool());
  EXPECT_EQ(last.at("actor").as_string(), "participant:" + patient.id);
}

TEST_F(RestApiTest, AuditSaysWhoDidWhatInOrder) {
  create();
  const Person host = join(0);
  const Person patient = join(1);
  EXPECT_EQ(call("POST", path_of(patient) + "/admit", "", host.session).status, 200);
  const json::value read = json::parse(call("GET", base + "/audit", "", secret).body);
  std::string actions;
  for (const json::value& line : read.at("audit").as_array())
    actions += std::string(line.at("action").as_string()) + ' ';
  EXPECT_EQ(actions,
            "consultation.created invitation.made participant.joined invitation.made participant.joined "
            "participant.admitted ");
  const json::value& last = read.at("audit").as_array().back();
  EXPECT_EQ(last.at("actor").as_string(), "participant:" + host.id);
  EXPECT_EQ(last.at("participant").as_string(), patient.id);
  // The test's clock stands at 1 900 000 000 s after the epoch.
  EXPECT_EQ(last.at("at").as_string(), "2030-03-17T17:46:40Z");
}

TEST_F(RestApiTest, UsageSaysHowLongSomebodyWasThere) {
  create();
  const Person host = join(0);
  Connection connection;
  SignalSession session(backend->signalling, connection);
  hello(session, host);
  clock.at.wall += std::chrono::seconds(90);
  say(session, R"({"type":"leave"})");
  const json::value read = json::parse(call("GET", base + "/usage", "", secret).body);
  ASSERT_EQ(read.at("usage").as_array().size(), 1U);
  const json::value& line = read.at("usage").at(0);
  EXPECT_EQ(line.at("participant").as_string(), host.id);
  EXPECT_EQ(line.at("seconds").as_int64(), 90);
  EXPECT_EQ(line.at("persons").as_int64(), 1);
  EXPECT_EQ(line.at("reason").as_string(), "left");
}

TEST_F(RestApiTest, OtherTenantsSeeNoDifferenceFromNothing) {
  create();
  const std::string other = add_secret("clinic-2", Scopes::all());
  const std::string nowhere = "/v1/consultations/c_AAAAAAAAAAAAAAAAAAAB";
  for (const char* path : {"", "/participants", "/audit", "/usage"}) {
    const HttpAnswer answer = call("GET", base + path, "", other);
    EXPECT_EQ(answer.status, 404) << path;
    EXPECT_EQ(answer.body, call("GET", nowhere + path, "", other).body);
  }
  EXPECT_EQ(call("GET", base + "/usage", "", secret).body, R"({"usage":[]})");
  EXPECT_EQ(code(call("POST", base + "/end", "", other)), "not_found");
  EXPECT_EQ(json::parse(call("GET", base, "", secret).body).at("state").as_string(), "planned");
}

TEST_F(RestApiTest, WhatIsOverIsReadFromTheStoreAfterARestart) {
  create();
  EXPECT_EQ(call("POST", base + "/cancel", "", secret).status, 200);
  restart();
  const HttpAnswer read = call("GET", base, "", secret);
  EXPECT_EQ(read.status, 200);
  EXPECT_EQ(json::parse(read.body).at("state").as_string(), "cancelled");
  EXPECT_EQ(header(read, "ETag"), "\"2\"");
}

TEST_F(FullDiskRestApiTest, ChangesNothingAndSaysSo) {
  create();
  disk.is_broken = true;
  EXPECT_EQ(code(call("POST", base + "/lock", "", secret)), "journal_unavailable");
  const HttpAnswer refused = call("POST", base + "/hold", "", secret);
  EXPECT_EQ(refused.status, 503);
  EXPECT_NE(refused.body.find("Nothing was changed"), std::string::npos);
  disk.is_broken = false;
  settle();
  const json::value read = json::parse(call("GET", base, "", secret).body);
  EXPECT_TRUE(read.at("locked").as_bool()) << "what was said to be unknown is made when the disk takes it";
  EXPECT_EQ(read.at("hold").as_string(), "none");
}

TEST_F(RestApiTest, SeatAndItsLinkAreOneTransition) {
  create();
  const uint64_t before = backend->consultations.last_transition();
  EXPECT_EQ(call("POST", base + "/seats", R"({"role":"gp","invitation":{"maxUses":2}})", secret).status, 201);
  EXPECT_EQ(backend->consultations.last_transition(), before + 1);
  EXPECT_EQ(code(call("POST", base + "/seats", R"({"role":"gp","invitation":{"maxUses":0}})", secret)),
            "invalid_value");
  EXPECT_EQ(json::parse(call("GET", base, "", secret).body).at("seats").as_array().size(), 4U)
      << "no seat is left of the one whose link was refused";
}

TEST_F(RestApiTest, RestartKeepsWhoWaitsWhoIsInAndTheirTokens) {
  create();
  const Person host = join(0);
  const Person patient = join(1);
  const std::string unused = invite(2);
  restart();
  EXPECT_EQ(call("POST", path_of(patient) + "/admit", "", host.session).status, 200);
  EXPECT_EQ(call("POST", "/v1/join", R"({"token":")" + unused + R"("})", "").status, 200);
  Connection connection;
  SignalSession session(backend->signalling, connection);
  hello(session, patient);
  EXPECT_NE(connection.last("welcome").find(R"("state":"admitted")"), std::string::npos);
  EXPECT_EQ(call("POST", "/v1/join/resume", R"({"resume":")" + host.resume + R"("})", "").status, 200);
}

}  // namespace
}  // namespace eir
