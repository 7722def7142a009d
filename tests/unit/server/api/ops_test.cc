#include "server/api/ops.h"

#include <gmock/gmock.h>

#include <atomic>

#include "server/channel/delay_counters.h"
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
  const HttpAnswer refused = get("/readyz");
  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(code(refused), "draining");
  EXPECT_EQ(get("/healthz").status, 200);
}

TEST_F(OpsTest, HealthAsksTheWorker) {
  EXPECT_EQ(get("/healthz").status, 200);
  EXPECT_EQ(worker->pings, 1U);
  worker->is_silent = true;
  const HttpAnswer sick = get("/healthz");
  EXPECT_EQ(sick.status, 503);
  EXPECT_THAT(sick.body, testing::HasSubstr("no answer from worker 0"));
}

// Holds the journal's thread until told otherwise, as a disk does that does not answer.
boost::asio::awaitable<bool> hold_journal(Journal& journal, std::atomic<bool>& is_held) {
  const auto wait = [&is_held](Store&) {
    is_held.wait(true);
    return true;
  };
  co_return co_await journal.read<bool>(wait);
}

TEST_F(OpsTest, HealthAsksTheJournal) {
  EXPECT_EQ(get("/healthz").status, 200);
  std::atomic<bool> is_held = true;
  bool is_over = false;
  boost::asio::co_spawn(*io, hold_journal(backend->journal, is_held),
                        [&](const std::exception_ptr&, bool) { is_over = true; });
  const HttpAnswer sick = get("/healthz");
  is_held = false;
  is_held.notify_all();
  EXPECT_EQ(sick.status, 503);
  EXPECT_THAT(sick.body, testing::HasSubstr("no answer from journal"));
  run_until([&] { return is_over; });
  EXPECT_EQ(get("/healthz").status, 200);
}

TEST_F(OpsTest, WorkerInventsNoMetrics) {
  channel::Counters counters;
  counters.values = {{"router_rtp_out_total", 5}, {"invented_by_a_stranger", 1}};
  worker->send_event(counters);
  run_until([this] { return !backend->workers.status()[0].counters.empty(); });
  const std::string page = get("/metrics").body;
  EXPECT_THAT(page, testing::HasSubstr("eir_router_rtp_out_total{worker=\"0\"} 5\n"));
  EXPECT_THAT(page, testing::Not(testing::HasSubstr("invented")));
}

TEST_F(OpsTest, DelayThatAWorkerMeasuresIsAHistogram) {
  DelayHistogram delay;
  delay.add(250ms, 2);
  delay.add(1s, 1);
  channel::Counters counters;
  channel::append_delay(delay, counters.values);
  worker->send_event(counters);
  run_until([this] { return !backend->workers.status()[0].counters.empty(); });
  const std::string page = get("/metrics").body;
  EXPECT_THAT(page, testing::HasSubstr("# TYPE eir_worker_added_delay_seconds histogram\n"));
  EXPECT_THAT(page, testing::HasSubstr("eir_worker_added_delay_seconds_count{worker=\"0\"} 3\n"));
  EXPECT_THAT(page, testing::HasSubstr("eir_worker_added_delay_seconds_sum{worker=\"0\"} 1.5\n"));
  EXPECT_THAT(page, testing::HasSubstr("eir_worker_added_delay_seconds_bucket{worker=\"0\",le=\"0.262144\"} 2\n"));
  EXPECT_THAT(page, testing::HasSubstr("eir_worker_added_delay_seconds_bucket{worker=\"0\",le=\"+Inf\"} 3\n"));
  EXPECT_THAT(page, testing::Not(testing::HasSubstr("added_delay_upto")));
}

TEST_F(OpsTest, StatusHasNumbersAndNoIdOfAConsultation) {
  create();
  const Person patient = join(1);
  Connection connection;
  SignalSession session(backend->signalling, connection);
  hello(session, patient);
  const std::string text = get("/status.json").body;
  const boost::json::value status = boost::json::parse(text);
  EXPECT_TRUE(status.at("ready").as_bool());
  EXPECT_EQ(status.at("node").as_string(), "node-1");
  EXPECT_EQ(status.at("signalling").to_number<int>(), 1);
  EXPECT_EQ(status.at("workers").as_array().size(), 1U);
  EXPECT_THAT(text, testing::Not(testing::HasSubstr(base.substr(base.rfind('/') + 1))));
  EXPECT_THAT(text, testing::Not(testing::HasSubstr(patient.id)));
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
