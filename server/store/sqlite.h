#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "lib/base/bytes.h"
#include "server/store/store.h"

namespace eir {

// One connection to a database file, used by one thread at a time. All errors are StoreError with the file's name and
// SQLite's own words for the code, never with a value.
class Sqlite {
 public:
  enum class Access { kReadOnly, kReadWrite };

  Sqlite(std::string path, Access access);
  ~Sqlite();
  Sqlite(const Sqlite&) = delete;
  Sqlite& operator=(const Sqlite&) = delete;

  // Any number of statements without parameters.
  void run(const char* sql);
  // The first column of the first row.
  int64_t number(const char* sql);
  std::string text(const char* sql);

  const std::string& path() const { return path_; }
  sqlite3* handle() const { return handle_; }
  [[noreturn]] void fail(int code) const;

 private:
  std::string path_;
  sqlite3* handle_ = nullptr;
};

// A prepared statement; it lives no longer than its connection.
class Statement {
 public:
  Statement(Sqlite& database, std::string_view sql);
  ~Statement() { sqlite3_finalize(handle_); }
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  // One run of the statement, reset with its end. What was bound must live as long.
  class Rows {
   public:
    explicit Rows(Statement& statement) : statement_(&statement) {}
    ~Rows();
    Rows(const Rows&) = delete;
    Rows& operator=(const Rows&) = delete;

    bool next();
    int64_t number(int column) const { return sqlite3_column_int64(statement_->handle_, column); }
    std::string text(int column) const { return std::string(as_text(bytes(column))); }
    // Good until next().
    ByteView bytes(int column) const;

   private:
    Statement* statement_;
  };

  template <class... Values>
  Rows start(const Values&... values) {
    int column = 0;
    (bind(++column, values), ...);
    return Rows(*this);
  }
  // Runs to the end and says how many rows it changed.
  template <class... Values>
  int64_t run(const Values&... values) {
    Rows rows = start(values...);
    while (rows.next()) continue;
    return sqlite3_changes64(database_.handle());
  }

 private:
  void bind(int column, int64_t value);
  void bind(int column, uint64_t value) { bind(column, static_cast<int64_t>(value)); }
  void bind(int column, std::string_view text);
  void bind(int column, ByteView blob);

  Sqlite& database_;
  sqlite3_stmt* handle_ = nullptr;
};

// All or nothing: what was not committed is rolled back at the end of the scope.
class Transaction {
 public:
  enum class Kind { kRead, kWrite };

  Transaction(Sqlite& database, Kind kind) : database_(database) {
    // IMMEDIATE: the write lock is taken now, not in the middle.
    database.run(kind == Kind::kWrite ? "BEGIN IMMEDIATE" : "BEGIN");
  }
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;

  void commit() { database_.run("COMMIT"); }

 private:
  Sqlite& database_;
};

}  // namespace eir
