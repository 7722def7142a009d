#pragma once

#include <memory>
#include <string>

#include "server/channel/owned_fd.h"
#include "server/store/audit_trail.h"
#include "server/store/sqlite.h"
#include "server/store/store.h"

namespace eir {

struct SqliteOptions {
  // Pages (4 KiB) in the write-ahead log after which a commit also brings them into the database file.
  int checkpoint_pages = 1000;
};

// The store in one SQLite file, `<state_dir>/eir.db`, for one process of one node. Owned by Journal.
class SqliteStore final : public Store {
 public:
  // Makes the database if there is none; the directory must be there. Throws StoreError, also when another process has
  // it open to write.
  explicit SqliteStore(const std::string& state_dir, const SqliteOptions& options = {});
  ~SqliteStore() override;

  uint64_t last_number() override { return last_number_; }
  StoredState load() override;
  void write(std::span<const Transition> transitions) override;
  std::vector<NumberedEvent> events_after(std::string_view tenant, uint64_t number, size_t limit) override;
  uint64_t oldest_event(std::string_view tenant) override;
  std::optional<ConsultationRow> find_consultation(std::string_view tenant, std::string_view id) override;
  std::vector<AuditRow> audit_of(std::string_view tenant, std::string_view consultation, size_t limit) override;
  std::vector<UsageRow> usage_of(std::string_view tenant, std::string_view consultation, size_t limit) override;
  std::vector<AuditHead> audit_heads() override;
  std::optional<AnswerRow> find_answer(std::string_view key) override;
  void erase_expired(const Retention& retention, int64_t now_ms) override;

 private:
  struct Statements;
  void put(const Transition& transition);
  void put(const ConsultationRow& row);
  void put(const ParticipantRow& row);

  OwnedFd lock_;  // held for as long as this process may write
  std::unique_ptr<Sqlite> database_;
  std::unique_ptr<Statements> statements_;
  AuditTrail audit_;
  uint64_t last_number_ = 0;
};

}  // namespace eir
