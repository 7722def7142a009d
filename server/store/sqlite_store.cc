#include "server/store/sqlite_store.h"

#include <fcntl.h>
#include <sys/file.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "lib/base/check.h"
#include "server/store/schema.h"

namespace eir {
namespace {

constexpr int64_t kDayMs = int64_t{24} * 3600 * 1000;

// Two writers would each take the next number. The lock goes with the process, however that ends.
OwnedFd lock_directory(const std::string& state_dir) {
  const std::string path = state_dir + "/eir.lock";
  OwnedFd lock(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!lock) throw StoreError(path + ": " + std::system_category().message(errno));
  if (::flock(lock.value(), LOCK_EX | LOCK_NB) != 0) {
    throw StoreError(path + ": another process has this state directory in use");
  }
  return lock;
}

int64_t to_limit(size_t limit) { return limit > INT32_MAX ? -1 : static_cast<int64_t>(limit); }

}  // namespace

struct SqliteStore::Statements {
  explicit Statements(Sqlite& database) : db(database) {}

  Sqlite& db;
  Statement number{db, "SELECT last_number FROM journal"};
  Statement set_number{db, "UPDATE journal SET last_number = ?"};
  Statement put_consultation{db,
                             "INSERT INTO consultation (id, tenant, is_final, changed_ms, document) VALUES (?,?,?,?,?) "
                             "ON CONFLICT (id) DO UPDATE SET is_final = excluded.is_final, "
                             "changed_ms = excluded.changed_ms, document = excluded.document "
                             "WHERE tenant = excluded.tenant"};
  Statement put_participant{db,
                            "INSERT INTO participant (id, consultation, document) VALUES (?,?,?) "
                            "ON CONFLICT (id) DO UPDATE SET document = excluded.document "
                            "WHERE consultation = excluded.consultation"};
  Statement erase_participant{db, "DELETE FROM participant WHERE id = ?"};
  Statement add_usage{db,
                      "INSERT INTO usage (tenant, consultation, participant, time_ms, document) VALUES (?,?,?,?,?)"};
  Statement add_event{db,
                      "INSERT INTO event (number, tenant, consultation, time_ms, type, document) VALUES (?,?,?,?,?,?)"};
  Statement put_answer{db, "INSERT OR REPLACE INTO answer (key, time_ms, sealed) VALUES (?,?,?)"};

  Statement live_consultations{
      db, "SELECT id, tenant, changed_ms, document FROM consultation WHERE is_final = 0 ORDER BY id"};
  Statement live_participants{db,
                              "SELECT p.id, p.consultation, p.document FROM consultation c JOIN participant p "
                              "ON p.consultation = c.id WHERE c.is_final = 0 ORDER BY p.id"};
  Statement events_after{db,
                         "SELECT number, consultation, time_ms, type, document FROM event "
                         "WHERE tenant = ? AND number > ? ORDER BY number LIMIT ?"};
  Statement oldest_event{db, "SELECT number FROM event WHERE tenant = ? ORDER BY number LIMIT 1"};
  Statement consultation{db, "SELECT is_final, changed_ms, document FROM consultation WHERE id = ? AND tenant = ?"};
  Statement usage_of{db,
                     "SELECT participant, time_ms, document FROM usage WHERE tenant = ? AND consultation = ? "
                     "ORDER BY id LIMIT ?"};
  Statement answer{db, "SELECT time_ms, sealed FROM answer WHERE key = ?"};

  Statement erase_consultations{db, "DELETE FROM consultation WHERE is_final = 1 AND changed_ms < ?"};
  Statement erase_usage{db, "DELETE FROM usage WHERE time_ms < ?"};
  Statement erase_events{db, "DELETE FROM event WHERE time_ms < ?"};
  Statement erase_answers{db, "DELETE FROM answer WHERE time_ms < ?"};
};

SqliteStore::SqliteStore(const std::string& state_dir, const SqliteOptions& options)
    : lock_(lock_directory(state_dir)),
      database_(open_database(state_dir)),
      statements_(std::make_unique<Statements>(*database_)),
      audit_(*database_) {
  sqlite3_wal_autocheckpoint(database_->handle(), options.checkpoint_pages);
  last_number_ = static_cast<uint64_t>(database_->number("SELECT last_number FROM journal"));
}

SqliteStore::~SqliteStore() = default;

StoredState SqliteStore::load() {
  const Transaction snapshot(*database_, Transaction::Kind::kRead);
  StoredState state;
  state.last_number = last_number_;
  auto consultations = statements_->live_consultations.start();
  while (consultations.next()) {
    state.consultations.push_back(
        {consultations.text(0), consultations.text(1), false, consultations.number(2), consultations.text(3)});
  }
  auto participants = statements_->live_participants.start();
  while (participants.next()) {
    state.participants.push_back({participants.text(0), participants.text(1), participants.text(2)});
  }
  return state;
}

void SqliteStore::write(std::span<const Transition> transitions) {
  if (transitions.empty()) return;
  Transaction transaction(*database_, Transaction::Kind::kWrite);
  uint64_t number = 0;
  {
    auto rows = statements_->number.start();
    if (rows.next()) number = static_cast<uint64_t>(rows.number(0));
  }
  if (number != last_number_) throw StoreError(database_->path() + ": somebody else has written to it");
  for (const Transition& transition : transitions) {
    EIR_CHECK(transition.number == number + 1);
    put(transition);
    number = transition.number;
  }
  statements_->set_number.run(number);
  transaction.commit();
  last_number_ = number;
}

void SqliteStore::put(const Transition& transition) {
  if (transition.consultation) put(*transition.consultation);
  for (const ParticipantRow& row : transition.participants) put(row);
  for (const AuditRow& row : transition.audit) audit_.append(row);
  for (const UsageRow& row : transition.usage) {
    statements_->add_usage.run(row.tenant, row.consultation, row.participant, row.time_ms, row.document);
  }
  if (transition.event) {
    const EventRow& row = *transition.event;
    statements_->add_event.run(transition.number, row.tenant, row.consultation, row.time_ms, row.type, row.document);
  }
  if (transition.answer) {
    const AnswerRow& row = *transition.answer;
    statements_->put_answer.run(row.key, row.time_ms, as_bytes(row.sealed));
  }
}

void SqliteStore::put(const ConsultationRow& row) {
  const int64_t changed =
      statements_->put_consultation.run(row.id, row.tenant, int64_t{row.is_final}, row.changed_ms, row.document);
  EIR_CHECK(changed == 1);  // a consultation stays with its tenant
}

void SqliteStore::put(const ParticipantRow& row) {
  if (row.document.empty()) {
    statements_->erase_participant.run(row.id);
    return;
  }
  const int64_t changed = statements_->put_participant.run(row.id, row.consultation, row.document);
  EIR_CHECK(changed == 1);  // a participant stays in its consultation
}

std::vector<NumberedEvent> SqliteStore::events_after(std::string_view tenant, uint64_t number, size_t limit) {
  std::vector<NumberedEvent> found;
  // SQLite's integers are signed; no number comes near.
  auto rows = statements_->events_after.start(tenant, std::min<uint64_t>(number, INT64_MAX), to_limit(limit));
  while (rows.next()) {
    found.push_back({static_cast<uint64_t>(rows.number(0)),
                     {std::string(tenant), rows.text(1), rows.number(2), rows.text(3), rows.text(4)}});
  }
  return found;
}

uint64_t SqliteStore::oldest_event(std::string_view tenant) {
  auto rows = statements_->oldest_event.start(tenant);
  return rows.next() ? static_cast<uint64_t>(rows.number(0)) : 0;
}

std::optional<ConsultationRow> SqliteStore::find_consultation(std::string_view tenant, std::string_view id) {
  auto rows = statements_->consultation.start(id, tenant);
  if (!rows.next()) return std::nullopt;
  return ConsultationRow{std::string(id), std::string(tenant), rows.number(0) != 0, rows.number(1), rows.text(2)};
}

std::vector<AuditRow> SqliteStore::audit_of(std::string_view tenant, std::string_view consultation, size_t limit) {
  return audit_.of_consultation(tenant, consultation, limit);
}

std::vector<UsageRow> SqliteStore::usage_of(std::string_view tenant, std::string_view consultation, size_t limit) {
  std::vector<UsageRow> found;
  auto rows = statements_->usage_of.start(tenant, consultation, to_limit(limit));
  while (rows.next()) {
    found.push_back({std::string(tenant), std::string(consultation), rows.text(0), rows.number(1), rows.text(2)});
  }
  return found;
}

std::vector<AuditHead> SqliteStore::audit_heads() { return audit_.heads(); }

std::optional<AnswerRow> SqliteStore::find_answer(std::string_view key) {
  auto rows = statements_->answer.start(key);
  if (!rows.next()) return std::nullopt;
  return AnswerRow{std::string(key), rows.number(0), rows.text(1)};
}

void SqliteStore::erase_expired(const Retention& retention, int64_t now_ms) {
  // A transaction per class: what one of them holds up, the others do not wait for.
  const auto erase = [&](uint32_t days, const auto& erase_before) {
    if (days == 0) return;
    Transaction transaction(*database_, Transaction::Kind::kWrite);
    erase_before(now_ms - days * kDayMs);
    transaction.commit();
  };
  erase(retention.consultations_days, [this](int64_t kept) { statements_->erase_consultations.run(kept); });
  erase(retention.audit_days, [this](int64_t kept) { audit_.erase_before(kept); });
  erase(retention.usage_days, [this](int64_t kept) { statements_->erase_usage.run(kept); });
  erase(retention.events_days, [this](int64_t kept) { statements_->erase_events.run(kept); });
  erase(retention.answers_days, [this](int64_t kept) { statements_->erase_answers.run(kept); });
}

}  // namespace eir
