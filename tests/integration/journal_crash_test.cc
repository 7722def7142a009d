// A process that writes the journal dies at every step of its file access; the next one must find exactly the
// transitions up to some number, none that was acknowledged missing, no half one present.

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>

#include "lib/base/check.h"
#include "lib/base/random.h"
#include "server/store/journal.h"
#include "server/store/schema.h"
#include "server/store/sqlite_store.h"
#include "tests/integration/crashing_vfs.h"

namespace eir {
namespace {

constexpr uint64_t kDefaultSeed = 4711;
// Of these commits some bring the log into the file, after which it is begun anew, and some do not: a commit whose log
// is brought in at once is synced on that way too.
constexpr SqliteOptions kOptions{.checkpoint_pages = 40};
// How many transitions go into each write, in each of two lives of the process.
const std::vector<std::vector<uint64_t>> kLives = {{1, 3, 1, 2, 1}, {2, 1, 4, 1}};
constexpr uint64_t kLast = 16;  // the sum of them

uint64_t seed() {
  const char* text = std::getenv("EIR_CRASH_SEED");
  return text == nullptr ? kDefaultSeed : std::strtoull(text, nullptr, 10);
}

std::string document_of(uint64_t number, std::string_view kind, size_t size) {
  std::string text = "{\"" + std::string(kind) + "\":" + std::to_string(number) + ",\"fill\":\"";
  text.append(size, static_cast<char>('a' + number % 26));
  return text + "\"}";
}

// The same for the same number: four consultations of two tenants are changed, closed and opened again; participants
// come and are forgotten; documents are shorter and longer than a page.
Transition transition_of(uint64_t number) {
  SeededRandom random(number);
  const std::string id = "c_" + std::to_string(number % 4);
  const std::string tenant = number % 2 == 0 ? "demo" : "clinic";
  const auto time = static_cast<int64_t>(1000 + number);
  Transition t;
  t.number = number;
  t.consultation = {id, tenant, number % 5 == 0, time,
                    document_of(number, "state", random.below(number % 4 == 0 ? 6000 : 600))};
  t.participants = {{"p_" + std::to_string(number), id, document_of(number, "person", random.below(300))}};
  if (number > 4) t.participants.push_back({"p_" + std::to_string(number - 4), id, ""});
  for (uint64_t i = 0; i <= number % 3; ++i) t.audit.push_back({tenant, id, time, document_of(number, "act", i * 50)});
  if (number % 2 == 0) t.usage = {{tenant, id, "p_" + std::to_string(number), time, document_of(number, "use", 9)}};
  if (number % 3 != 0) t.event = EventRow{tenant, id, time, "changed", document_of(number, "event", 99)};
  if (number % 4 == 0) t.answer = AnswerRow{"key" + std::to_string(number), time, document_of(number, "answer", 800)};
  return t;
}

// What must be loaded after the first transitions.
struct Model {
  std::map<std::string, ConsultationRow> consultations;
  std::map<std::string, ParticipantRow> participants;

  explicit Model(uint64_t last) {
    for (uint64_t n = 1; n <= last; ++n) add(transition_of(n));
  }
  void add(const Transition& t) {
    consultations[t.consultation->id] = *t.consultation;
    for (const auto& row : t.participants) {
      if (row.document.empty()) {
        participants.erase(row.id);
      } else {
        participants[row.id] = row;
      }
    }
  }
};

template <class Rows>
std::string joined(const Rows& rows) {
  std::string text;
  for (const auto& row : rows) text += row.document + "\n";
  return text;
}

void expect_rows_of_consultation(SqliteStore& store, uint64_t last, const std::string& id, const std::string& tenant) {
  std::vector<AuditRow> audit;
  std::vector<UsageRow> usage;
  for (uint64_t n = 1; n <= last; ++n) {
    const Transition t = transition_of(n);
    if (t.consultation->id != id) continue;
    audit.insert(audit.end(), t.audit.begin(), t.audit.end());
    usage.insert(usage.end(), t.usage.begin(), t.usage.end());
  }
  EXPECT_EQ(joined(store.audit_of(tenant, id, 1000)), joined(audit));
  EXPECT_EQ(joined(store.usage_of(tenant, id, 1000)), joined(usage));
}

void expect_state(SqliteStore& store, uint64_t last) {
  const Model model(last);
  const StoredState state = store.load();
  std::string live, loaded;
  for (const auto& [id, row] : model.consultations) {
    if (!row.is_final) live += id + row.document + "\n";
    const auto found = store.find_consultation(row.tenant, id);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->document, row.document);
    EXPECT_EQ(found->is_final, row.is_final);
    expect_rows_of_consultation(store, last, id, row.tenant);
  }
  for (const auto& row : state.consultations) loaded += row.id + row.document + "\n";
  EXPECT_EQ(loaded, live);
  std::string persons, loaded_persons;
  for (const auto& [id, row] : model.participants) {
    if (!model.consultations.at(row.consultation).is_final) persons += id + row.document + "\n";
  }
  for (const auto& row : state.participants) loaded_persons += row.id + row.document + "\n";
  EXPECT_EQ(loaded_persons, persons);
  for (uint64_t n = 1; n <= kLast; ++n) {
    const Transition t = transition_of(n);
    if (!t.answer) continue;
    const auto found = store.find_answer(t.answer->key);
    EXPECT_EQ(found ? found->sealed : "", n <= last ? t.answer->sealed : "") << n;
  }
  std::string events, found_events;
  for (const std::string tenant : {"clinic", "demo"}) {
    for (uint64_t n = 1; n <= last; ++n) {
      const Transition t = transition_of(n);
      if (t.event && t.event->tenant == tenant) events += std::to_string(n) + t.event->document;
    }
    for (const auto& event : store.events_after(tenant, 0, 1000)) {
      found_events += std::to_string(event.number) + event.event.document;
    }
  }
  EXPECT_EQ(found_events, events);
}

void expect_whole_database(const std::string& folder) {
  const auto database = open_database_to_read(folder);
  EXPECT_EQ(database->text("PRAGMA integrity_check"), "ok");
  EXPECT_EQ(database->number("SELECT count(*) FROM pragma_foreign_key_check"), 0);
  AuditTrail trail(*database);
  for (const std::string& tenant : trail.tenants()) EXPECT_FALSE(trail.verify(tenant, std::nullopt).finding);
}

// Numbers from the process that will die.
class Pipe {
 public:
  Pipe() { EIR_CHECK(::pipe(ends_.data()) == 0); }
  ~Pipe() {
    ::close(ends_[0]);
    close_write();
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;

  void send(uint64_t number) { EIR_CHECK(::write(ends_[1], &number, sizeof number) == sizeof number); }
  void close_write() {
    if (ends_[1] >= 0) ::close(ends_[1]);
    ends_[1] = -1;
  }
  // 0 when nothing came.
  uint64_t last() {
    uint64_t last = 0, number = 0;
    while (::read(ends_[0], &number, sizeof number) == sizeof number) last = number;
    return last;
  }

 private:
  std::array<int, 2> ends_{-1, -1};
};

void write_lives(const std::string& folder, Pipe& acknowledged) {
  uint64_t number = 0;
  for (const auto& groups : kLives) {
    SqliteStore store(folder, kOptions);
    for (const uint64_t size : groups) {
      std::vector<Transition> group;
      for (uint64_t i = 0; i < size; ++i) group.push_back(transition_of(++number));
      store.write(group);
      acknowledged.send(number);
    }
  }
}

// All at once through the journal: it makes the groups.
void write_by_journal(const std::string& folder, Pipe& acknowledged) {
  boost::asio::io_context io;
  const auto guard = boost::asio::make_work_guard(io);
  Journal journal(io.get_executor(), std::make_unique<SqliteStore>(folder, kOptions));
  journal.on_durable = [&](uint64_t number) { acknowledged.send(number); };
  for (uint64_t n = 1; n <= kLast; ++n) {
    journal.submit(transition_of(n));
    if (n % 3 == 0) io.run_one();
  }
  while (journal.durable_number() < kLast) io.run_one();
}

struct Trial {
  bool has_ended = false;  // by itself, before its step came
  uint64_t acknowledged = 0;
  uint64_t steps = 0;  // of one that has ended
};

using Writer = void (*)(const std::string& folder, Pipe& acknowledged);

Trial run_and_crash(const std::string& folder, const CrashPlan& plan, Writer writer) {
  Pipe acknowledged, steps;
  const pid_t child = ::fork();
  EIR_CHECK(child >= 0);
  if (child == 0) {
    install_crashing_vfs(plan);
    try {
      writer(folder, acknowledged);
    } catch (const StoreError& error) {
      std::fprintf(stderr, "%s\n", error.what());
      ::_exit(1);
    }
    steps.send(crashing_vfs_steps());
    ::_exit(0);
  }
  acknowledged.close_write();
  steps.close_write();
  int status = 0;
  EIR_CHECK(::waitpid(child, &status, 0) == child);
  EXPECT_TRUE((WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) || (WIFEXITED(status) && WEXITSTATUS(status) == 0));
  return {WIFEXITED(status), acknowledged.last(), steps.last()};
}

// The number after the write that follows the acknowledged one.
uint64_t next_boundary(uint64_t acknowledged) {
  uint64_t number = 0;
  for (const auto& groups : kLives) {
    for (const uint64_t size : groups) {
      number += size;
      if (number > acknowledged) return number;
    }
  }
  return kLast;
}

class JournalCrash : public testing::Test {
 protected:
  JournalCrash() {
    // In memory where that is possible: the next process syncs really, and what is lost is computed.
    const bool has_memory = ::access("/dev/shm", W_OK) == 0;
    std::string pattern = (has_memory ? "/dev/shm/" : testing::TempDir()) + "eir-crash-XXXXXX";
    EIR_CHECK(::mkdtemp(pattern.data()) != nullptr);
    folder_ = pattern;
    std::printf("seed %llu (EIR_CRASH_SEED)\n", static_cast<unsigned long long>(seed()));
  }
  ~JournalCrash() override { std::filesystem::remove_all(folder_); }

  void clear() const {
    for (const auto& entry : std::filesystem::directory_iterator(folder_)) std::filesystem::remove(entry.path());
  }

  // The number that the next process found.
  uint64_t expect_good(const Trial& trial, uint64_t highest) const {
    uint64_t last = 0;
    {
      SqliteStore store(folder_);
      last = store.last_number();
      EXPECT_GE(last, trial.acknowledged);
      EXPECT_LE(last, highest);
      expect_state(store, last);
      if (last < kLast) {
        const Transition next = transition_of(last + 1);
        store.write({&next, 1});
        expect_state(store, last + 1);
      }
    }
    expect_whole_database(folder_);
    return last;
  }

  void die_at_every_step(CrashLoss loss) {
    for (uint64_t step = 1;; ++step) {
      clear();
      const Trial trial = run_and_crash(folder_, {step, loss, seed()}, write_lives);
      SCOPED_TRACE("step " + std::to_string(step) + ", acknowledged " + std::to_string(trial.acknowledged));
      const uint64_t boundary = next_boundary(trial.acknowledged);
      const uint64_t last = expect_good(trial, boundary);
      EXPECT_TRUE(last == trial.acknowledged || last == boundary) << last;  // a group is whole or not there
      if (HasFailure()) return;
      if (!trial.has_ended) continue;
      std::printf("%llu steps\n", static_cast<unsigned long long>(step - 1));
      EXPECT_EQ(trial.steps, step - 1);
      EXPECT_EQ(trial.acknowledged, kLast);
      EXPECT_GT(step, 300u);  // the writes, syncs and locks of 9 commits, their checkpoints and two closings
      return;
    }
  }

  std::string folder_;
};

TEST_F(JournalCrash, KilledAtEveryStepAndWithinEveryWriteLosesNothingAcknowledged) {
  die_at_every_step(CrashLoss::kTornWrite);
}

TEST_F(JournalCrash, PowerLostAtEveryStepLosesNothingAcknowledged) { die_at_every_step(CrashLoss::kUnsynced); }

TEST_F(JournalCrash, PowerLostWithSomeSectorsWrittenLosesNothingAcknowledged) {
  die_at_every_step(CrashLoss::kSomeUnsynced);
}

TEST_F(JournalCrash, AJournalThatDiesAnywhereLosesNothingAcknowledged) {
  SeededRandom random(seed());
  const Trial whole = run_and_crash(folder_, {}, write_by_journal);
  ASSERT_EQ(whole.acknowledged, kLast);
  for (int i = 0; i < 100; ++i) {
    clear();
    const uint64_t step = 1 + random.below(whole.steps);
    const auto loss = static_cast<CrashLoss>(random.below(3));
    const Trial trial = run_and_crash(folder_, {step, loss, seed() + static_cast<uint64_t>(i)}, write_by_journal);
    SCOPED_TRACE("step " + std::to_string(step) + ", loss " + std::to_string(static_cast<int>(loss)));
    expect_good(trial, kLast);
    if (HasFailure()) return;
  }
}

}  // namespace
}  // namespace eir
