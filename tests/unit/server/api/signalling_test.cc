#include "server/api/signalling.h"

#include "tests/unit/server/api/backend_fixture.h"

namespace eir {
namespace {

namespace json = boost::json;

using SignallingTest = BackendTest;

TEST_F(SignallingTest, RightsAreToldWhenAHostGrantsMore) {
  create("test");
  const Person host = join(0);
  const Person patient = join(1);
  Connection connection;
  SignalSession session(backend->signalling, connection);
  hello(session, patient);
  EXPECT_EQ(connection.last("rights"), "");
  EXPECT_EQ(call("POST", path_of(patient) + "/grant", R"({"rights":["screen"]})", host.session).status, 200);
  EXPECT_EQ(connection.last("rights"), R"({"type":"rights","rights":["audio","video","extra_camera","screen"]})");
  EXPECT_EQ(code(call("POST", path_of(patient) + "/grant", R"({"rights":["moderate"]})", host.session)), "forbidden");
}

TEST_F(SignallingTest, LockAndHoldAreToldAndAHoldTakesTheMediaOfAllButHosts) {
  create("test");
  const Person host = join(0);
  const Person patient = join(1);
  Connection connection;
  SignalSession session(backend->signalling, connection);
  hello(session, patient);
  EXPECT_EQ(call("POST", base + "/lock", "", host.session).status, 200);
  EXPECT_EQ(connection.last("consultation"), R"({"type":"consultation","state":"open","locked":true,"hold":"none"})");
  EXPECT_EQ(call("POST", base + "/hold", "", host.session).status, 200);
  EXPECT_EQ(connection.last("consultation"),
            R"({"type":"consultation","state":"open","locked":true,"hold":"by_host"})");
  EXPECT_EQ(connection.last("rights"), R"({"type":"rights","rights":[]})");
  EXPECT_TRUE(rights(patient).send_kinds.empty());
  EXPECT_EQ(call("POST", base + "/release", "", host.session).status, 200);
  EXPECT_EQ(rights(patient).send_kinds.size(), 3U);
}

TEST_F(SignallingTest, NameIsSaidAgainByTheClientAfterARestart) {
  create();
  const std::string token = invite(0);
  const auto joined =
      json::parse(call("POST", "/v1/join", R"({"token":")" + token + R"(","displayName":"Åse"})", "").body);
  const std::string proof(joined.at("session").as_string());
  restart();
  EXPECT_EQ(call("GET", base + "/participants", "", secret).body.find("Åse"), std::string::npos);
  Connection connection;
  SignalSession session(backend->signalling, connection);
  say(session, R"({"type":"hello","session":")" + proof + R"(","displayName":"Åse"})");
  EXPECT_NE(connection.last("welcome").find(R"("name":"Åse")"), std::string::npos);
}

TEST_F(SignallingTest, HelloDoesNotRename) {
  create();
  const Person host = join(0);
  Connection connection;
  SignalSession session(backend->signalling, connection);
  say(session, R"({"type":"hello","session":")" + host.session + R"(","displayName":"One"})");
  Connection later;
  SignalSession again(backend->signalling, later);
  say(again, R"({"type":"hello","session":")" + host.session + R"(","displayName":"Two"})");
  EXPECT_NE(later.last("welcome").find(R"("name":"One")"), std::string::npos);
}

TEST_F(SignallingTest, OneSaysWhoElseSitsThere) {
  create();
  const Person host = join(0);
  Connection connection;
  SignalSession session(backend->signalling, connection);
  hello(session, host);
  say(session, R"({"type":"persons","persons":[{"role":"clinician","name":"Åse"},{"role":"patient"}]})");
  EXPECT_EQ(connection.last("error"), "");
  EXPECT_NE(connection.last("roster").find(R"("persons":[{"role":"clinician","name":"Åse"},{"role":"patient"}])"),
            std::string::npos);
}

TEST_F(SignallingTest, NobodyMakesThemselfLookLikeAClinicianByWhoSitsThere) {
  create();
  const Person patient = join(1);
  Connection connection;
  SignalSession session(backend->signalling, connection);
  hello(session, patient);
  say(session, R"({"type":"persons","persons":[{"role":"specialist"}]})");
  EXPECT_EQ(connection.last("error"), R"({"type":"error","code":"forbidden"})");
  say(session, R"({"type":"persons","persons":[{"role":"relative"}]})");
  EXPECT_NE(connection.last("roster").find(R"("persons":[{"role":"relative"}])"), std::string::npos);
}

TEST_F(SignallingTest, HostsRosterHoldsWhoWaits) {
  create();
  const Person patient = join(1);
  const Person host = join(0);
  Connection connection;
  SignalSession session(backend->signalling, connection);
  hello(session, host);
  const json::value welcome = json::parse(connection.last("welcome"));
  bool is_waiting = false;
  for (const json::value& entry : welcome.at("roster").as_array()) {
    is_waiting |= entry.at("id").as_string() == patient.id && entry.at("state").as_string() == "waiting";
  }
  EXPECT_TRUE(is_waiting);
}

TEST_F(SignallingTest, WhoWaitsIsToldWhatTheSeatMayDoSoThatNoCameraIsOpenedForACallOfVoices) {
  create("phone_conference");
  Connection of_voices;
  SignalSession session(backend->signalling, of_voices);
  hello(session, join(1));
  EXPECT_NE(of_voices.last("welcome").find(R"("state":"waiting","rights":[],"seatRights":["audio"])"),
            std::string::npos);
  create("samkonsultasjon");
  Connection with_pictures;
  SignalSession other(backend->signalling, with_pictures);
  hello(other, join(1));
  EXPECT_NE(with_pictures.last("welcome").find(R"("rights":[],"seatRights":["audio","video","extra_camera"])"),
            std::string::npos);
}

TEST_F(SignallingTest, SideRoomReachesTheWorker) {
  create("test");
  const Person host = join(0);
  const Person patient = join(1);
  Connection connection;
  SignalSession session(backend->signalling, connection);
  hello(session, patient);
  EXPECT_EQ(rights(patient).groups, 1U);
  EXPECT_EQ(call("POST", path_of(patient) + "/groups", R"({"groups":[3]})", host.session).status, 200);
  EXPECT_EQ(rights(patient).groups, 8U);
}

}  // namespace
}  // namespace eir
