#pragma once

#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "server/store/audit_chain.h"
#include "server/store/sqlite.h"

namespace eir {

// The audit tables of one open database: records, the head of each tenant's chain, and the anchor that retention leaves
// in place of what it removed. It makes no transactions of its own. Owned by SqliteStore and by eirctl.
class AuditTrail {
 public:
  explicit AuditTrail(Sqlite& database);

  void append(const AuditRow& row);
  std::vector<AuditHead> heads();
  // Every name that one of the tables knows, also where somebody removed the head.
  std::vector<std::string> tenants();
  // Oldest first.
  std::vector<AuditRow> of_consultation(std::string_view tenant, std::string_view consultation, size_t limit);
  // Every record of the tenant, oldest first.
  void for_each(std::string_view tenant, const std::function<void(const AuditRecord&)>& see);

  struct Verified {
    uint64_t first = 0;  // the oldest that is kept, 0 without any
    uint64_t count = 0;
    std::optional<AuditHead> head;
    std::optional<AuditFinding> finding;
  };
  Verified verify(std::string_view tenant, const std::optional<AuditHead>& known);

  // Removes the oldest records of each tenant up to the first that is as new as `oldest_kept_ms`.
  void erase_before(int64_t oldest_kept_ms);

 private:
  std::optional<AuditHead> find(Statement& statement, std::string_view tenant);

  Statement insert_;
  Statement head_;
  Statement anchor_;
  Statement set_head_;
  Statement set_anchor_;
  Statement heads_;
  Statement tenants_;
  Statement of_consultation_;
  Statement of_tenant_;
  Statement first_kept_;
  Statement at_;
  Statement erase_;
};

// "tenant:seq:hash": how a head is written down outside, for a log line or a letter.
std::string to_string(const AuditHead& head);
std::optional<AuditHead> parse_audit_head(std::string_view text);

// One line of the log for every few heads; for the daemon's start and once a day. The log is where a rewritten trail
// shows, when it is kept on another machine.
void log_audit_heads(const std::vector<AuditHead>& heads);

}  // namespace eir
