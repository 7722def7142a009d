#include "server/api/cors.h"

#include <gtest/gtest.h>

namespace eir {
namespace {

std::string header(const HttpAnswer& answer, std::string_view name) {
  std::string values;
  for (const auto& [key, value] : answer.headers) {
    if (key == name) values += value;
  }
  return values;
}

Listeners listeners() {
  Listeners given;
  given.allowed_origins = {"https://portal.example"};
  return given;
}

HttpRequest preflight(const std::string& origin) {
  HttpRequest request;
  request.method = "OPTIONS";
  request.host = "video.example";
  request.is_tls = true;
  request.origin = origin;
  request.access_control_request_method = "POST";
  return request;
}

TEST(Cors, PreflightOfAListedOriginIsToldWhatItMaySend) {
  const HttpRequest request = preflight("https://portal.example");
  HttpAnswer answer = answer_options(request, "GET, POST", listeners());
  add_cors(answer, request, listeners());
  EXPECT_EQ(answer.status, 204);
  EXPECT_EQ(header(answer, "Access-Control-Allow-Origin"), "https://portal.example");
  EXPECT_EQ(header(answer, "Access-Control-Allow-Methods"), "GET, POST");
  EXPECT_NE(header(answer, "Access-Control-Allow-Headers").find("Authorization"), std::string::npos);
  EXPECT_NE(header(answer, "Access-Control-Allow-Headers").find("If-Match"), std::string::npos);
  EXPECT_EQ(header(answer, "Access-Control-Max-Age"), "7200");
  EXPECT_EQ(header(answer, "Vary"), "Origin");
}

TEST(Cors, OriginThatIsNotListedGetsNoCorsHeader) {
  for (const char* origin : {"https://evil.example", "https://portal.example.evil.example", "null", ""}) {
    const HttpRequest request = preflight(origin);
    HttpAnswer answer = answer_options(request, "GET", listeners());
    add_cors(answer, request, listeners());
    EXPECT_EQ(answer.status, 204);
    for (const auto& [name, value] : answer.headers) EXPECT_FALSE(name.starts_with("Access-Control-")) << origin;
    EXPECT_EQ(header(answer, "Vary"), "Origin");
  }
}

TEST(Cors, ActualAnswerMayBeReadWithItsHeaders) {
  HttpRequest request = preflight("https://portal.example");
  request.method = "POST";
  HttpAnswer answer = answer_json(201, "{}");
  add_cors(answer, request, listeners());
  EXPECT_EQ(header(answer, "Access-Control-Allow-Origin"), "https://portal.example");
  EXPECT_NE(header(answer, "Access-Control-Expose-Headers").find("Location, ETag, Link, Accept-Patch"),
            std::string::npos);
}

TEST(Cors, OptionsWithoutPreflightNamesTheMethodsOnly) {
  HttpRequest request = preflight("https://portal.example");
  request.access_control_request_method.clear();
  const HttpAnswer answer = answer_options(request, "POST", listeners());
  EXPECT_EQ(header(answer, "Allow"), "POST");
  EXPECT_EQ(header(answer, "Access-Control-Allow-Methods"), "");
}

TEST(ContentType, IsComparedWithoutParametersAndCase) {
  HttpRequest request;
  request.content_type = "Application/SDP; charset=utf-8";
  EXPECT_TRUE(has_content_type(request, "application/sdp"));
  request.content_type = "application/sdpx";
  EXPECT_FALSE(has_content_type(request, "application/sdp"));
  request.content_type = "";
  EXPECT_FALSE(has_content_type(request, "application/sdp"));
}

}  // namespace
}  // namespace eir
