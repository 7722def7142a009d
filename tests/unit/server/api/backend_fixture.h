#pragma once

#include <gtest/gtest.h>
#include <algorithm>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <fstream>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "server/api/backend.h"
#include "server/store/sqlite_store.h"
#include "tests/unit/server/api/failing_store.h"
#include "tests/unit/server/api/fake_worker.h"
#include "tests/unit/server/store/store_folder.h"

namespace eir {

class TestClock final : public Clock {
 public:
  Now now() const override { return at; }
  Now at{Timestamp(1000s), WallTime(std::chrono::seconds(1'900'000'000))};
};

struct Connection final : SignalConnection {
  void send(std::string text) override { texts.push_back(std::move(text)); }
  void close(CloseCode code) override { closed = code; }

  // The last message of this type as text, or nothing.
  std::string last(std::string_view type) const {
    for (auto at = texts.rbegin(); at != texts.rend(); ++at) {
      if (boost::json::parse(*at).at("type").as_string() == type) return *at;
    }
    return {};
  }
  size_t count(std::string_view type) const {
    return static_cast<size_t>(std::count_if(texts.begin(), texts.end(), [&](const std::string& text) {
      return boost::json::parse(text).at("type").as_string() == type;
    }));
  }

  std::vector<std::string> texts;
  std::optional<CloseCode> closed;
};

struct Person {
  std::string id;
  std::string session;
  std::string resume;
  std::string state;
};

// All of control but its listeners, with a store of its own and a media worker that says yes.
class BackendTest : public testing::Test {
 protected:
  // Less only for tests in which nothing can be written: others must not fail because a machine is slow.
  explicit BackendTest(std::chrono::milliseconds durable_timeout = std::chrono::seconds(10))
      : durable_timeout_(durable_timeout) {
    make_credential(folder.path(), "demo", folder.path() + "/secret");
    std::ifstream(folder.path() + "/secret") >> secret;
    start();
  }
  ~BackendTest() override { stop(); }

  void start() {
    int link[2];
    int stream[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, link), 0);
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, stream), 0);
    supervisor_.reset(link[1]);
    BackendOptions options;
    options.supervisor_link = OwnedFd(link[0]);
    options.store = std::make_unique<FailingStore>(std::make_unique<SqliteStore>(folder.path()), disk);
    options.stored = options.store->load();
    options.journal_times.durable_timeout = durable_timeout_;
    options.journal_times.retry_first = std::chrono::milliseconds(10);
    backend = std::make_unique<Backend>(*io, config, templates, random, clock, std::move(options));
    channel::LinkMessage message;
    message.kind = channel::LinkKind::kChannel;
    message.fd = OwnedFd(stream[0]);
    EXPECT_TRUE(channel::send_link(supervisor_.value(), message));
    worker = std::make_unique<FakeWorker>(*io, OwnedFd(stream[1]));
    run_until([this] { return !backend->workers.status().empty() && backend->workers.status()[0].adopted; });
    backend->rest.set_credentials(Credentials::load(folder.path()));
  }
  void stop() {
    backend->signalling.close_all(CloseCode::kGoingAway);
    io->stop();
    worker.reset();
    backend.reset();
    io = std::make_unique<boost::asio::io_context>();
  }
  // A new process on the same state directory; whoever had a connection has lost it.
  void restart() {
    stop();
    start();
  }

  template <class Condition>
  void run_until(Condition condition) {
    for (int turn = 0; turn < 1000 && !condition(); ++turn) {
      io->restart();
      io->run_one_for(std::chrono::milliseconds(10));
    }
    EXPECT_TRUE(condition());
  }
  // Until everything that was done is on disk and everybody has been told.
  void settle() {
    run_until([this] {
      backend->signalling.drain_events();
      return backend->journal.durable_number() == backend->consultations.last_transition();
    });
    for (int turn = 0; turn < 50; ++turn) {
      io->restart();
      io->poll();
    }
  }

  HttpRequest request(const std::string& method, const std::string& path, const std::string& body,
                      const std::string& bearer) const {
    HttpRequest made;
    made.method = method;
    made.path = path;
    made.host = "localhost:8080";
    made.source = "192.0.2.7";
    made.body = body;
    made.bearer = bearer;
    return made;
  }
  // `request` and `answer` outlive the call.
  void begin_call(const HttpRequest& request, std::optional<HttpAnswer>& answer) {
    boost::asio::co_spawn(*io, backend->rest.handle(request), [&](const std::exception_ptr& failure, HttpAnswer made) {
      EXPECT_FALSE(failure);
      answer = std::move(made);
    });
  }
  HttpAnswer call(const HttpRequest& request) {
    std::optional<HttpAnswer> answer;
    begin_call(request, answer);
    run_until([&] { return answer.has_value(); });
    return std::move(*answer);
  }
  HttpAnswer call(const std::string& method, const std::string& path, const std::string& body,
                  const std::string& bearer) {
    return call(request(method, path, body, bearer));
  }
  static std::string code(const HttpAnswer& answer) {
    EXPECT_EQ(answer.content_type, "application/problem+json");
    return std::string(boost::json::parse(answer.body).at("code").as_string());
  }
  static std::string header(const HttpAnswer& answer, std::string_view name) {
    for (const auto& [key, value] : answer.headers) {
      if (key == name) return value;
    }
    return {};
  }

  // A further credential, known from now on.
  std::string add_secret(const std::string& tenant, Scopes scopes) {
    const std::string made = add_credential(folder.path(), {tenant}, scopes).secret.reveal();
    backend->rest.set_credentials(Credentials::load(folder.path()));
    return made;
  }
  // On the journal's thread, as housekeeping does it.
  void erase_expired(WallTime now) {
    std::optional<bool> is_done;
    const auto erase = [](Backend& owner, int64_t now_ms) -> boost::asio::awaitable<bool> {
      co_return co_await owner.journal.read<bool>([&](Store& store) {
        store.erase_expired({}, now_ms);
        return true;
      });
    };
    boost::asio::co_spawn(*io, erase(*backend, to_ms(now)),
                          [&](const std::exception_ptr& failure, bool done) { is_done = !failure && done; });
    run_until([&] { return is_done == true; });
  }
  std::string database_text() const {
    std::string text;
    for (const char* name : {"/eir.db", "/eir.db-wal"}) {
      std::ifstream file(folder.path() + name, std::ios::binary);
      text.append(std::istreambuf_iterator<char>(file), {});
    }
    return text;
  }

  void create(const std::string& kind = "samkonsultasjon") {
    const auto made =
        call("POST", "/v1/consultations",
             R"({"template":")" + kind +
                 R"(","seats":[{"role":"specialist"},{"role":"patient"},{"role":"observer","many":true}]})",
             secret);
    ASSERT_EQ(made.status, 201);
    const boost::json::value value = boost::json::parse(made.body);
    base = "/v1/consultations/" + std::string(value.at("id").as_string());
    seats.clear();
    for (const boost::json::value& seat : value.at("seats").as_array()) seats.emplace_back(seat.at("id").as_string());
  }
  std::string invite(size_t seat) {
    const auto made = call("POST", base + "/seats/" + seats[seat] + "/invitations", R"({"maxUses":3})", secret);
    EXPECT_EQ(made.status, 201);
    return std::string(boost::json::parse(made.body).at("token").as_string());
  }
  Person join(size_t seat) {
    const auto joined = call("POST", "/v1/join", R"({"token":")" + invite(seat) + R"("})", "");
    EXPECT_EQ(joined.status, 200);
    const boost::json::value value = boost::json::parse(joined.body);
    const auto text = [&](const char* name) { return std::string(value.at(name).as_string()); };
    EXPECT_EQ(text("signal"), "ws://localhost:8080/v1/signal");
    return {text("participant"), text("session"), text("resume"), text("state")};
  }
  std::string path_of(const Person& person) const { return base + "/participants/" + person.id; }

  void say(SignalSession& session, const std::string& text) {
    bool is_done = false;
    boost::asio::co_spawn(*io, session.handle(text), [&](const std::exception_ptr& failure) {
      EXPECT_FALSE(failure);
      is_done = true;
    });
    run_until([&] { return is_done; });
    settle();
  }
  void hello(SignalSession& session, const Person& person) {
    say(session, R"({"type":"hello","session":")" + person.session + R"("})");
  }
  const channel::Rights& rights(const Person& person) { return worker->rights.at(worker->numbers.at(person.id)); }

  std::chrono::milliseconds durable_timeout_;
  StoreFolder folder;
  FailingStore::Switch disk;
  Config config;
  Templates templates = Templates::built_in();
  SeededRandom random{5};
  TestClock clock;
  std::unique_ptr<boost::asio::io_context> io = std::make_unique<boost::asio::io_context>();
  OwnedFd supervisor_;
  std::unique_ptr<Backend> backend;
  std::unique_ptr<FakeWorker> worker;
  std::string secret;
  std::string base;
  std::vector<std::string> seats;
};

}  // namespace eir
