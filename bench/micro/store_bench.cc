// What a transition costs on disk, one at a time and in groups. The figures are those of the directory's disk:
// TMPDIR, or the usual one for temporary files.

#include <benchmark/benchmark.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "server/store/sqlite_store.h"

namespace eir {
namespace {

Transition transition_of(uint64_t number) {
  const std::string id = "c_" + std::to_string(number % 200);
  const auto time = static_cast<int64_t>(1'700'000'000'000 + number);
  Transition t;
  t.number = number;
  t.consultation = ConsultationRow{id, "demo", false, time, std::string(1500, 'c')};
  t.participants = {{"p_" + std::to_string(number % 1000), id, std::string(400, 'p')}};
  t.participants[0].consultation = "c_" + std::to_string(number % 1000 % 200);
  t.audit = {{"demo", id, time, std::string(200, 'a')}};
  if (number % 4 == 0) t.usage = {{"demo", id, "p_1", time, std::string(150, 'u')}};
  t.event = EventRow{"demo", id, time, "changed", std::string(200, 'e')};
  return t;
}

void write_groups(benchmark::State& state) {
  std::string pattern = std::filesystem::temp_directory_path().string() + "/eir-bench-XXXXXX";
  if (::mkdtemp(pattern.data()) == nullptr) return state.SkipWithError("no directory");
  {
    SqliteStore store(pattern);
    uint64_t number = 0;
    for (auto _ : state) {
      std::vector<Transition> group;
      for (int64_t i = 0; i < state.range(0); ++i) group.push_back(transition_of(++number));
      store.write(group);
    }
    state.SetItemsProcessed(static_cast<int64_t>(number));
  }
  std::filesystem::remove_all(pattern);
}

// Items are transitions; CPU is that of the whole process, real time has the disk in it.
BENCHMARK(write_groups)->Arg(1)->Arg(8)->Arg(64)->Arg(256)->MeasureProcessCPUTime()->UseRealTime();

}  // namespace
}  // namespace eir

BENCHMARK_MAIN();
