#include "server/api/front.h"

#include "tests/unit/server/api/backend_fixture.h"

namespace eir {
namespace {

class FrontTest : public BackendTest {
 protected:
  FrontTest() {
    config.listeners.allowed_origins = {"https://portal.example"};
    front_ = std::make_unique<Front>(config, *backend, StaticFiles());
  }

  HttpAnswer ask(const std::string& method, const std::string& path) {
    HttpRequest request;
    request.method = method;
    request.path = path;
    request.host = "localhost:8080";
    request.source = "192.0.2.7";
    request.origin = "https://portal.example";
    std::optional<HttpAnswer> answer;
    boost::asio::co_spawn(*io, front_->handle(request), [&](const std::exception_ptr& failure, HttpAnswer made) {
      EXPECT_FALSE(failure);
      answer = std::move(made);
    });
    run_until([&] { return answer.has_value(); });
    return std::move(*answer);
  }
  static std::string header(const HttpAnswer& answer, std::string_view name) {
    for (const auto& [key, value] : answer.headers) {
      if (key == name) return value;
    }
    return {};
  }

  std::unique_ptr<Front> front_;
};

TEST_F(FrontTest, EveryRouteAnswersPreflightsWithItsOwnMethods) {
  const HttpAnswer join = ask("OPTIONS", "/v1/join");
  EXPECT_EQ(join.status, 204);
  EXPECT_EQ(header(join, "Allow"), "POST");
  EXPECT_EQ(header(join, "Access-Control-Allow-Origin"), "https://portal.example");
  EXPECT_EQ(ask("OPTIONS", "/v1/nothing").status, 404);
  const HttpAnswer whip = ask("OPTIONS", "/v1/whip/c_AAAAAAAAAAAAAAAAAAAA");
  EXPECT_EQ(whip.status, 200);
  EXPECT_EQ(header(whip, "Allow"), "POST");
  EXPECT_EQ(header(whip, "Accept-Post"), "application/sdp");
}

TEST_F(FrontTest, RefusalsMayBeReadByListedPagesToo) {
  for (const char* path : {"/v1/consultations", "/v1/whip/c_AAAAAAAAAAAAAAAAAAAA"}) {
    const HttpAnswer answer = ask("POST", path);
    EXPECT_EQ(answer.status, 401) << path;
    EXPECT_EQ(header(answer, "Access-Control-Allow-Origin"), "https://portal.example");
    EXPECT_EQ(header(answer, "Vary"), "Origin");
  }
}

}  // namespace
}  // namespace eir
