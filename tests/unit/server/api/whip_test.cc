#include "server/api/whip.h"

#include "tests/unit/server/api/backend_fixture.h"

namespace eir {
namespace {

class WhipTest : public BackendTest {
 protected:
  HttpAnswer ask(HttpRequest asked) {
    std::optional<HttpAnswer> answer;
    boost::asio::co_spawn(*io, backend->whip.handle(asked), [&](const std::exception_ptr& failure, HttpAnswer made) {
      EXPECT_FALSE(failure);
      answer = std::move(made);
    });
    run_until([&] { return answer.has_value(); });
    return std::move(*answer);
  }
  HttpAnswer post(const std::string& kind, const Person& person, const std::string& offer = "a=ice-ufrag:abcd\r\n") {
    HttpRequest asked = request("POST", path(kind), offer, person.session);
    asked.content_type = "application/sdp";
    return ask(std::move(asked));
  }
  HttpAnswer patch(const std::string& resource, const Person& person, const std::string& if_match) {
    HttpRequest asked =
        request("PATCH", resource, "a=ice-ufrag:else\r\na=ice-pwd:0123456789012345678901\r\n", person.session);
    asked.content_type = "application/trickle-ice-sdpfrag";
    asked.if_match = if_match;
    return ask(std::move(asked));
  }
  std::string path(const std::string& kind) const {
    return "/v1/" + kind + '/' + base.substr(std::string("/v1/consultations/").size());
  }
  static std::string header(const HttpAnswer& answer, std::string_view name) {
    for (const auto& [key, value] : answer.headers) {
      if (key == name) return value;
    }
    return {};
  }
};

TEST(WhipPath, IsAConsultationAndPerhapsAResource) {
  const std::string c = "c_AAAAAAAAAAAAAAAAAAAA";
  ASSERT_TRUE(parse_whip_path("/v1/whip/" + c));
  EXPECT_FALSE(parse_whip_path("/v1/whip/" + c)->resource);
  const auto whep = parse_whip_path("/v1/whep/" + c + "/r_AAAAAAAAAAAAAAAAAAAB");
  ASSERT_TRUE(whep);
  EXPECT_EQ(whep->kind, channel::SessionKind::kWhep);
  EXPECT_EQ(whep->resource->to_string(), "r_AAAAAAAAAAAAAAAAAAAB");
  for (const char* wrong :
       {"/v1/whip/", "/v1/whip/c_", "/v1/whip/c_AAAAAAAAAAAAAAAAAAAA/", "/v1/whip/c_AAAAAAAAAAAAAAAAAAAA/r_x",
        "/v1/wham/c_AAAAAAAAAAAAAAAAAAAA", "/v1/whip/c_AAAAAAAAAAAAAAAAAAAA/r_AAAAAAAAAAAAAAAAAAAB/x", "/v1/whip"}) {
    EXPECT_FALSE(parse_whip_path(wrong)) << wrong;
  }
}

TEST_F(WhipTest, AnOfferMakesATransportAndTheWorkerIsToldItsKind) {
  create("test");
  const Person person = join(0);
  const HttpAnswer answer = post("whip", person);
  EXPECT_EQ(answer.status, 201);
  EXPECT_EQ(answer.content_type, "application/sdp");
  EXPECT_EQ(header(answer, "ETag"), "\"1\"");
  EXPECT_TRUE(header(answer, "Location").starts_with(path("whip") + "/r_"));
  EXPECT_EQ(worker->transports.size(), 1U);
  EXPECT_EQ(backend->whip.counters().whip_sessions, 1U);
}

TEST_F(WhipTest, TransportsAreCappedForEachParticipant) {
  create("test");
  const Person person = join(0);
  for (uint32_t i = 0; i < config.limits.transports_per_participant; ++i) EXPECT_EQ(post("whep", person).status, 201);
  EXPECT_EQ(code(post("whep", person)), "too_many_transports");
  EXPECT_EQ(backend->whip.counters().over_limit, 1U);
  EXPECT_EQ(post("whep", join(1)).status, 201) << "another's are another's";
}

TEST_F(WhipTest, ARefusedOfferLeavesNoResourceBehind) {
  create("test");
  const Person person = join(0);
  for (int i = 0; i < 6; ++i) EXPECT_EQ(code(post("whip", person, "bad")), "bundle_required");
  EXPECT_EQ(post("whip", person).status, 201);
}

TEST_F(WhipTest, AResourceIsGoneWhenTheWorkerSaysThatItsTransportIs) {
  create("test");
  const Person person = join(0);
  const std::string resource = header(post("whip", person), "Location");
  channel::TransportState closed;
  closed.participant = ParticipantId(worker->numbers.at(person.id));
  closed.transport = TransportId(worker->transports.back());
  closed.state = channel::TransportPhase::kClosed;
  closed.reason = "close_notify";
  backend->on_worker_event(0, closed);
  EXPECT_EQ(code(patch(resource, person, "*")), "not_found");
}

TEST_F(WhipTest, LostRoomTakesItsResourcesAndANewOneIsPosted) {
  create("test");
  const Person person = join(0);
  const std::string resource = header(post("whip", person), "Location");
  backend->on_rooms_lost(0, {worker->room});
  EXPECT_EQ(code(patch(resource, person, "*")), "not_found");
  EXPECT_EQ(post("whip", person).status, 201);
  EXPECT_EQ(worker->rooms_opened, 2U);
}

TEST_F(WhipTest, ACameraAloneKeepsItsParticipantPresent) {
  create("test");
  const Person person = join(0);
  const std::string resource = header(post("whip", person), "Location");
  clock.at.steady += 5min;
  backend->handle_tick();
  settle();
  EXPECT_EQ(worker->left, 0U);
  EXPECT_EQ(ask(request("DELETE", resource, "", person.session)).status, 200);
  EXPECT_EQ(worker->closed_transports, worker->transports);
  clock.at.steady += 30s;
  backend->handle_tick();
  settle();
  EXPECT_EQ(worker->left, 1U) << "30 s after its last transport";
}

TEST_F(WhipTest, PreconditionsAreAskedForAndChecked) {
  create("test");
  const Person person = join(0);
  const std::string resource = header(post("whip", person), "Location");
  EXPECT_EQ(code(patch(resource, person, "")), "precondition_required");
  for (const char* tag : {"\"2\"", "W/\"1\"", "1", "\"1", "\"11\"", ","}) {
    EXPECT_EQ(code(patch(resource, person, tag)), "precondition_failed") << tag;
  }
}

}  // namespace
}  // namespace eir
