#include "server/store/audit_chain.h"

#include <openssl/sha.h>

#include <vector>

#include "lib/base/bytes.h"

namespace eir {
namespace {

constexpr std::string_view kTag = "eir-audit-1";
// Two numbers of 64 bits and three lengths of 32.
constexpr size_t kNumberBytes = 28;

}  // namespace

AuditHash audit_hash(const AuditHash& previous, uint64_t seq, const AuditRow& row) {
  const size_t lengths = row.tenant.size() + row.consultation.size() + row.document.size();
  std::vector<uint8_t> encoded(kTag.size() + previous.size() + kNumberBytes + lengths);
  ByteWriter out(encoded);
  out.bytes(as_bytes(kTag));
  out.bytes(previous);
  out.u64(seq);
  out.u64(static_cast<uint64_t>(row.time_ms));
  for (const std::string* text : {&row.tenant, &row.consultation, &row.document}) {
    out.u32(static_cast<uint32_t>(text->size()));
    out.bytes(as_bytes(*text));
  }
  AuditHash hash{};
  SHA256(encoded.data(), encoded.size(), hash.data());
  return hash;
}

std::string_view to_string(AuditFault fault) {
  switch (fault) {
    case AuditFault::kChanged:
      return "changed";
    case AuditFault::kMissing:
      return "missing";
    case AuditFault::kInserted:
      return "inserted";
    case AuditFault::kReordered:
      return "reordered";
    case AuditFault::kCutAtEnd:
      return "cut at the end";
    case AuditFault::kHeadAltered:
      return "head altered";
    case AuditFault::kRewritten:
      return "rewritten";
    case AuditFault::kNotComparable:
      return "older than what is kept";
  }
  return "";  // not reached: all enumerators are above
}

AuditVerifier::AuditVerifier(Ends ends) : ends_(std::move(ends)), seq_(ends_.anchor.seq), hash_(ends_.anchor.hash) {
  const auto is_anchor = [this](const std::optional<AuditHead>& head) {
    return head && head->seq == seq_ && head->hash == hash_;
  };
  has_passed_head_ = is_anchor(ends_.head);
  has_passed_known_ = is_anchor(ends_.known);
}

void AuditVerifier::add(const AuditRecord& record) {
  ++count_;
  if (suspect_) {
    diagnose(record);
  } else if (!found_) {
    examine(record);
  }
  last_hash_ = record.hash;
}

void AuditVerifier::examine(const AuditRecord& record) {
  if (record.seq != seq_ + 1) {
    found_ = record.seq > seq_ ? AuditFinding{seq_ + 1, AuditFault::kMissing}
                               : AuditFinding{record.seq, AuditFault::kInserted};
    return;
  }
  if (record.row.tenant != ends_.anchor.tenant || audit_hash(hash_, record.seq, record.row) != record.hash) {
    found_ = {record.seq, AuditFault::kChanged};
    suspect_ = record;
    return;
  }
  seq_ = record.seq;
  hash_ = record.hash;
  const auto fits = [&record](const std::optional<AuditHead>& head) {
    return head && head->seq == record.seq && head->hash == record.hash;
  };
  has_passed_head_ = has_passed_head_ || fits(ends_.head);
  has_passed_known_ = has_passed_known_ || fits(ends_.known);
}

// With n the suspect's seq: a later record that fits to n was moved away from there.
void AuditVerifier::diagnose(const AuditRecord& record) {
  const uint64_t n = suspect_->seq;
  const bool is_next = record.seq == n + 1;
  if (audit_hash(hash_, n, record.row) == record.hash) {
    // Two records changed places if the suspect fits where this one stands; otherwise all after n moved up by one.
    const AuditHash before = is_next ? record.hash : last_hash_;
    const bool is_swap = audit_hash(before, record.seq, suspect_->row) == suspect_->hash;
    found_->fault = is_next && !is_swap ? AuditFault::kInserted : AuditFault::kReordered;
    suspect_.reset();
  } else if (is_next && audit_hash(suspect_->hash, n + 2, record.row) == record.hash) {
    // The next two fit together, one further on: all after n moved down by one.
    found_->fault = AuditFault::kMissing;
    suspect_.reset();
  }
}

std::optional<AuditFinding> AuditVerifier::finish() const {
  if (found_) return found_;
  if (const auto finding = compare_head()) return finding;
  return compare_known();
}

std::optional<AuditFinding> AuditVerifier::compare_head() const {
  if (!ends_.head) {
    if (count_ == 0 && seq_ == 0) return std::nullopt;  // a tenant without a trail
    return AuditFinding{seq_, AuditFault::kHeadAltered};
  }
  const AuditHead& head = *ends_.head;
  if (head.seq == seq_ && head.hash == hash_) return std::nullopt;
  if (head.seq > seq_ && head.hash != hash_) return AuditFinding{seq_ + 1, AuditFault::kCutAtEnd};
  if (head.seq < seq_ && has_passed_head_) return AuditFinding{head.seq + 1, AuditFault::kInserted};
  return AuditFinding{head.seq, AuditFault::kHeadAltered};
}

std::optional<AuditFinding> AuditVerifier::compare_known() const {
  if (!ends_.known || has_passed_known_) return std::nullopt;
  const uint64_t seq = ends_.known->seq;
  if (seq > seq_) return AuditFinding{seq_ + 1, AuditFault::kCutAtEnd};
  const bool is_older = seq < ends_.anchor.seq;
  return AuditFinding{seq, is_older ? AuditFault::kNotComparable : AuditFault::kRewritten};
}

std::optional<AuditFinding> verify_chain(std::span<const AuditRecord> records, const AuditVerifier::Ends& ends) {
  AuditVerifier verifier(ends);
  for (const AuditRecord& record : records) verifier.add(record);
  return verifier.finish();
}

}  // namespace eir
