#include "server/eirctl/eirctl.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "server/api/credentials.h"
#include "server/eirctl/arguments.h"
#include "server/store/sqlite_store.h"
#include "tests/unit/server/store/store_folder.h"

namespace eir {
namespace {

using Words = std::vector<std::string_view>;

class EirctlTest : public testing::Test {
 protected:
  int run(Words words) {
    words.insert(words.end(), {"--state-dir", folder_.path()});
    return run_alone(words);
  }
  int run_alone(const Words& words) {
    std::ostringstream out, error;
    const int code = run_eirctl(words, out, error);
    out_ = out.str();
    error_ = error.str();
    return code;
  }
  // Three transitions in two consultations of "demo"; the store stays open as that of a running eird.
  void fill() {
    store_.emplace(folder_.path());
    const std::vector<Transition> transitions = {make_transition(1, "demo", "c_1"), make_transition(2, "demo", "c_2"),
                                                 make_transition(3, "demo", "c_1")};
    store_->write(transitions);
  }
  // What somebody does who has the file.
  void tamper(const char* sql) {
    store_.reset();
    Sqlite(folder_.database(), Sqlite::Access::kReadWrite).run(sql);
  }
  std::string after(const std::string& label) const {
    const size_t at = out_.find(label) + label.size();
    return out_.substr(at, out_.find('\n', at) - at);
  }

  StoreFolder folder_;
  std::optional<SqliteStore> store_;
  std::string out_;
  std::string error_;
};

TEST_F(EirctlTest, ACredentialIsMadeListedAndRevoked) {
  ASSERT_EQ(run({"credential", "add", "--tenant", "demo", "--scope", "read", "--scope", "audit"}), kCtlOk);
  const std::string id = after("id:     "), secret = after("secret: ");
  EXPECT_EQ(after("scopes: "), "read,audit");
  const auto caller = Credentials::load(folder_.path()).authenticate(secret);
  ASSERT_TRUE(caller);
  EXPECT_EQ(caller->credential, id);
  ASSERT_EQ(run({"credential", "list"}), kCtlOk);
  EXPECT_EQ(out_.rfind(id + " demo read,audit made 2", 0), 0u) << out_;
  EXPECT_EQ(out_.find(secret), std::string::npos);
  ASSERT_EQ(run({"credential", "revoke", id}), kCtlOk);
  EXPECT_NE(out_.find("SIGHUP"), std::string::npos);
  EXPECT_FALSE(Credentials::load(folder_.path()).authenticate(secret));
  ASSERT_EQ(run({"credential", "list"}), kCtlOk);
  EXPECT_NE(out_.find(" revoked 2"), std::string::npos);
  EXPECT_EQ(run({"credential", "revoke", id}), kCtlFoundWrong);
}

TEST_F(EirctlTest, ACredentialMayNotReadTheAuditTrailUnlessItIsSaid) {
  ASSERT_EQ(run({"credential", "add", "--tenant", "demo"}), kCtlOk);
  EXPECT_EQ(after("scopes: "), "manage,read,events");
}

TEST_F(EirctlTest, AWholeTrailIsVerifiedWhileTheDaemonWrites) {
  fill();
  EXPECT_EQ(run({"audit", "verify"}), kCtlOk);
  EXPECT_NE(out_.find("database: whole\ndemo: whole, 3 records, head 3 "), std::string::npos) << out_;
}

TEST_F(EirctlTest, AChangedRecordIsNamed) {
  fill();
  tamper("UPDATE audit SET document = '{\"act\":9}' WHERE seq = 2");
  EXPECT_EQ(run({"audit", "verify"}), kCtlFoundWrong);
  EXPECT_NE(out_.find("demo: record 2: changed\n"), std::string::npos) << out_;
  EXPECT_EQ(run({"audit", "list", "--tenant", "demo", "--consultation", "c_1"}), kCtlFoundWrong);
  EXPECT_NE(out_.find("# not to be relied on: record 2: changed\n"), std::string::npos) << out_;
}

TEST_F(EirctlTest, ARewrittenTrailIsFoundByTheHeadThatWasWrittenDown) {
  fill();
  ASSERT_EQ(run({"audit", "head"}), kCtlOk);
  std::string head = out_.substr(0, out_.size() - 1);
  for (char& c : head) c = c == ' ' ? ':' : c;
  EXPECT_EQ(run({"audit", "verify", "--head", head}), kCtlOk);
  EXPECT_NE(out_.find("record 3 is the one given"), std::string::npos) << out_;
  tamper("DELETE FROM audit; DELETE FROM audit_head");
  EXPECT_EQ(run({"audit", "verify"}), kCtlOk);
  EXPECT_EQ(run({"audit", "verify", "--head", head}), kCtlFoundWrong);
  EXPECT_NE(out_.find("demo: record 1: cut at the end"), std::string::npos) << out_;
}

TEST_F(EirctlTest, ATrailWithoutItsHeadIsNotOverlooked) {
  fill();
  tamper("DELETE FROM audit_head");
  EXPECT_EQ(run({"audit", "verify"}), kCtlFoundWrong);
  EXPECT_NE(out_.find("demo: record 3: head altered\n"), std::string::npos) << out_;
}

TEST_F(EirctlTest, AnIndexThatHidesARecordHidesNothingAndIsFound) {
  fill();
  store_.reset();
  // What SQL cannot do, a hex editor can: the second consultation's id in the index only.
  std::fstream file(folder_.database(), std::ios::in | std::ios::out | std::ios::binary);
  std::string bytes{std::istreambuf_iterator<char>(file), {}};
  const size_t at = bytes.find("democ_2");
  ASSERT_NE(at, std::string::npos);
  file.seekp(static_cast<std::streamoff>(at));
  file.write("democ_7", 7);
  file.close();
  EXPECT_EQ(run({"audit", "verify"}), kCtlFoundWrong);
  EXPECT_EQ(out_.rfind("database: damaged\n", 0), 0u) << out_;
}

TEST_F(EirctlTest, EveryEntryOfOneConsultationIsListed) {
  fill();
  EXPECT_EQ(run({"audit", "list", "--tenant", "demo", "--consultation", "c_1"}), kCtlOk);
  EXPECT_EQ(out_,
            "1 2023-11-14T22:13:20.001Z c_1 {\"act\":1}\n3 2023-11-14T22:13:20.003Z c_1 {\"act\":3}\n"
            "# 2 records; the chain of 3 is whole\n");
  EXPECT_EQ(run({"audit", "list", "--tenant", "demo"}), kCtlOk);
  EXPECT_EQ(run({"audit", "list", "--tenant", "other"}), kCtlFoundWrong);
  EXPECT_EQ(out_, "# 0 records; the chain of 0 is whole\n");
}

TEST_F(EirctlTest, AnEditedDocumentDoesNotSteerTheTerminal) {
  fill();
  tamper("UPDATE audit SET document = 'a' || char(27) || '[2J' || char(10) || 'b', time_ms = 9e18 WHERE seq = 1");
  EXPECT_EQ(run({"audit", "list", "--tenant", "demo"}), kCtlFoundWrong);
  EXPECT_EQ(out_.rfind("1 9000000000000000000ms c_1 a?[2J?b\n", 0), 0u) << out_;
}

TEST_F(EirctlTest, WhatCannotBeReadIsAnErrorOfTheEnvironment) {
  EXPECT_EQ(run({"audit", "verify"}), kCtlUsage);
  EXPECT_EQ(error_, "eirctl: " + folder_.database() + ": No such file or directory\n");
  std::ofstream(folder_.path() + "/eird.yaml") << "no_such_key: 1\n";
  const std::string config = folder_.path() + "/eird.yaml";
  EXPECT_EQ(run_alone({"audit", "head", "--config", config}), kCtlUsage);
  EXPECT_NE(error_.find("no_such_key"), std::string::npos) << error_;
}

TEST_F(EirctlTest, TheConfigurationNamesTheStateDirectory) {
  fill();
  const std::string config = folder_.path() + "/eird.yaml";
  std::ofstream(config) << "state_dir: " << folder_.path() << "\n";
  EXPECT_EQ(run_alone({"audit", "verify", "--config", config}), kCtlOk) << error_;
}

TEST_F(EirctlTest, ArgumentsThatMakeNoSenseAreRefused) {
  const std::string zeros(64, '0');
  const std::string head = "demo:1:" + zeros;
  for (const Words& words : std::vector<Words>{{},
                                               {"credential"},
                                               {"credential", "add"},
                                               {"credential", "add", "--tenant"},
                                               {"credential", "add", "--tenant", "demo", "--scope", "everything"},
                                               {"credential", "list", "--tenant", "demo"},
                                               {"credential", "revoke"},
                                               {"credential", "revoke", "a", "b"},
                                               {"audit", "list"},
                                               {"audit", "head", "--head", head},
                                               {"audit", "verify", "--head", "demo"},
                                               {"audit", "verify", "--state-dir", "a", "--config", "b"},
                                               {"audit", "erase"}}) {
    EXPECT_EQ(run_alone(words), kCtlUsage);
    EXPECT_EQ(error_, kCtlUsageText);
  }
  EXPECT_EQ(run_alone({"--help"}), kCtlOk);
  EXPECT_EQ(out_, kCtlUsageText);
  EXPECT_EQ(run_alone({"audit", "--help"}), kCtlOk);
  EXPECT_EQ(run_alone({"--version"}), kCtlOk);
}

TEST_F(EirctlTest, CommandsForTheRunningDaemonAreOfOneWord) {
  const auto command_of = [](const Words& words) {
    const auto parsed = parse_ctl_arguments(words);
    return parsed ? std::optional(parsed->command) : std::nullopt;
  };
  EXPECT_EQ(command_of({"status"}), CtlCommand::kStatus);
  EXPECT_EQ(command_of({"rooms", "--json"}), CtlCommand::kRooms);
  EXPECT_EQ(command_of({"reload", "--state-dir", "/x"}), CtlCommand::kReload);
  EXPECT_EQ(command_of({"drain", "--config", "/x"}), CtlCommand::kDrain);
  EXPECT_TRUE(parse_ctl_arguments(Words{"status", "--json"})->as_json);
  EXPECT_EQ(command_of({"reload", "--json"}), std::nullopt);
  EXPECT_EQ(command_of({"drain", "now"}), std::nullopt);
  EXPECT_EQ(command_of({"status", "--tenant", "demo"}), std::nullopt);
  EXPECT_EQ(command_of({}), std::nullopt);
}

TEST_F(EirctlTest, WithoutARunningDaemonTheSocketIsNamed) {
  for (const char* command : {"status", "rooms", "reload", "drain"}) {
    EXPECT_EQ(run({command}), kCtlUsage);
    EXPECT_EQ(error_.find("eirctl: no eird answers at " + folder_.path() + "/eirctl.sock: "), 0U) << error_;
    EXPECT_EQ(out_, "");
  }
}

}  // namespace
}  // namespace eir
