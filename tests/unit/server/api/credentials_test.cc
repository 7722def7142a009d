#include "server/api/credentials.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <thread>

#include "lib/base/check.h"
#include "lib/base/random.h"

namespace eir {
namespace {

const std::string kHashA(64, 'a');
const std::string kHashB(64, 'b');

class CredentialsTest : public testing::Test {
 protected:
  CredentialsTest() {
    std::string pattern = testing::TempDir() + "eir-credentials-XXXXXX";
    EIR_CHECK(::mkdtemp(pattern.data()) != nullptr);
    folder_ = pattern;
  }
  ~CredentialsTest() override { std::filesystem::remove_all(folder_); }

  std::string path(const char* name) const { return folder_ + "/" + name; }
  std::string read(const char* name) const {
    std::ifstream file(path(name));
    return {std::istreambuf_iterator<char>(file), {}};
  }
  void write(const char* name, const std::string& text) const {
    std::ofstream(path(name)) << text;
    ::chmod(path(name).c_str(), 0600);
  }
  unsigned mode(const char* name) const {
    struct stat status = {};
    return ::stat(path(name).c_str(), &status) == 0 ? status.st_mode & 0777U : 0;
  }

  std::string folder_;
};

std::string refusal_of(const std::string& text) {
  try {
    parse_credentials(text, "file");
    return "";
  } catch (const std::runtime_error& error) {
    return error.what();
  }
}

TEST_F(CredentialsTest, AMadeSecretOpensItsTenantWithItsScopesAndIsNotKept) {
  const NewCredential made = add_credential(folder_, {"demo"}, {Scope::kRead, Scope::kAudit});
  const NewCredential other = add_credential(folder_, {"clinic-2"}, Scopes::all());
  const Credentials credentials = Credentials::load(folder_);
  EXPECT_EQ(credentials.size(), 2U);
  const auto caller = credentials.authenticate(made.secret.reveal());
  ASSERT_TRUE(caller);
  EXPECT_EQ(caller->tenant.name, "demo");
  EXPECT_EQ(caller->credential, made.id);
  EXPECT_EQ(caller->scopes, (Scopes{Scope::kRead, Scope::kAudit}));
  EXPECT_EQ(credentials.authenticate(other.secret.reveal())->tenant.name, "clinic-2");
  EXPECT_FALSE(credentials.authenticate(made.secret.reveal() + "x"));
  EXPECT_FALSE(credentials.authenticate(""));
  EXPECT_EQ(read("credentials").find(made.secret.reveal()), std::string::npos);
  EXPECT_EQ(mode("credentials"), 0600U);
}

TEST_F(CredentialsTest, ARevokedCredentialOpensNothingAfterTheNextLoad) {
  const NewCredential made = add_credential(folder_, {"demo"}, Scopes::all());
  const NewCredential kept = add_credential(folder_, {"demo"}, Scopes::all());
  const Credentials before = Credentials::load(folder_);
  EXPECT_TRUE(revoke_credential(folder_, made.id));
  EXPECT_TRUE(before.authenticate(made.secret.reveal()));
  const Credentials after = Credentials::load(folder_);
  EXPECT_FALSE(after.authenticate(made.secret.reveal()));
  EXPECT_TRUE(after.authenticate(kept.secret.reveal()));
  EXPECT_FALSE(revoke_credential(folder_, made.id));
  EXPECT_FALSE(revoke_credential(folder_, "k_unknown"));
  EXPECT_EQ(read_credentials(folder_).size(), 2U);
}

TEST_F(CredentialsTest, MakeCredentialWritesTheSecretPrivately) {
  make_credential(folder_, "demo", path("secret"));
  const std::string secret = read("secret");
  EXPECT_EQ(secret.size(), Token::kTextLength);
  EXPECT_EQ(mode("secret"), 0600U);
  EXPECT_EQ(Credentials::load(folder_).authenticate(secret)->scopes, Scopes::all());
  EXPECT_THROW(make_credential(folder_, "a b", path("secret")), std::runtime_error);
  EXPECT_THROW(add_credential(folder_, {"demo"}, Scopes()), std::runtime_error);
}

TEST_F(CredentialsTest, AnOldLineHasEveryScopeAndCanBeRevoked) {
  write("credentials", "demo " + to_hex(hash_token("secret")) + "\n");
  const auto caller = Credentials::load(folder_).authenticate("secret");
  ASSERT_TRUE(caller);
  EXPECT_EQ(caller->tenant.name, "demo");
  EXPECT_EQ(caller->scopes, Scopes::all());
  EXPECT_EQ(caller->credential, "k_" + to_hex(hash_token("secret")).substr(0, 16));
  EXPECT_TRUE(revoke_credential(folder_, caller->credential));
  EXPECT_FALSE(Credentials::load(folder_).authenticate("secret"));
}

TEST_F(CredentialsTest, WhatIsWrittenIsReadTheSame) {
  const std::string text =
      "# id tenant sha256 scopes created revoked; changed by eirctl\n"
      "k_1 demo " +
      kHashA +
      " manage,read 2026-03-01T10:00:00Z -\n"
      "k_2 clinic-2 " +
      kHashB + " audit - 2026-03-02T23:59:59Z\n";
  const auto credentials = parse_credentials(text, "file");
  ASSERT_EQ(credentials.size(), 2U);
  EXPECT_EQ(credentials[1].created, "");
  EXPECT_EQ(credentials[1].revoked, "2026-03-02T23:59:59Z");
  EXPECT_EQ(credential_text(credentials), text);
}

TEST_F(CredentialsTest, ABrokenLineIsNamedAndNotRepeated) {
  const std::string good = "k_1 demo " + kHashA + " manage - -\n";
  const std::string wanted = "file:2: not \"id tenant hash scopes created revoked\"";
  for (const std::string& bad :
       {std::string("demo nonsense"), "demo " + kHashB + " manage", "k_2 demo " + kHashB + " everything - -",
        "k_2 demo " + kHashB + " - - -", "k_2 demo " + kHashB + " manage, - -", "k_2 d/mo " + kHashB + " manage - -",
        "k 2 demo " + kHashB + " manage - -", "k_2 demo " + kHashB + " manage yesterday -",
        "k_2 demo " + kHashB + " manage - 2026-03-02T23:59:59Z ", "k_2 demo " + kHashB.substr(1) + " manage - -",
        "k_2  demo " + kHashB + " manage - -"}) {
    EXPECT_EQ(refusal_of(good + bad + "\n"), wanted) << bad;
  }
  EXPECT_EQ(refusal_of(good + "k_1 demo " + kHashB + " manage - -"), "file:2: this id or secret is there twice");
  EXPECT_EQ(refusal_of(good + "k_2 demo " + kHashA + " manage - -"), "file:2: this id or secret is there twice");
  EXPECT_EQ(refusal_of(good + "# a remark\n\nk_2 demo " + kHashB + " audit - -"), "");
}

TEST_F(CredentialsTest, ARandomlyEditedFileIsRefusedOrReadAsItStands) {
  constexpr uint64_t kSeed = 77;
  std::printf("seed %llu\n", static_cast<unsigned long long>(kSeed));
  SeededRandom random(kSeed);
  const std::string text =
      "# heading\nk_1 demo " + kHashA + " manage,read 2026-03-01T10:00:00Z -\nclinic-2 " + kHashB + "\n";
  int refused = 0;
  for (int i = 0; i < 3000; ++i) {
    std::string edited = text;
    const size_t at = random.below(edited.size());
    if (random.chance(0.3)) {
      edited.erase(at, 1 + random.below(4));
    } else if (random.chance(0.3)) {
      edited.insert(at, 1, static_cast<char>(random.below(256)));
    } else {
      edited[at] = static_cast<char>(random.below(256));
    }
    try {
      const auto credentials = parse_credentials(edited, "file");
      const std::string written = credential_text(credentials);
      EXPECT_EQ(credential_text(parse_credentials(written, "file")), written) << edited;
    } catch (const std::runtime_error&) {
      ++refused;
    }
  }
  EXPECT_GT(refused, 1000);
}

TEST_F(CredentialsTest, AFileThatOthersMayReadIsRefused) {
  add_credential(folder_, {"demo"}, Scopes::all());
  ASSERT_EQ(::chmod(path("credentials").c_str(), 0644), 0);
  EXPECT_THROW(Credentials::load(folder_), std::runtime_error);
}

TEST_F(CredentialsTest, NoFileMeansNobodyGetsIn) {
  EXPECT_EQ(Credentials::load(folder_).size(), 0U);
  EXPECT_FALSE(Credentials::load(folder_).authenticate(""));
}

TEST_F(CredentialsTest, ProgramsThatAddAtOnceLoseNothing) {
  std::vector<std::thread> programs;
  programs.reserve(4);
  for (int i = 0; i < 4; ++i) {
    programs.emplace_back([this] {
      for (int k = 0; k < 5; ++k) add_credential(folder_, {"demo"}, Scopes::all());
    });
  }
  for (auto& program : programs) program.join();
  EXPECT_EQ(Credentials::load(folder_).size(), 20U);
}

}  // namespace
}  // namespace eir
