#include "server/store/schema.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <system_error>

#include "server/channel/owned_fd.h"

namespace eir {
namespace {

// "Eir0", so that no other program's database is taken for Eir's.
constexpr int64_t kApplicationId = 0x45697230;

// A whole check reads every page. This much takes well under a second; beyond it the start does not wait for it, and
// `eirctl audit verify` makes the check instead.
constexpr int64_t kCheckedAtOpenBytes = 256 << 20;

// Migration i leads from schema i to i + 1. What was released is never edited, only followed by a further one.
//
// `document` columns are JSON of the domain; times are milliseconds since the epoch; hashes are SHA-256.
constexpr std::array<const char*, 1> kMigrations = {R"(
CREATE TABLE journal (only_row INTEGER PRIMARY KEY CHECK (only_row = 1), last_number INTEGER NOT NULL) STRICT;
INSERT INTO journal VALUES (1, 0);

CREATE TABLE consultation (
  id TEXT NOT NULL PRIMARY KEY, tenant TEXT NOT NULL, is_final INTEGER NOT NULL, changed_ms INTEGER NOT NULL,
  document TEXT NOT NULL) STRICT;
CREATE INDEX consultation_final ON consultation (is_final, changed_ms);

CREATE TABLE participant (
  id TEXT NOT NULL PRIMARY KEY, consultation TEXT NOT NULL REFERENCES consultation (id) ON DELETE CASCADE,
  document TEXT NOT NULL) STRICT;
CREATE INDEX participant_consultation ON participant (consultation);

CREATE TABLE audit (
  tenant TEXT NOT NULL, seq INTEGER NOT NULL, time_ms INTEGER NOT NULL, consultation TEXT NOT NULL,
  document TEXT NOT NULL, hash BLOB NOT NULL, PRIMARY KEY (tenant, seq)) STRICT, WITHOUT ROWID;
CREATE INDEX audit_consultation ON audit (tenant, consultation, seq);
CREATE TABLE audit_head (tenant TEXT NOT NULL PRIMARY KEY, seq INTEGER NOT NULL, hash BLOB NOT NULL) STRICT;
CREATE TABLE audit_anchor (tenant TEXT NOT NULL PRIMARY KEY, seq INTEGER NOT NULL, hash BLOB NOT NULL) STRICT;

CREATE TABLE usage (
  id INTEGER PRIMARY KEY, tenant TEXT NOT NULL, consultation TEXT NOT NULL, participant TEXT NOT NULL,
  time_ms INTEGER NOT NULL, document TEXT NOT NULL) STRICT;
CREATE INDEX usage_consultation ON usage (tenant, consultation, id);
CREATE INDEX usage_time ON usage (time_ms);

CREATE TABLE event (
  number INTEGER PRIMARY KEY, tenant TEXT NOT NULL, consultation TEXT NOT NULL, time_ms INTEGER NOT NULL,
  type TEXT NOT NULL, document TEXT NOT NULL) STRICT;
CREATE INDEX event_tenant ON event (tenant, number);
CREATE INDEX event_time ON event (time_ms);

CREATE TABLE answer (key TEXT NOT NULL PRIMARY KEY, time_ms INTEGER NOT NULL, sealed BLOB NOT NULL) STRICT;
CREATE INDEX answer_time ON answer (time_ms);
)"};

StoreError environment_error(const std::string& path) {
  return StoreError(path + ": " + std::system_category().message(errno));
}

// SQLite would make the file with the umask's mode. It must not be opened here once SQLite has it open: closing any
// descriptor of a file drops the process's locks on it.
void make_file(const std::string& state_dir, const std::string& path) {
  const OwnedFd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!file) {
    if (errno == EEXIST) return;
    throw environment_error(path);
  }
  const OwnedFd folder(::open(state_dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder || ::fsync(folder.value()) != 0) throw environment_error(state_dir);
}

void check_file(const std::string& path) {
  struct stat status = {};
  if (::lstat(path.c_str(), &status) != 0) throw environment_error(path);
  if (!S_ISREG(status.st_mode)) throw StoreError(path + ": not a regular file");
  if ((status.st_mode & 077) != 0) throw StoreError(path + ": others than its owner may read it");
}

// The schema's number, 0 for an empty file.
size_t schema_of(Sqlite& database) {
  const int64_t version = database.number("PRAGMA user_version");
  const int64_t application = database.number("PRAGMA application_id");
  if (application == 0 && version == 0 && database.number("SELECT count(*) FROM sqlite_schema") == 0) return 0;
  if (application != kApplicationId || version <= 0) throw StoreError(database.path() + ": not a database of Eir");
  if (version > static_cast<int64_t>(kMigrations.size())) {
    throw StoreError(database.path() + ": written by a newer Eir (schema " + std::to_string(version) +
                     "; this one knows " + std::to_string(kMigrations.size()) + ")");
  }
  return static_cast<size_t>(version);
}

void check_whole(Sqlite& database) {
  if (database.number("PRAGMA page_count") * database.number("PRAGMA page_size") > kCheckedAtOpenBytes) return;
  // The report itself could hold data.
  if (database.text("PRAGMA quick_check(1)") != "ok") throw StoreError(database.path() + ": damaged");
}

void migrate(Sqlite& database, size_t from) {
  for (size_t i = from; i < kMigrations.size(); ++i) {
    Transaction transaction(database, Transaction::Kind::kWrite);
    database.run(kMigrations[i]);
    database.run(("PRAGMA application_id = " + std::to_string(kApplicationId)).c_str());
    database.run(("PRAGMA user_version = " + std::to_string(i + 1)).c_str());
    transaction.commit();
  }
}

}  // namespace

std::string database_path(const std::string& state_dir) { return state_dir + "/eir.db"; }

std::unique_ptr<Sqlite> open_database(const std::string& state_dir) {
  const std::string path = database_path(state_dir);
  make_file(state_dir, path);
  check_file(path);
  auto database = std::make_unique<Sqlite>(path, Sqlite::Access::kReadWrite);
  const size_t schema = schema_of(*database);
  if (database->text("PRAGMA journal_mode = WAL") != "wal") throw StoreError(path + ": no write-ahead log possible");
  // FULL: a commit returns after fsync of the log. secure_delete: what retention or a change removes is overwritten, in
  // the file at the next checkpoint. temp_store: nothing of it goes to temporary files.
  database->run(
      "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON; PRAGMA temp_store = MEMORY;"
      "PRAGMA cell_size_check = ON; PRAGMA journal_size_limit = 16777216;");
  if (schema > 0) check_whole(*database);
  migrate(*database, schema);
  return database;
}

std::unique_ptr<Sqlite> open_database_to_read(const std::string& state_dir) {
  const std::string path = database_path(state_dir);
  check_file(path);
  auto database = std::make_unique<Sqlite>(path, Sqlite::Access::kReadOnly);
  if (schema_of(*database) != kMigrations.size()) {
    throw StoreError(path + ": written by an older Eir; start this eird once, which brings it up to date");
  }
  return database;
}

}  // namespace eir
