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
