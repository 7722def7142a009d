#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace eir {

// What the domain keeps on disk, as rows: ids, tenants and times in columns, everything else as one JSON document each,
// which only the domain reads. No name, no token (only SHA-256), no address is ever in one.

struct ConsultationRow {
  std::string id;
  std::string tenant;
  bool is_final = false;  // nothing changes any more: not loaded at start, kept for its retention time
  int64_t changed_ms = 0;
  std::string document;
};

struct ParticipantRow {
  std::string id;
  std::string consultation;
  std::string document;  // empty: the participant is forgotten
};

// One line of a tenant's audit trail. The store numbers and chains it, see audit_chain.h.
struct AuditRow {
  std::string tenant;
  std::string consultation;  // empty: of no single consultation
  int64_t time_ms = 0;       // since the epoch
  std::string document;
};

// Immutable; a correction is a further row that names the first in its document.
struct UsageRow {
  std::string tenant;
  std::string consultation;
  std::string participant;
  int64_t time_ms = 0;
  std::string document;
};

// What a tenant's programs are told. Its number is that of its transition.
struct EventRow {
  std::string tenant;
  std::string consultation;
  int64_t time_ms = 0;
  std::string type;
  std::string document;
};

// The answer to a request with an Idempotency-Key, sealed by the caller's own secret.
struct AnswerRow {
  std::string key;  // SHA-256 in hex of caller and Idempotency-Key
  int64_t time_ms = 0;
  std::string sealed;
};

// Everything that one act changed: all of it is on disk, or nothing.
struct Transition {
  uint64_t number = 0;  // grows by one from transition to transition, over restarts too
  std::optional<ConsultationRow> consultation;
  std::vector<ParticipantRow> participants;
  std::vector<AuditRow> audit;
  std::vector<UsageRow> usage;
  std::optional<EventRow> event;
  std::optional<AnswerRow> answer;
};

// What a new control starts from.
struct StoredState {
  uint64_t last_number = 0;
  std::vector<ConsultationRow> consultations;  // those that are not final
  std::vector<ParticipantRow> participants;    // of these
};

struct NumberedEvent {
  uint64_t number = 0;
  EventRow event;
};

// The last link of a tenant's audit chain. Kept elsewhere (the log, a letter), it shows later that nothing before it
// was changed since, see audit_chain.h.
struct AuditHead {
  std::string tenant;
  uint64_t seq = 0;  // the first record is 1
  std::array<uint8_t, 32> hash{};
  bool operator==(const AuditHead&) const = default;
};

// How long the records of each class are kept; 0: for ever. Days.
struct Retention {
  uint32_t consultations_days = 30;  // final ones
  uint32_t audit_days = 0;
  uint32_t usage_days = 0;
  uint32_t events_days = 7;
  uint32_t answers_days = 1;
};

// The store cannot read or write; the message says why and holds no data.
class StoreError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// The domain's memory on disk. Calls block: the journal's thread makes them. Owned by Journal.
class Store {
 public:
  virtual ~Store() = default;

  // The number of the last transition, 0 before the first.
  virtual uint64_t last_number() = 0;
  virtual StoredState load() = 0;
  // All of them, in order, durable on return; or StoreError, and none of them is there.
  virtual void write(std::span<const Transition> transitions) = 0;

  // Events of the tenant with a larger number, oldest first, at most `limit`.
  virtual std::vector<NumberedEvent> events_after(std::string_view tenant, uint64_t number, size_t limit) = 0;
  // The number of the tenant's oldest event that is kept, 0 without any: a reader that asks for an older one has lost
  // some.
  virtual uint64_t oldest_event(std::string_view tenant) = 0;
  virtual std::optional<ConsultationRow> find_consultation(std::string_view tenant, std::string_view id) = 0;
  virtual std::vector<AuditRow> audit_of(std::string_view tenant, std::string_view consultation, size_t limit) = 0;
  virtual std::vector<UsageRow> usage_of(std::string_view tenant, std::string_view consultation, size_t limit) = 0;
  // Of every tenant that has an audit trail.
  virtual std::vector<AuditHead> audit_heads() = 0;
  virtual std::optional<AnswerRow> find_answer(std::string_view key) = 0;

  // Drops what is older than its class may become. `now_ms` since the epoch.
  virtual void erase_expired(const Retention& retention, int64_t now_ms) = 0;
};

}  // namespace eir
