// link: eir_bench
#include <cstdint>
#include <string_view>

#include "bench/scenario_spec.h"
#include "lib/base/check.h"

// Whatever the text, parse_scenario returns; what it refuses has lines, keys and messages that can be printed, what it
// accepts is within its limits.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto parsed = eir::bench::parse_scenario({reinterpret_cast<const char*>(data), size}, "fuzz");
  EIR_CHECK(parsed.ok() == parsed.error_text().empty());
  for (const eir::bench::SpecError& error : parsed.errors) {
    EIR_CHECK(error.line >= 1 && !error.key.empty() && !error.message.empty());
    for (const char c : error.key) EIR_CHECK(c >= 0x20 && c < 0x7f);
  }
  if (!parsed.ok()) return 0;
  const eir::bench::ScenarioSpec& spec = parsed.spec;
  EIR_CHECK(!spec.title.empty() && spec.seconds >= 1 && spec.seconds <= 600);
  EIR_CHECK(spec.people_count() >= 1 && spec.people_count() <= eir::bench::kPeopleMax);
  for (const auto& people : spec.people) {
    EIR_CHECK(people.slots.video < 50 && people.slots.audio < 50 && people.storm_after_s < spec.seconds);
    for (const auto& video : people.video) EIR_CHECK(video.packets_per_frame >= 1 && video.packet_bytes <= 1080);
  }
  return 0;
}
