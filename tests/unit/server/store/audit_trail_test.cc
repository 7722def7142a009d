#include "server/store/audit_trail.h"

#include <gtest/gtest.h>

#include "lib/base/random.h"
#include "server/store/schema.h"
#include "tests/unit/server/store/store_folder.h"

namespace eir {
namespace {

constexpr uint64_t kSeed = 20260301;
constexpr int kEdits = 3000;

// Twelve records of "demo" beside some of another tenant, and what retention left when `anchored`.
void fill(AuditTrail& trail, bool anchored) {
  for (int i = 1; i <= 12; ++i) {
    trail.append({"demo", "c_" + std::to_string(i % 3), 1000 + i, "{\"act\":\"number " + std::to_string(i) + "\"}"});
    if (i % 4 == 0) trail.append({"other", "", 1000 + i, "{}"});
  }
  if (anchored) trail.erase_before(1004);
}

std::string number_sql(Random& random, uint64_t first, uint64_t last) {
  return std::to_string(first + random.below(last - first + 1));
}

// One thing that somebody with access to the file might do to it. Every one changes what the tables say.
std::string random_edit(Random& random, uint64_t first) {
  const std::string n = number_sql(random, first, 12);
  const std::string where = " WHERE tenant = 'demo' AND seq = " + n;
  const std::string byte = std::to_string(1 + random.below(20));
  switch (random.below(16)) {
    case 0:
      return "UPDATE audit SET document = substr(document, 1, " + byte + ") || '~' || substr(document, " + byte +
             " + 2)" + where;
    case 1:
      return "UPDATE audit SET document = document || ' '" + where;
    case 2:
      return "UPDATE audit SET time_ms = time_ms + " + byte + where;
    case 3:
      return "UPDATE audit SET consultation = 'c_9'" + where;
    case 4:
      return "UPDATE audit SET hash = randomblob(32)" + where;
    case 5:
      return "UPDATE audit SET hash = substr(hash, 1, " + byte + ")" + where;
    case 6:
      return "DELETE FROM audit" + where;
    case 7:
      return "DELETE FROM audit" + where + "; UPDATE audit SET seq = -seq WHERE tenant = 'demo' AND seq > " + n +
             "; UPDATE audit SET seq = -seq - 1 WHERE tenant = 'demo' AND seq < 0";
    case 8:
      return "UPDATE audit SET seq = -seq WHERE tenant = 'demo' AND seq >= " + n +
             "; UPDATE audit SET seq = -seq + 1 WHERE tenant = 'demo' AND seq < 0; INSERT INTO audit VALUES "
             "('demo', " +
             n + ", 1005, 'c_1', '{}', randomblob(32))";
    case 9: {
      const std::string other = n == "12" ? std::to_string(first) : "12";
      return "UPDATE audit SET seq = -1" + where + "; UPDATE audit SET seq = " + n +
             " WHERE tenant = 'demo' AND seq = " + other + "; UPDATE audit SET seq = " + other +
             " WHERE tenant = 'demo' AND seq = -1";
    }
    case 10:
      return "DELETE FROM audit WHERE tenant = 'demo' AND seq >= " + n;
    case 11:
      return "DELETE FROM audit WHERE tenant = 'demo' AND seq <= " + n;
    case 12:
      return "UPDATE audit_head SET hash = randomblob(32) WHERE tenant = 'demo'";
    case 13:
      return "UPDATE audit_head SET seq = " + std::to_string(random.below(12)) + " WHERE tenant = 'demo'";
    case 14:
      return "DELETE FROM audit_head WHERE tenant = 'demo'";
    default:
      return "INSERT OR REPLACE INTO audit_anchor VALUES ('demo', " + n + ", randomblob(32))";
  }
}

TEST(AuditTrail, EveryRandomEditOfTheDatabaseIsFound) {
  std::printf("seed %llu\n", static_cast<unsigned long long>(kSeed));
  SeededRandom random(kSeed);
  for (const bool anchored : {false, true}) {
    const StoreFolder folder;
    const auto database = open_database(folder.path());
    AuditTrail trail(*database);
    fill(trail, anchored);
    const uint64_t first = anchored ? 4 : 1;
    ASSERT_FALSE(trail.verify("demo", std::nullopt).finding);
    ASSERT_EQ(trail.verify("demo", std::nullopt).count, 13 - first);
    for (int i = 0; i < kEdits / 2; ++i) {
      const std::string edit = random_edit(random, first);
      Transaction undone(*database, Transaction::Kind::kWrite);
      database->run(edit.c_str());
      ASSERT_TRUE(trail.verify("demo", std::nullopt).finding) << edit;
      ASSERT_FALSE(trail.verify("other", std::nullopt).finding) << edit;
    }
    EXPECT_FALSE(trail.verify("demo", std::nullopt).finding);
  }
}

TEST(AuditTrail, ATrailThatWasWrittenAnewIsFoundByItsOldHead) {
  const StoreFolder folder;
  const auto database = open_database(folder.path());
  AuditTrail trail(*database);
  fill(trail, false);
  const AuditHead kept = trail.heads().front();
  database->run("DELETE FROM audit WHERE tenant = 'demo'; DELETE FROM audit_head WHERE tenant = 'demo'");
  EXPECT_FALSE(trail.verify("demo", std::nullopt).finding);
  EXPECT_EQ(trail.verify("demo", kept).finding, (AuditFinding{1, AuditFault::kCutAtEnd}));
  for (int i = 1; i <= 12; ++i) trail.append({"demo", "c_1", 1000 + i, "{}"});
  EXPECT_FALSE(trail.verify("demo", std::nullopt).finding);
  EXPECT_EQ(trail.verify("demo", kept).finding, (AuditFinding{12, AuditFault::kRewritten}));
}

TEST(AuditTrail, RetentionRemovesTheOldestAndTheChainGoesOn) {
  const StoreFolder folder;
  const auto database = open_database(folder.path());
  AuditTrail trail(*database);
  fill(trail, false);
  const AuditHead before = trail.heads().front();
  trail.erase_before(1006);
  EXPECT_EQ(trail.verify("demo", before).first, 6u);
  EXPECT_FALSE(trail.verify("demo", before).finding);
  trail.erase_before(9999);
  EXPECT_EQ(trail.verify("demo", std::nullopt).count, 0u);
  EXPECT_FALSE(trail.verify("demo", before).finding);
  trail.append({"demo", "c_1", 10000, "{}"});
  EXPECT_EQ(trail.verify("demo", before).first, 13u);
  EXPECT_FALSE(trail.verify("demo", before).finding);
  trail.erase_before(9999);  // nothing more
  EXPECT_FALSE(trail.verify("demo", before).finding);
  EXPECT_EQ(trail.verify("demo", before).count, 1u);
}

TEST(AuditTrail, AClockThatWentBackKeepsARecordOnlyLonger) {
  const StoreFolder folder;
  const auto database = open_database(folder.path());
  AuditTrail trail(*database);
  for (const int64_t time : {1000, 3000, 1000, 3000}) trail.append({"demo", "c_1", time, "{}"});
  trail.erase_before(2000);
  EXPECT_EQ(trail.verify("demo", std::nullopt).first, 2u);
  EXPECT_FALSE(trail.verify("demo", std::nullopt).finding);
}

TEST(AuditTrail, TenantsHaveChainsOfTheirOwn) {
  const StoreFolder folder;
  const auto database = open_database(folder.path());
  AuditTrail trail(*database);
  fill(trail, false);
  const auto heads = trail.heads();
  ASSERT_EQ(heads.size(), 2u);
  EXPECT_EQ(heads[0].tenant, "demo");
  EXPECT_EQ(heads[0].seq, 12u);
  EXPECT_EQ(heads[1].tenant, "other");
  EXPECT_EQ(heads[1].seq, 3u);
}

}  // namespace
}  // namespace eir
