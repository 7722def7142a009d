#include "server/eirctl/audit_commands.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <optional>
#include <ostream>
#include <set>

#include "server/eirctl/eirctl.h"
#include "server/store/audit_trail.h"
#include "server/store/schema.h"

namespace eir {
namespace {

std::string hash_text(const AuditHead& head) { return fmt::format("{:02x}", fmt::join(head.hash, "")); }

std::string time_text(int64_t time_ms) {
  const int64_t ms = ((time_ms % 1000) + 1000) % 1000;
  const auto seconds = static_cast<std::time_t>((time_ms - ms) / 1000);
  // Times that no calendar holds come from a database that was tampered with.
  constexpr std::time_t kYear9999 = 253'402'300'799;
  if (seconds < 0 || seconds > kYear9999) return fmt::format("{}ms", time_ms);
  return fmt::format("{:%FT%T}.{:03}Z", fmt::gmtime(seconds), ms);
}

// A document that somebody edited must not steer the terminal.
std::string printable(std::string text) {
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  }
  return text;
}

// False when the tenant's chain is not as it must be; says which either way.
bool verify_tenant(AuditTrail& trail, const std::string& tenant, const std::optional<AuditHead>& known,
                   std::ostream& out) {
  const auto verified = trail.verify(tenant, known);
  out << printable(tenant) << ": ";
  if (verified.finding) {
    out << "record " << verified.finding->seq << ": " << to_string(verified.finding->fault);
    if (known) out << " (compared with the given record " << known->seq << ")";
    out << "\n";
    return false;
  }
  if (!verified.head) {
    out << "no audit trail\n";
    return true;
  }
  out << "whole, " << verified.count << " records";
  if (verified.first > 1) out << " from " << verified.first << " on (the older ones left by retention)";
  if (verified.count == 0) out << " (all left by retention)";
  out << ", head " << verified.head->seq << ' ' << hash_text(*verified.head);
  if (known) out << "; record " << known->seq << " is the one given";
  out << "\n";
  return true;
}

}  // namespace

int verify_audit_command(const std::string& state_dir, const CtlArguments& arguments, std::ostream& out) {
  const auto database = open_database_to_read(state_dir);
  // One look at everything, while eird may go on writing.
  const Transaction snapshot(*database, Transaction::Kind::kRead);
  bool is_whole = database->text("PRAGMA integrity_check(1)") == "ok";
  out << "database: " << (is_whole ? "whole" : "damaged") << "\n";
  AuditTrail trail(*database);
  std::set<std::string> tenants;
  if (!arguments.tenant.empty()) tenants.insert(arguments.tenant);
  for (const AuditHead& head : arguments.heads) {
    if (arguments.tenant.empty() || head.tenant == arguments.tenant) tenants.insert(head.tenant);
  }
  if (arguments.tenant.empty()) {
    for (std::string& tenant : trail.tenants()) tenants.insert(std::move(tenant));
  }
  for (const std::string& tenant : tenants) {
    bool has_known = false;
    for (const AuditHead& head : arguments.heads) {
      if (head.tenant != tenant) continue;
      has_known = true;
      is_whole = verify_tenant(trail, tenant, head, out) && is_whole;
    }
    if (!has_known) is_whole = verify_tenant(trail, tenant, std::nullopt, out) && is_whole;
  }
  return is_whole ? kCtlOk : kCtlFoundWrong;
}

int list_audit_command(const std::string& state_dir, const CtlArguments& arguments, std::ostream& out) {
  const auto database = open_database_to_read(state_dir);
  const Transaction snapshot(*database, Transaction::Kind::kRead);
  AuditTrail trail(*database);
  uint64_t count = 0;
  // The whole chain is read, so that an altered index hides nothing.
  trail.for_each(arguments.tenant, [&](const AuditRecord& record) {
    if (!arguments.consultation.empty() && record.row.consultation != arguments.consultation) return;
    ++count;
    out << record.seq << ' ' << time_text(record.row.time_ms) << ' '
        << (record.row.consultation.empty() ? "-" : printable(record.row.consultation)) << ' '
        << printable(record.row.document) << "\n";
  });
  const auto verified = trail.verify(arguments.tenant, std::nullopt);
  if (verified.finding) {
    out << "# not to be relied on: record " << verified.finding->seq << ": " << to_string(verified.finding->fault)
        << "\n";
    return kCtlFoundWrong;
  }
  out << "# " << count << " records; the chain of " << verified.count << " is whole\n";
  return count == 0 ? kCtlFoundWrong : kCtlOk;
}

int audit_head_command(const std::string& state_dir, std::ostream& out) {
  const auto database = open_database_to_read(state_dir);
  for (const AuditHead& head : AuditTrail(*database).heads()) {
    out << printable(head.tenant) << ' ' << head.seq << ' ' << hash_text(head) << "\n";
  }
  return kCtlOk;
}

}  // namespace eir
