#include "server/api/idempotency.h"

#include "tests/unit/server/api/backend_fixture.h"

namespace eir {
namespace {

namespace json = boost::json;

class IdempotencyTest : public BackendTest {
 protected:
  using BackendTest::BackendTest;
  HttpRequest keyed(const std::string& key, const std::string& path, const std::string& body,
                    const std::string& bearer) const {
    HttpRequest made = request("POST", path, body, bearer);
    made.idempotency_key = key;
    return made;
  }
  HttpAnswer post(const std::string& key, const std::string& path, const std::string& body, const std::string& bearer) {
    return call(keyed(key, path, body, bearer));
  }
  HttpAnswer make(const std::string& key, const std::string& body = R"({"template":"test"})") {
    return post(key, "/v1/consultations", body, secret);
  }
  static void expect_same(const HttpAnswer& a, const HttpAnswer& b) {
    EXPECT_EQ(a.status, b.status);
    EXPECT_EQ(a.content_type, b.content_type);
    EXPECT_EQ(a.body, b.body);
    EXPECT_EQ(a.headers, b.headers);
  }
};

class FullDiskIdempotencyTest : public IdempotencyTest {
 protected:
  FullDiskIdempotencyTest() : IdempotencyTest(std::chrono::seconds(1)) {}
};

TEST_F(IdempotencyTest, SameRequestUnderTheSameKeyIsMadeOnce) {
  const HttpAnswer first = make("a");
  EXPECT_EQ(first.status, 201);
  const uint64_t number = backend->consultations.last_transition();
  expect_same(first, make("a"));
  EXPECT_EQ(backend->consultations.last_transition(), number);
  EXPECT_NE(make("b").body, first.body);
  EXPECT_EQ(backend->rest.idempotency_counters().replayed, 1U);
}

TEST_F(IdempotencyTest, AnswerIsInTheTransitionOfItsAct) {
  make("a");
  EXPECT_EQ(backend->consultations.last_transition(), 1U);
  create();
  EXPECT_EQ(post("b", base + "/lock", "", secret).status, 200);
  EXPECT_EQ(backend->consultations.last_transition(), 3U);
  EXPECT_EQ(post("c", base + "/lock", "", secret).status, 200);
  EXPECT_EQ(backend->consultations.last_transition(), 4U) << "what changes nothing has a transition for its answer";
}

TEST_F(IdempotencyTest, AnswerIsTheSameAfterARestart) {
  create();
  const std::string path = base + "/seats";
  const std::string body = R"({"role":"gp","invitation":{}})";
  const HttpAnswer first = post("seat", path, body, secret);
  EXPECT_EQ(first.status, 201);
  EXPECT_EQ(header(first, "ETag"), "\"2\"");
  restart();
  expect_same(first, post("seat", path, body, secret));
  const std::string token(json::parse(first.body).at("invitation").at("token").as_string());
  EXPECT_EQ(call("POST", "/v1/join", R"({"token":")" + token + R"("})", "").status, 200);
}

TEST_F(IdempotencyTest, EndedConsultationStillAnswersItsEndAfterARestart) {
  create();
  const HttpAnswer first = post("end", base + "/end", "", secret);
  EXPECT_EQ(first.status, 200);
  restart();
  EXPECT_EQ(call("POST", base + "/end", "", secret).status, 404) << "it is not loaded any more";
  expect_same(first, post("end", base + "/end", "", secret));
}

TEST_F(IdempotencyTest, AnotherRequestUnderTheKeyIsRefused) {
  create();
  make("a");
  EXPECT_EQ(code(make("a", R"({"template":"test" })")), "idempotency_key_reused");
  const HttpAnswer refused = post("a", base + "/lock", "", secret);
  EXPECT_EQ(refused.status, 422);
  EXPECT_EQ(code(refused), "idempotency_key_reused");
  EXPECT_EQ(backend->rest.idempotency_counters().reused, 2U);
  EXPECT_EQ(call("GET", base, "", secret).body.find(R"("locked":true)"), std::string::npos);
}

TEST_F(IdempotencyTest, KeysOfDifferentCallersHaveNothingToDoWithEachOther) {
  const std::string other = add_secret("clinic-2", Scopes::all());
  const HttpAnswer mine = make("a");
  const HttpAnswer theirs = post("a", "/v1/consultations", R"({"template":"test"})", other);
  EXPECT_EQ(theirs.status, 201);
  EXPECT_NE(mine.body, theirs.body);
}

TEST_F(IdempotencyTest, KeyIsOneTo255VisibleAsciiCharacters) {
  EXPECT_EQ(make(std::string(255, '~')).status, 201);
  for (const std::string& bad :
       {std::string(256, 'a'), std::string("a b"), std::string("a\tb"), std::string("\x7f"), std::string("\xc3\xa5")}) {
    const HttpAnswer refused = make(bad);
    EXPECT_EQ(refused.status, 400) << bad;
    EXPECT_EQ(code(refused), "invalid_value");
  }
}

TEST_F(IdempotencyTest, SecondRequestWhileTheFirstIsNotOnDiskIsTurnedAway) {
  disk.hold();
  const HttpRequest request = keyed("a", "/v1/consultations", R"({"template":"test"})", secret);
  std::optional<HttpAnswer> first;
  begin_call(request, first);
  run_until([&] { return backend->consultations.last_transition() > backend->journal.durable_number(); });
  const HttpAnswer second = call(request);
  EXPECT_EQ(second.status, 409);
  EXPECT_EQ(code(second), "idempotency_in_progress");
  disk.release();
  run_until([&] { return first.has_value(); });
  EXPECT_EQ(first->status, 201);
  expect_same(*first, call(request));
}

TEST_F(FullDiskIdempotencyTest, OutcomeThatWasNotKnownIsKnownByTheKeyLater) {
  disk.is_broken = true;
  const HttpAnswer unknown = make("a");
  EXPECT_EQ(code(unknown), "journal_unavailable");
  EXPECT_NE(code(make("a")), "") << "not made again meanwhile";
  disk.is_broken = false;
  settle();
  const uint64_t number = backend->consultations.last_transition();
  const HttpAnswer known = make("a");
  EXPECT_EQ(known.status, 201);
  EXPECT_EQ(backend->consultations.last_transition(), number);
}

TEST_F(IdempotencyTest, RefusalIsGivenAgainButNotWhatWasNotUnderstood) {
  create();
  const Person host = join(0);
  const std::string path = base + "/participants/" + host.id + "/deny";
  const HttpAnswer refused = post("a", path, "", secret);
  EXPECT_EQ(code(refused), "wrong_state");
  expect_same(refused, post("a", path, "", secret));
  EXPECT_EQ(code(post("b", base + "/seats", "{", secret)), "invalid_json");
  EXPECT_EQ(post("b", base + "/seats", R"({"role":"gp"})", secret).status, 201);
}

TEST_F(IdempotencyTest, VersionThatWasRightTheFirstTimeNeedsNotBeRightTheSecond) {
  create();
  HttpRequest lock = keyed("a", base + "/lock", "", secret);
  lock.if_match = "\"1\"";
  const HttpAnswer first = call(lock);
  EXPECT_EQ(first.status, 200);
  expect_same(first, call(lock));
  lock.idempotency_key = "b";
  EXPECT_EQ(code(call(lock)), "version_mismatch");
}

TEST_F(IdempotencyTest, HostsActsHaveKeysToo) {
  create();
  const Person host = join(0);
  const std::string body = R"({"role":"relative","invitation":{}})";
  const HttpAnswer first = post("a", base + "/seats", body, host.session);
  EXPECT_EQ(first.status, 201);
  restart();
  expect_same(first, post("a", base + "/seats", body, host.session));
}

TEST_F(IdempotencyTest, RemovalIsGivenAgainThoughNobodyIsThereAnyMore) {
  create();
  const Person patient = join(1);
  const HttpAnswer first = post("a", path_of(patient) + "/remove", "", secret);
  EXPECT_EQ(first.status, 200);
  expect_same(first, post("a", path_of(patient) + "/remove", "", secret));
  EXPECT_EQ(code(call("POST", path_of(patient) + "/remove", "", secret)), "not_found");
}

TEST_F(IdempotencyTest, NothingOnDiskHoldsTheTokenTheKeyOrTheSecret) {
  create();
  const HttpAnswer made = post("the-key-itself", base + "/seats", R"({"role":"gp","invitation":{}})", secret);
  const std::string token(json::parse(made.body).at("invitation").at("token").as_string());
  const std::string bytes = database_text();
  EXPECT_NE(bytes.find(base.substr(base.rfind('/') + 1)), std::string::npos) << "it was looked at the right place";
  EXPECT_EQ(bytes.find(token), std::string::npos);
  EXPECT_EQ(bytes.find("the-key-itself"), std::string::npos);
  EXPECT_EQ(bytes.find(secret), std::string::npos);
}

TEST_F(IdempotencyTest, KeyIsFreeAgainWhenItsAnswerWasErased) {
  const HttpAnswer first = make("a");
  erase_expired(clock.at.wall + std::chrono::hours(25));
  EXPECT_NE(make("a").body, first.body);
}

TEST_F(IdempotencyTest, OneCallerHasSoManyAnswersKeptAMinute) {
  for (uint32_t i = 0; i < Idempotency::kAnswersPerMinute; ++i) {
    ASSERT_NE(post(std::to_string(i), "/v1/consultations/c_AAAAAAAAAAAAAAAAAAAB/end", "", secret).status, 429);
  }
  const HttpAnswer refused = make("one-too-many");
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(header(refused, "Retry-After"), "1");
  EXPECT_EQ(call("POST", "/v1/consultations", R"({"template":"test"})", secret).status, 201) << "without a key it goes";
}

TEST_F(IdempotencyTest, JoinsHaveNoKeys) {
  create();
  const std::string body = R"({"token":")" + invite(1) + R"("})";
  const HttpAnswer first = post("a", "/v1/join", body, "");
  EXPECT_NE(first.body, post("a", "/v1/join", body, "").body);
}

}  // namespace
}  // namespace eir
