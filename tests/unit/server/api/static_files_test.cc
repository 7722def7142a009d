#include "server/api/static_files.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "server/api/credentials.h"

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
  std::string read(const std::string& name) {
    std::ifstream in(folder / name);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  fs::path folder;
};
using StaticFilesTest = FolderTest;
using CredentialsTest = FolderTest;

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

TEST_F(CredentialsTest, MadeSecretOpensItsTenantAndIsNotKept) {
  make_credential(folder.string(), "demo", (folder / "secret").string());
  make_credential(folder.string(), "clinic-2", (folder / "secret2").string());
  const std::string secret = read("secret");
  EXPECT_EQ(secret.size(), Token::kTextLength);
  const Credentials credentials = Credentials::load(folder.string());
  EXPECT_EQ(credentials.size(), 2U);
  EXPECT_EQ(credentials.authenticate(secret)->name, "demo");
  EXPECT_EQ(credentials.authenticate(read("secret2"))->name, "clinic-2");
  EXPECT_FALSE(credentials.authenticate(secret + "x"));
  EXPECT_FALSE(credentials.authenticate(""));
  EXPECT_EQ(read("credentials").find(secret), std::string::npos);
  for (const char* name : {"secret", "credentials"}) {
    struct stat status = {};
    ASSERT_EQ(::stat((folder / name).c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0600U) << name;
  }
}

TEST_F(CredentialsTest, FileThatOthersMayReadIsRefused) {
  make_credential(folder.string(), "demo", (folder / "secret").string());
  ASSERT_EQ(::chmod((folder / "credentials").c_str(), 0644), 0);
  EXPECT_THROW(Credentials::load(folder.string()), std::runtime_error);
}

TEST_F(CredentialsTest, BrokenLineIsNamed) {
  write("credentials", "demo nonsense\n");
  ASSERT_EQ(::chmod((folder / "credentials").c_str(), 0600), 0);
  try {
    Credentials::load(folder.string());
    FAIL() << "loaded";
  } catch (const std::runtime_error& error) {
    EXPECT_NE(std::string(error.what()).find("credentials:1:"), std::string::npos) << error.what();
  }
  EXPECT_THROW(make_credential(folder.string(), "a b", (folder / "secret").string()), std::runtime_error);
}

TEST_F(CredentialsTest, NoFileMeansNobodyGetsIn) { EXPECT_EQ(Credentials::load(folder.string()).size(), 0U); }

}  // namespace
}  // namespace eir
