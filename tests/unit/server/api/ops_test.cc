#include "server/api/ops.h"

#include "tests/unit/server/api/backend_fixture.h"

namespace eir {
namespace {

class OpsTest : public BackendTest {
 protected:
  using BackendTest::BackendTest;
  HttpAnswer get(const std::string& path, const std::string& method = "GET") {
    const HttpRequest made = request(method, path, "", "");
    std::optional<HttpAnswer> answer;
    boost::asio::co_spawn(*io, ops.handle(made), [&](const std::exception_ptr& failure, HttpAnswer read) {
      EXPECT_FALSE(failure);
      answer = std::move(read);
    });
    run_until([&] { return answer.has_value(); });
    return std::move(*answer);
  }
  // Of the line with this name; -1 without one.
  double metric(const std::string& name) {
    const std::string page = "\n" + get("/metrics").body;
    const size_t at = page.find("\neir_" + name + " ");
    return at == std::string::npos ? -1 : std::stod(page.substr(at + name.size() + 6));
  }

  Ops ops{*backend, "node-1"};
};

class FullDiskOpsTest : public OpsTest {
 protected:
  FullDiskOpsTest() : OpsTest(std::chrono::seconds(1)) {}
};

TEST_F(FullDiskOpsTest, NodeIsNotReadyWhileNothingCanBeWritten) {
  EXPECT_EQ(get("/readyz").status, 200);
  create();
  disk.is_broken = true;
  call("POST", base + "/lock", "", secret);
  const HttpAnswer refused = get("/readyz");
  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(code(refused), "journal_unavailable");
  EXPECT_EQ(get("/healthz").status, 200) << "a restart would not help";
  EXPECT_EQ(metric("journal_waiting"), 1);
  EXPECT_GE(metric("journal_failures_total"), 1);
  disk.is_broken = false;
  settle();
  EXPECT_EQ(get("/readyz").status, 200);
  EXPECT_EQ(metric("journal_waiting"), 0);
  EXPECT_EQ(metric("journal_written_total"), 2);
}

TEST_F(OpsTest, NodeThatDrainsIsNotReady) {
  backend->on_drain_asked();
  EXPECT_EQ(get("/readyz").status, 503);
}

TEST_F(OpsTest, WhatWasRefusedAndGivenAgainIsCounted) {
  create();
  const Person patient = join(1);
  call("POST", base + "/end", "", patient.session);
  call("POST", base + "/end", "", "guess");
  HttpRequest keyed = request("POST", "/v1/consultations", R"({"template":"test"})", secret);
  keyed.idempotency_key = "a";
  call(keyed);
  call(keyed);
  keyed.body = "{}";
  call(keyed);
  EXPECT_EQ(metric("forbidden_total"), 1);
  EXPECT_EQ(metric("unauthorized_total"), 1);
  EXPECT_EQ(metric("idempotent_replays_total"), 1);
  EXPECT_EQ(metric("idempotency_keys_reused_total"), 1);
  EXPECT_EQ(metric("idempotency_in_progress_total"), 0);
  EXPECT_EQ(metric("joins_total"), 1);
}

TEST_F(OpsTest, NothingElseIsServed) {
  EXPECT_EQ(get("/v1/consultations").status, 404);
  EXPECT_EQ(get("/metrics", "POST").status, 405);
}

}  // namespace
}  // namespace eir
