#include "server/store/audit_trail.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "server/telemetry/log.h"

namespace eir {
namespace {

// A site of the log may write 20 lines at once: so many tenants are told of in one start.
constexpr size_t kHeadsPerLine = 16;

AuditHash to_hash(ByteView bytes) {
  AuditHash hash{};
  // A hash of another length was tampered with; zeros make that show as any other change.
  if (bytes.size() == hash.size()) std::copy(bytes.begin(), bytes.end(), hash.begin());
  return hash;
}

// -1, SQLite's word for no limit, also for what it cannot count.
int64_t to_limit(size_t limit) { return limit > INT32_MAX ? -1 : static_cast<int64_t>(limit); }

}  // namespace

AuditTrail::AuditTrail(Sqlite& database)
    : insert_(database, "INSERT INTO audit (tenant, seq, time_ms, consultation, document, hash) VALUES (?,?,?,?,?,?)"),
      head_(database, "SELECT seq, hash FROM audit_head WHERE tenant = ?"),
      anchor_(database, "SELECT seq, hash FROM audit_anchor WHERE tenant = ?"),
      set_head_(database, "INSERT OR REPLACE INTO audit_head (tenant, seq, hash) VALUES (?,?,?)"),
      set_anchor_(database, "INSERT OR REPLACE INTO audit_anchor (tenant, seq, hash) VALUES (?,?,?)"),
      heads_(database, "SELECT tenant, seq, hash FROM audit_head ORDER BY tenant"),
      tenants_(database,
               "SELECT tenant FROM audit UNION SELECT tenant FROM audit_head UNION SELECT tenant FROM audit_anchor"),
      of_consultation_(
          database, "SELECT time_ms, document FROM audit WHERE tenant = ? AND consultation = ? ORDER BY seq LIMIT ?"),
      of_tenant_(database,
                 "SELECT seq, time_ms, consultation, document, hash FROM audit WHERE tenant = ? ORDER BY seq"),
      first_kept_(database, "SELECT seq FROM audit WHERE tenant = ? AND time_ms >= ? ORDER BY seq LIMIT 1"),
      at_(database, "SELECT seq, hash FROM audit WHERE tenant = ? AND seq < ? ORDER BY seq DESC LIMIT 1"),
      erase_(database, "DELETE FROM audit WHERE tenant = ? AND seq <= ?") {}

void AuditTrail::append(const AuditRow& row) {
  const AuditHead previous = find(head_, row.tenant).value_or(AuditHead{});
  const uint64_t seq = previous.seq + 1;
  const AuditHash hash = audit_hash(previous.hash, seq, row);
  insert_.run(row.tenant, seq, row.time_ms, row.consultation, row.document, ByteView(hash));
  set_head_.run(row.tenant, seq, ByteView(hash));
}

std::vector<AuditHead> AuditTrail::heads() {
  std::vector<AuditHead> heads;
  auto rows = heads_.start();
  while (rows.next()) heads.push_back({rows.text(0), static_cast<uint64_t>(rows.number(1)), to_hash(rows.bytes(2))});
  return heads;
}

std::vector<std::string> AuditTrail::tenants() {
  std::vector<std::string> tenants;
  auto rows = tenants_.start();
  while (rows.next()) tenants.push_back(rows.text(0));
  return tenants;
}

std::vector<AuditRow> AuditTrail::of_consultation(std::string_view tenant, std::string_view consultation,
                                                  size_t limit) {
  std::vector<AuditRow> found;
  auto rows = of_consultation_.start(tenant, consultation, to_limit(limit));
  while (rows.next()) {
    found.push_back({std::string(tenant), std::string(consultation), rows.number(0), rows.text(1)});
  }
  return found;
}

void AuditTrail::for_each(std::string_view tenant, const std::function<void(const AuditRecord&)>& see) {
  AuditRecord record;
  record.row.tenant = tenant;
  auto rows = of_tenant_.start(tenant);
  while (rows.next()) {
    record.seq = static_cast<uint64_t>(rows.number(0));
    record.row.time_ms = rows.number(1);
    record.row.consultation = rows.text(2);
    record.row.document = rows.text(3);
    record.hash = to_hash(rows.bytes(4));
    see(record);
  }
}

AuditTrail::Verified AuditTrail::verify(std::string_view tenant, const std::optional<AuditHead>& known) {
  Verified verified;
  verified.head = find(head_, tenant);
  AuditVerifier verifier({find(anchor_, tenant).value_or(AuditHead{std::string(tenant), 0, {}}), verified.head, known});
  for_each(tenant, [&](const AuditRecord& record) {
    if (verified.first == 0) verified.first = record.seq;
    verifier.add(record);
  });
  verified.count = verifier.count();
  verified.finding = verifier.finish();
  return verified;
}

void AuditTrail::erase_before(int64_t oldest_kept_ms) {
  for (const AuditHead& head : heads()) {
    auto kept = first_kept_.start(head.tenant, oldest_kept_ms);
    const uint64_t first_kept = kept.next() ? static_cast<uint64_t>(kept.number(0)) : head.seq + 1;
    auto last = at_.start(head.tenant, first_kept);
    if (!last.next()) continue;
    const auto seq = static_cast<uint64_t>(last.number(0));
    set_anchor_.run(head.tenant, seq, last.bytes(1));
    erase_.run(head.tenant, seq);
  }
}

std::optional<AuditHead> AuditTrail::find(Statement& statement, std::string_view tenant) {
  auto rows = statement.start(tenant);
  if (!rows.next()) return std::nullopt;
  return AuditHead{std::string(tenant), static_cast<uint64_t>(rows.number(0)), to_hash(rows.bytes(1))};
}

std::string to_string(const AuditHead& head) {
  return fmt::format("{}:{}:{:02x}", head.tenant, head.seq, fmt::join(head.hash, ""));
}

std::optional<AuditHead> parse_audit_head(std::string_view text) {
  const size_t hash_at = text.rfind(':');
  if (hash_at == std::string_view::npos || hash_at == 0) return std::nullopt;
  const size_t seq_at = text.rfind(':', hash_at - 1);
  if (seq_at == std::string_view::npos || seq_at == 0) return std::nullopt;
  AuditHead head;
  head.tenant = text.substr(0, seq_at);
  const std::string_view seq = text.substr(seq_at + 1, hash_at - seq_at - 1);
  const auto parsed = std::from_chars(seq.data(), seq.data() + seq.size(), head.seq);
  if (parsed.ec != std::errc{} || parsed.ptr != seq.data() + seq.size()) return std::nullopt;
  const std::string_view hash = text.substr(hash_at + 1);
  if (hash.size() != 2 * head.hash.size()) return std::nullopt;
  for (size_t i = 0; i < head.hash.size(); ++i) {
    const char* at = hash.data() + 2 * i;
    const auto byte = std::from_chars(at, at + 2, head.hash[i], 16);
    if (byte.ec != std::errc{} || byte.ptr != at + 2) return std::nullopt;
  }
  return head;
}

void log_audit_heads(const std::vector<AuditHead>& heads) {
  for (size_t i = 0; i < heads.size(); i += kHeadsPerLine) {
    std::string line;
    for (size_t k = i; k < std::min(i + kHeadsPerLine, heads.size()); ++k) line += ' ' + to_string(heads[k]);
    log::info("audit_heads", {{"heads", line.substr(1)}});
  }
}

}  // namespace eir
