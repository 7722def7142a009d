#include "server/store/sqlite_store.h"

#include <gtest/gtest.h>

#include <fstream>

#include "server/store/schema.h"
#include "tests/unit/server/store/store_folder.h"

namespace eir {
namespace {

constexpr int64_t kDayMs = int64_t{24} * 3600 * 1000;

void write_one(Store& store, const Transition& transition) { store.write({&transition, 1}); }

// What opening says; empty: it opens.
std::string refusal_of(const std::string& folder) {
  try {
    const SqliteStore store(folder);
    return "";
  } catch (const StoreError& error) {
    return error.what();
  }
}

TEST(SqliteStore, ANewStoreIsEmptyAndPrivate) {
  const StoreFolder folder;
  SqliteStore store(folder.path());
  EXPECT_EQ(store.last_number(), 0u);
  EXPECT_TRUE(store.load().consultations.empty());
  EXPECT_EQ(store.oldest_event("demo"), 0u);
  for (const std::string name : {"/eir.db", "/eir.db-wal", "/eir.db-shm", "/eir.lock"}) {
    struct stat status = {};
    ASSERT_EQ(::stat((folder.path() + name).c_str(), &status), 0) << name;
    EXPECT_EQ(status.st_mode & 0777, 0600u) << name;
  }
}

TEST(SqliteStore, EveryRowOfATransitionIsThereAfterARestart) {
  const StoreFolder folder;
  const Transition first = make_transition(1, "demo", "c_1");
  {
    SqliteStore store(folder.path());
    write_one(store, first);
  }
  SqliteStore store(folder.path());
  const StoredState state = store.load();
  EXPECT_EQ(state.last_number, 1u);
  ASSERT_EQ(state.consultations.size(), 1u);
  EXPECT_EQ(state.consultations[0].id, "c_1");
  EXPECT_EQ(state.consultations[0].tenant, "demo");
  EXPECT_FALSE(state.consultations[0].is_final);
  EXPECT_EQ(state.consultations[0].changed_ms, 1'700'000'000'001);
  EXPECT_EQ(state.consultations[0].document, "{\"version\":1}");
  ASSERT_EQ(state.participants.size(), 1u);
  EXPECT_EQ(state.participants[0].consultation, "c_1");
  const auto audit = store.audit_of("demo", "c_1", 10);
  ASSERT_EQ(audit.size(), 1u);
  EXPECT_EQ(audit[0].document, "{\"act\":1}");
  const auto usage = store.usage_of("demo", "c_1", 10);
  ASSERT_EQ(usage.size(), 1u);
  EXPECT_EQ(usage[0].participant, "p_1");
  const auto events = store.events_after("demo", 0, 10);
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].number, 1u);
  EXPECT_EQ(events[0].event.type, "changed");
  EXPECT_EQ(store.find_answer("key1")->sealed, first.answer->sealed);  // a zero byte survives
  EXPECT_FALSE(store.find_answer("key2"));
}

TEST(SqliteStore, FinalConsultationsAreFoundButNotLoaded) {
  const StoreFolder folder;
  SqliteStore store(folder.path());
  write_one(store, make_transition(1, "demo", "c_1"));
  Transition end = make_transition(2, "demo", "c_1");
  end.consultation->is_final = true;
  write_one(store, end);
  EXPECT_TRUE(store.load().consultations.empty());
  EXPECT_TRUE(store.load().participants.empty());
  EXPECT_TRUE(store.find_consultation("demo", "c_1")->is_final);
  EXPECT_EQ(store.find_consultation("demo", "c_1")->document, "{\"version\":2}");
}

TEST(SqliteStore, NothingIsFoundForAnotherTenant) {
  const StoreFolder folder;
  SqliteStore store(folder.path());
  write_one(store, make_transition(1, "demo", "c_1"));
  EXPECT_FALSE(store.find_consultation("other", "c_1"));
  EXPECT_TRUE(store.audit_of("other", "c_1", 10).empty());
  EXPECT_TRUE(store.usage_of("other", "c_1", 10).empty());
  EXPECT_TRUE(store.events_after("other", 0, 10).empty());
}

TEST(SqliteStore, AParticipantWithoutADocumentIsForgotten) {
  const StoreFolder folder;
  SqliteStore store(folder.path());
  write_one(store, make_transition(1, "demo", "c_1"));
  Transition forget;
  forget.number = 2;
  forget.participants = {{"p_1", "c_1", ""}};
  write_one(store, forget);
  EXPECT_TRUE(store.load().participants.empty());
}

TEST(SqliteStore, EventsComeInOrderFromAfterTheGivenNumber) {
  const StoreFolder folder;
  SqliteStore store(folder.path());
  std::vector<Transition> transitions;
  for (uint64_t n = 1; n <= 6; ++n)
    transitions.push_back(make_transition(n, n % 2 == 0 ? "even" : "odd", "c_" + std::to_string(n)));
  store.write(transitions);
  const auto events = store.events_after("odd", 1, 10);
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[0].number, 3u);
  EXPECT_EQ(events[1].number, 5u);
  EXPECT_EQ(store.events_after("even", 0, 2).size(), 2u);
  EXPECT_TRUE(store.events_after("even", UINT64_MAX, 2).empty());
  EXPECT_EQ(store.oldest_event("even"), 2u);
}

TEST(SqliteStore, AGroupThatFailsInTheMiddleLeavesNothing) {
  const StoreFolder folder;
  SqliteStore store(folder.path());
  write_one(store, make_transition(1, "demo", "c_1"));
  std::vector<Transition> group = {make_transition(2, "demo", "c_2"), make_transition(3, "demo", "c_3")};
  group[1].participants[0].consultation = "c_unknown";
  EXPECT_THROW(store.write(group), StoreError);
  EXPECT_EQ(store.last_number(), 1u);
  EXPECT_EQ(store.load().consultations.size(), 1u);
  EXPECT_EQ(store.events_after("demo", 0, 10).size(), 1u);
  EXPECT_EQ(store.audit_heads()[0].seq, 1u);
  // And the next attempt begins where the last good one ended.
  group[1].participants[0].consultation = "c_3";
  store.write(group);
  EXPECT_EQ(store.last_number(), 3u);
  EXPECT_EQ(store.audit_heads()[0].seq, 3u);
}

TEST(SqliteStoreDeathTest, NumbersGrowByOne) {
  const StoreFolder folder;
  SqliteStore store(folder.path());
  write_one(store, make_transition(1, "demo", "c_1"));
  EXPECT_DEATH(write_one(store, make_transition(1, "demo", "c_1")), "number");
  EXPECT_DEATH(write_one(store, make_transition(3, "demo", "c_1")), "number");
}

TEST(SqliteStoreDeathTest, AConsultationStaysWithItsTenant) {
  const StoreFolder folder;
  SqliteStore store(folder.path());
  write_one(store, make_transition(1, "demo", "c_1"));
  EXPECT_DEATH(write_one(store, make_transition(2, "other", "c_1")), "changed");
}

TEST(SqliteStore, AHostileValueIsOnlyAValue) {
  const StoreFolder folder;
  SqliteStore store(folder.path());
  Transition transition = make_transition(1, "demo", "c_1'); DROP TABLE event; --");
  transition.audit[0].document = std::string("a\0b\xff'\"", 6);
  write_one(store, transition);
  EXPECT_EQ(store.audit_of("demo", transition.audit[0].consultation, 1)[0].document, transition.audit[0].document);
  EXPECT_EQ(store.events_after("demo", 0, 10).size(), 1u);
}

TEST(SqliteStore, RetentionDropsEachClassByItsOwnTime) {
  const StoreFolder folder;
  SqliteStore store(folder.path());
  // Transition n happened on day n.
  for (uint64_t n = 1; n <= 4; ++n) {
    Transition t = make_transition(n, "demo", "c_" + std::to_string(n));
    const int64_t time = static_cast<int64_t>(n) * kDayMs;
    t.consultation->changed_ms = t.audit[0].time_ms = t.usage[0].time_ms = t.event->time_ms = t.answer->time_ms = time;
    t.consultation->is_final = n != 2;
    write_one(store, t);
  }
  // At the end of day 4 the third and fourth are younger than two days.
  Retention retention{.consultations_days = 2, .audit_days = 0, .usage_days = 0, .events_days = 0, .answers_days = 0};
  store.erase_expired(retention, 5 * kDayMs);
  EXPECT_FALSE(store.find_consultation("demo", "c_1"));
  EXPECT_TRUE(store.find_consultation("demo", "c_2"));  // not final: it stays
  EXPECT_TRUE(store.find_consultation("demo", "c_3"));
  EXPECT_EQ(store.usage_of("demo", "c_1", 9).size() + store.audit_of("demo", "c_1", 9).size(), 2u);
  retention = {.consultations_days = 0, .audit_days = 0, .usage_days = 2, .events_days = 1, .answers_days = 3};
  store.erase_expired(retention, 5 * kDayMs);
  EXPECT_TRUE(store.find_consultation("demo", "c_3"));
  EXPECT_TRUE(store.usage_of("demo", "c_2", 9).empty());
  EXPECT_EQ(store.usage_of("demo", "c_3", 9).size(), 1u);
  EXPECT_EQ(store.oldest_event("demo"), 4u);
  EXPECT_FALSE(store.find_answer("key1"));
  EXPECT_TRUE(store.find_answer("key2"));
  EXPECT_EQ(store.audit_of("demo", "c_1", 9).size(), 1u);
  EXPECT_EQ(store.last_number(), 4u);
}

TEST(SqliteStore, AnErasedConsultationTakesItsParticipantsAlong) {
  const StoreFolder folder;
  {
    SqliteStore store(folder.path());
    Transition t = make_transition(1, "demo", "c_1");
    t.consultation->is_final = true;
    write_one(store, t);
    store.erase_expired({.consultations_days = 1}, 1'700'000'000'001 + 2 * kDayMs);
  }
  Sqlite database(folder.database(), Sqlite::Access::kReadOnly);
  EXPECT_EQ(database.number("SELECT count(*) FROM participant"), 0);
}

TEST(SqliteStore, WhatRetentionErasedIsNotInTheFileAnyMore) {
  const StoreFolder folder;
  const std::string secret = "a-document-that-nobody-may-find-again";
  {
    SqliteStore store(folder.path());
    Transition t = make_transition(1, "demo", "c_1");
    t.event->document = secret;
    write_one(store, t);
  }
  const auto is_in_file = [&] {
    std::ifstream file(folder.database(), std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(file), {}};
    return bytes.find(secret) != std::string::npos;
  };
  EXPECT_TRUE(is_in_file());
  {
    SqliteStore store(folder.path());
    store.erase_expired({.events_days = 1}, 1'700'000'000'001 + 2 * kDayMs);
  }
  EXPECT_FALSE(is_in_file());
}

TEST(SqliteStore, ASecondWriterIsRefused) {
  const StoreFolder folder;
  const SqliteStore store(folder.path());
  EXPECT_NE(refusal_of(folder.path()).find("another process"), std::string::npos);
}

TEST(SqliteStore, AReaderSeesWhatIsCommittedWhileTheWriterRuns) {
  const StoreFolder folder;
  SqliteStore store(folder.path());
  write_one(store, make_transition(1, "demo", "c_1"));
  const auto reader = open_database_to_read(folder.path());
  EXPECT_EQ(reader->number("SELECT count(*) FROM event"), 1);
  write_one(store, make_transition(2, "demo", "c_1"));
  EXPECT_EQ(reader->number("SELECT count(*) FROM event"), 2);
  EXPECT_THROW(reader->run("DELETE FROM event"), StoreError);
}

TEST(SqliteStore, ANewerDatabaseIsRefused) {
  const StoreFolder folder;
  { const SqliteStore store(folder.path()); }
  Sqlite(folder.database(), Sqlite::Access::kReadWrite).run("PRAGMA user_version = 2");
  EXPECT_EQ(refusal_of(folder.path()), folder.database() + ": written by a newer Eir (schema 2; this one knows 1)");
}

TEST(SqliteStore, AnotherProgramsDatabaseIsRefused) {
  const StoreFolder folder;
  { const SqliteStore store(folder.path()); }
  Sqlite(folder.database(), Sqlite::Access::kReadWrite).run("PRAGMA application_id = 7");
  EXPECT_EQ(refusal_of(folder.path()), folder.database() + ": not a database of Eir");
}

TEST(SqliteStore, AFileThatIsNoDatabaseIsRefused) {
  const StoreFolder folder;
  std::ofstream(folder.database()) << std::string(8192, 'x');
  ::chmod(folder.database().c_str(), 0600);
  EXPECT_EQ(refusal_of(folder.path()), folder.database() + ": file is not a database (SQLite code 26)");
}

TEST(SqliteStore, ADamagedPageIsFoundAtOpen) {
  const StoreFolder folder;
  {
    SqliteStore store(folder.path());
    for (uint64_t n = 1; n <= 200; ++n) write_one(store, make_transition(n, "demo", "c_1"));
  }
  const auto size = std::filesystem::file_size(folder.database());
  size_t found = 0, tried = 0;
  for (uint64_t page = 1; page < size / 4096; ++page) {
    std::fstream file(folder.database(), std::ios::in | std::ios::out | std::ios::binary);
    std::string kept(4096, '\0');
    file.seekg(static_cast<std::streamoff>(page * 4096));
    file.read(kept.data(), 4096);
    file.seekp(static_cast<std::streamoff>(page * 4096));
    file.write(std::string(4096, '\x5a').data(), 4096);
    file.flush();
    ++tried;
    const std::string refusal = refusal_of(folder.path());
    if (refusal.rfind(folder.database() + ": ", 0) == 0) ++found;
    file.seekp(static_cast<std::streamoff>(page * 4096));
    file.write(kept.data(), 4096);
    std::filesystem::remove(folder.database() + "-wal");
    std::filesystem::remove(folder.database() + "-shm");
  }
  EXPECT_GT(tried, 20u);
  EXPECT_EQ(found, tried);
  EXPECT_EQ(refusal_of(folder.path()), "");
}

TEST(SqliteStore, ADatabaseThatOthersMayReadIsRefused) {
  const StoreFolder folder;
  { const SqliteStore store(folder.path()); }
  ::chmod(folder.database().c_str(), 0644);
  EXPECT_EQ(refusal_of(folder.path()), folder.database() + ": others than its owner may read it");
}

TEST(SqliteStore, ADirectoryThatIsNotThereIsNamed) {
  EXPECT_EQ(refusal_of("/nonexistent/eir"), "/nonexistent/eir/eir.lock: No such file or directory");
}

}  // namespace
}  // namespace eir
