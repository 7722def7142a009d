#include "server/store/sqlite.h"

#include "lib/base/check.h"

namespace eir {
namespace {

// Nobody else writes, so a lock is held only while a reader recovers the write-ahead log.
constexpr int kBusyTimeoutMs = 1000;

}  // namespace

Sqlite::Sqlite(std::string path, Access access) : path_(std::move(path)) {
  // NOMUTEX: one thread at a time uses a connection, and the journal's hand-over is a lock of its own.
  const int flags = (access == Access::kReadOnly ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE) | SQLITE_OPEN_NOMUTEX;
  const int code = sqlite3_open_v2(path_.c_str(), &handle_, flags, nullptr);
  if (code != SQLITE_OK) {
    sqlite3_close_v2(handle_);
    handle_ = nullptr;
    fail(code);
  }
  sqlite3_extended_result_codes(handle_, 1);
  sqlite3_busy_timeout(handle_, kBusyTimeoutMs);
  // A database that somebody edited must not be able to run anything.
  sqlite3_db_config(handle_, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(handle_, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  sqlite3_db_config(handle_, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, nullptr);
}

Sqlite::~Sqlite() { sqlite3_close_v2(handle_); }

void Sqlite::run(const char* sql) {
  const int code = sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) fail(code);
}

int64_t Sqlite::number(const char* sql) {
  Statement statement(*this, sql);
  auto rows = statement.start();
  return rows.next() ? rows.number(0) : 0;
}

std::string Sqlite::text(const char* sql) {
  Statement statement(*this, sql);
  auto rows = statement.start();
  return rows.next() ? rows.text(0) : std::string();
}

void Sqlite::fail(int code) const {
  EIR_CHECK((code & 0xff) != SQLITE_MISUSE);
  throw StoreError(path_ + ": " + sqlite3_errstr(code & 0xff) + " (SQLite code " + std::to_string(code) + ")");
}

Statement::Statement(Sqlite& database, std::string_view sql) : database_(database) {
  const int code = sqlite3_prepare_v3(database.handle(), sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &handle_, nullptr);
  if (code != SQLITE_OK) database.fail(code);
}

void Statement::bind(int column, int64_t value) { EIR_CHECK(sqlite3_bind_int64(handle_, column, value) == SQLITE_OK); }

void Statement::bind(int column, std::string_view text) {
  // An empty view may have no data, which SQLite would take for NULL.
  const char* data = text.empty() ? "" : text.data();
  const int code = sqlite3_bind_text64(handle_, column, data, text.size(), SQLITE_STATIC, SQLITE_UTF8);
  if (code != SQLITE_OK) database_.fail(code);
}

void Statement::bind(int column, ByteView blob) {
  const void* data = blob.empty() ? static_cast<const void*>("") : blob.data();
  const int code = sqlite3_bind_blob64(handle_, column, data, blob.size(), SQLITE_STATIC);
  if (code != SQLITE_OK) database_.fail(code);
}

Statement::Rows::~Rows() {
  sqlite3_reset(statement_->handle_);
  sqlite3_clear_bindings(statement_->handle_);
}

bool Statement::Rows::next() {
  const int code = sqlite3_step(statement_->handle_);
  if (code == SQLITE_ROW) return true;
  if (code != SQLITE_DONE) statement_->database_.fail(code);
  return false;
}

ByteView Statement::Rows::bytes(int column) const {
  const auto* data = static_cast<const uint8_t*>(sqlite3_column_blob(statement_->handle_, column));
  return {data, static_cast<size_t>(sqlite3_column_bytes(statement_->handle_, column))};
}

Transaction::~Transaction() {
  // Some errors have rolled back already.
  if (sqlite3_get_autocommit(database_.handle()) == 0) {
    sqlite3_exec(database_.handle(), "ROLLBACK", nullptr, nullptr, nullptr);
  }
}

}  // namespace eir
