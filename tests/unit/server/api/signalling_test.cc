#include "server/api/signalling.h"

#include <list>

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

TEST_F(SignallingTest, TheTimeToEachAnswerIsCounted) {
  create("test");
  Connection connection;
  SignalSession session(backend->signalling, connection);
  hello(session, join(0));
  say(session, R"({"type":"offer","id":1,"sdp":"o"})");
  EXPECT_NE(connection.last("answer"), "");
  EXPECT_EQ(backend->signalling.offer_answer().snapshot().count, 1U);
}

// People of a consultation with their pages open, who write.
class WritingTest : public BackendTest {
 protected:
  struct Page {
    Person person;
    Connection connection;
    std::unique_ptr<SignalSession> session;
  };
  Page& open(size_t seat) {
    Page& page = pages.emplace_back();
    page.person = join(seat);
    page.session = std::make_unique<SignalSession>(backend->signalling, page.connection);
    hello(*page.session, page.person);
    return page;
  }
  void TearDown() override {
    for (Page& page : pages) page.session.reset();
  }
  void write(Page& page, const std::string& text) { say(*page.session, R"({"type":"chat","text":")" + text + R"("})"); }
  // What the page has read of others last.
  static std::string read(const Page& page) {
    const std::string last = page.connection.last("chat");
    return last.empty() ? "" : std::string(json::parse(last).at("text").as_string());
  }
  std::string last_code(const Page& page) {
    const std::string last = page.connection.last("error");
    return last.empty() ? "" : std::string(json::parse(last).at("code").as_string());
  }
  std::list<Page> pages;
};

TEST_F(WritingTest, WhatIsWrittenReachesTheOthersWithItsWriter) {
  create("test");
  Page& host = open(0);
  Page& patient = open(1);
  write(patient, "vondt");
  EXPECT_EQ(host.connection.last("chat"),
            R"({"type":"chat","participant":")" + patient.person.id + R"(","text":"vondt"})");
  EXPECT_EQ(read(patient), "") << "nobody hears an echo";
  say(*host.session, R"({"type":"text","t140":"h\u0008H"})");
  EXPECT_EQ(patient.connection.last("text"),
            R"({"type":"text","participant":")" + host.person.id + R"(","t140":"h\bH"})");
  EXPECT_EQ(database_text().find("vondt"), std::string::npos);
}

TEST_F(WritingTest, WhoWaitsNeitherWritesNorReads) {
  create();
  Page& host = open(0);
  Page& patient = open(1);
  write(patient, "hallo?");
  EXPECT_EQ(last_code(patient), "forbidden");
  write(host, "om de andre");
  EXPECT_EQ(read(host) + read(patient), "");
  EXPECT_EQ(call("POST", path_of(patient.person) + "/admit", "", host.person.session).status, 200);
  write(host, "velkommen");
  EXPECT_EQ(read(patient), "velkommen");
}

TEST_F(WritingTest, AnObserverReadsAndWritesOnceItMaySpeak) {
  create("test");
  Page& host = open(0);
  Page& observer = open(2);
  write(host, "til alle");
  EXPECT_EQ(read(observer), "til alle");
  write(observer, "et ord?");
  EXPECT_EQ(last_code(observer), "forbidden");
  EXPECT_EQ(call("POST", path_of(observer.person) + "/grant", R"({"rights":["audio"]})", host.person.session).status,
            200);
  write(observer, "takk");
  EXPECT_EQ(read(host), "takk");
}

TEST_F(WritingTest, GroupsAndHoldsPartTextAsTheyPartMedia) {
  create("test");
  Page& host = open(0);
  Page& patient = open(1);
  EXPECT_EQ(call("POST", path_of(patient.person) + "/groups", R"({"groups":[3]})", host.person.session).status, 200);
  write(host, "i det andre rommet");
  EXPECT_EQ(read(patient), "");
  EXPECT_EQ(call("POST", path_of(patient.person) + "/groups", R"({"groups":[0]})", host.person.session).status, 200);
  EXPECT_EQ(call("POST", base + "/hold", "", host.person.session).status, 200);
  write(host, "mens det er pause");
  EXPECT_EQ(read(patient), "");
  write(patient, "hei?");
  EXPECT_EQ(last_code(patient), "forbidden");
  EXPECT_EQ(call("POST", base + "/release", "", host.person.session).status, 200);
  write(patient, "hei");
  EXPECT_EQ(read(host), "hei");
}

TEST_F(WritingTest, ATemplateMayForbidIt) {
  ASSERT_TRUE(templates.add("silent: {extends: test, chat: false}", "site").empty());
  create("silent");
  Page& host = open(0);
  Page& patient = open(1);
  EXPECT_FALSE(json::parse(host.connection.last("welcome")).at("chat").as_bool());
  write(host, "hei");
  EXPECT_EQ(last_code(host), "forbidden");
  EXPECT_EQ(read(patient), "");
}

}  // namespace
}  // namespace eir
