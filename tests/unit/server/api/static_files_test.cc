#include "server/api/static_files.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace eir {
namespace {

namespace fs = std::filesystem;

// A folder of its own for each test, gone after it.
class FolderTest : public testing::Test {
 protected:
  FolderTest()
      : folder(fs::path(testing::TempDir()) /
               ("eir_" + std::to_string(::getpid()) + testing::UnitTest::GetInstance()->current_test_info()->name())) {
    fs::create_directories(folder / "client");
  }
  ~FolderTest() override { fs::remove_all(folder); }
  void write(const std::string& name, const std::string& text) { std::ofstream(folder / name) << text; }
  fs::path folder;
};
using StaticFilesTest = FolderTest;

HttpRequest request(const std::string& path, const std::string& etag = "") {
  HttpRequest made;
  made.method = "GET";
  made.path = path;
  made.if_none_match = etag;
  return made;
}

std::string header(const HttpAnswer& answer, const std::string& name) {
  for (const auto& [key, value] : answer.headers) {
    if (key == name) return value;
  }
  return "";
}

TEST_F(StaticFilesTest, PagesHaveShortNamesAndStrictHeaders) {
  write("index.html", "start");
  write("j.html", "join");
  const StaticFiles files = StaticFiles::load(folder.string());
  EXPECT_EQ(files.answer(request("/")).body, "start");
  const HttpAnswer page = files.answer(request("/j"));
  EXPECT_EQ(page.body, "join");
  EXPECT_EQ(header(page, "Cache-Control"), "no-store");
  EXPECT_EQ(header(page, "X-Content-Type-Options"), "nosniff");
  EXPECT_NE(header(page, "Content-Security-Policy").find("default-src 'none'"), std::string::npos);
}

TEST_F(StaticFilesTest, KnownETagIsAnsweredWithoutBody) {
  write("index.html", "start");
  write("client/a.js", "code");
  const StaticFiles files = StaticFiles::load(folder.string());
  const HttpAnswer first = files.answer(request("/client/a.js"));
  EXPECT_EQ(first.content_type, "text/javascript; charset=utf-8");
  const HttpAnswer second = files.answer(request("/client/a.js", header(first, "ETag")));
  EXPECT_EQ(second.status, 304);
  EXPECT_EQ(second.body, "");
}

TEST_F(StaticFilesTest, WhoTakesGzipGetsLessUnderAnETagOfItsOwn) {
  const std::string code(5000, 'x');
  write("index.html", "");
  write("client/a.js", code);
  const StaticFiles files = StaticFiles::load(folder.string());
  HttpRequest asked = request("/client/a.js");
  const HttpAnswer plain = files.answer(asked);
  asked.accept_encoding = "gzip, br";
  const HttpAnswer packed = files.answer(asked);
  EXPECT_EQ(plain.body, code);
  EXPECT_EQ(header(plain, "Content-Encoding"), "");
  EXPECT_EQ(header(packed, "Content-Encoding"), "gzip");
  EXPECT_EQ(packed.body.substr(0, 2), "\x1f\x8b");
  EXPECT_LT(packed.body.size(), 100u);
  for (const HttpAnswer* answer : {&plain, &packed}) EXPECT_EQ(header(*answer, "Vary"), "Accept-Encoding");
  EXPECT_NE(header(plain, "ETag"), header(packed, "ETag"));
  asked.if_none_match = header(plain, "ETag");
  EXPECT_EQ(files.answer(asked).status, 200);
  asked.if_none_match = header(packed, "ETag");
  EXPECT_EQ(files.answer(asked).status, 304);
  EXPECT_EQ(files.answer(asked).body, "");
  // What gzip makes longer stays as it is.
  HttpRequest small = request("/");
  small.accept_encoding = "gzip";
  EXPECT_EQ(header(files.answer(small), "Content-Encoding"), "");
  EXPECT_EQ(header(files.answer(small), "Vary"), "");
}

TEST_F(StaticFilesTest, NothingButTheLoadedFilesIsReachable) {
  write("index.html", "start");
  write("README.md", "text");
  const StaticFiles files = StaticFiles::load(folder.string());
  for (const char* path : {"/README.md", "/../index.html", "/client/../index.html", "/client/", "/etc/passwd", ""}) {
    EXPECT_EQ(files.answer(request(path)).status, 404) << path;
  }
  HttpRequest post = request("/");
  post.method = "POST";
  EXPECT_EQ(files.answer(post).status, 405);
}

TEST_F(StaticFilesTest, FolderWithoutIndexIsAnError) {
  EXPECT_THROW(StaticFiles::load(folder.string()), std::runtime_error);
}

}  // namespace
}  // namespace eir
