#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "server/store/store.h"

namespace eir {

// Each audit record's hash covers the record and the hash before it. So whoever knows one hash knows that nothing
// before it was changed. Whoever can write the whole database can also make a new chain: only a head that is kept
// elsewhere finds that.

using AuditHash = std::array<uint8_t, 32>;

struct AuditRecord {
  uint64_t seq = 0;  // per tenant, from 1
  AuditRow row;
  AuditHash hash{};
};

// SHA-256 of, in this order: "eir-audit-1", the previous hash, seq and time_ms (64 bits each, network order), and
// tenant, consultation and document, each after its length (32 bits, network order). The first record's previous hash
// is zeros.
AuditHash audit_hash(const AuditHash& previous, uint64_t seq, const AuditRow& row);

enum class AuditFault : uint8_t {
  kChanged,        // this record or its hash is not what was written
  kMissing,        // a record was here
  kInserted,       // no record was here
  kReordered,      // another record was here, and it now stands elsewhere
  kCutAtEnd,       // this record and those after it were there
  kHeadAltered,    // the records fit together, but not to the head stored beside them
  kRewritten,      // fits in itself, but the head known from elsewhere says otherwise, here or before
  kNotComparable,  // the head known from elsewhere is older than what is kept
};
std::string_view to_string(AuditFault fault);

struct AuditFinding {
  uint64_t seq = 0;  // the first that is wrong
  AuditFault fault = AuditFault::kChanged;
  bool operator==(const AuditFinding&) const = default;
};

// Reads the records of one tenant in the order of seq and finds the first that is wrong. What is wrong with it is a
// diagnosis, made from the records after it.
class AuditVerifier {
 public:
  struct Ends {
    AuditHead anchor;                // the last record that retention removed; {tenant, 0, {}} without
    std::optional<AuditHead> head;   // the one stored beside the records
    std::optional<AuditHead> known;  // one from elsewhere
  };
  explicit AuditVerifier(Ends ends);

  void add(const AuditRecord& record);
  // After the last record.
  std::optional<AuditFinding> finish() const;
  uint64_t count() const { return count_; }

 private:
  void examine(const AuditRecord& record);
  void diagnose(const AuditRecord& record);
  std::optional<AuditFinding> compare_head() const;
  std::optional<AuditFinding> compare_known() const;

  Ends ends_;
  uint64_t count_ = 0;
  uint64_t seq_;                   // of the last good record
  AuditHash hash_;                 // of the last good record
  AuditHash last_hash_{};          // of the last record read, as stored
  bool has_passed_head_ = false;   // the stored head fits to the record of its seq
  bool has_passed_known_ = false;  // so does the known one
  std::optional<AuditFinding> found_;
  std::optional<AuditRecord> suspect_;  // the first whose hash is wrong, while its diagnosis is open
};

// The same for records at hand.
std::optional<AuditFinding> verify_chain(std::span<const AuditRecord> records, const AuditVerifier::Ends& ends);

}  // namespace eir
