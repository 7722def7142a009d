#include <boost/json.hpp>

#include "bench/report.h"

namespace eir::bench {
namespace {

namespace json = boost::json;

json::object object_of(const Percentiles& p) {
  return {{"p50_ms", p.p50}, {"p95_ms", p.p95}, {"p99_ms", p.p99}, {"max_ms", p.max}};
}

json::array array_of(const SizeCounts& runs) {
  json::array out;
  for (const double count : runs) out.emplace_back(count);
  return out;
}

json::object object_of(const CpuTime& cpu) {
  return {{"user_ns", cpu.user.count()}, {"kernel_ns", cpu.system.count()}};
}

json::object object_of(const FloorFigures& floor) {
  return {{"engine", floor.engine},
          {"packets_forwarded", floor.packets_forwarded},
          {"packets_received", floor.packets_received},
          {"cpu", object_of(floor.cpu)},
          {"ns_per_packet", floor.ns_per_packet()},
          {"left_out", floor.left_out},
          {"batches", array_of(floor.batches)},
          {"runs", array_of(floor.runs)},
          {"send_calls", floor.send_calls}};
}

json::array array_of(const std::vector<Sample>& samples) {
  json::array out;
  for (const Sample& one : samples) {
    out.push_back(json::object{{"at_s", one.at_s},
                               {"connected", one.connected},
                               {"packets_per_second", one.packets_per_second},
                               {"missing", one.missing}});
  }
  return out;
}

void add_people(const ScenarioFigures& f, json::object& out) {
  json::object join;
  for (const auto& [step, values] : f.join) join[step.substr(2)] = object_of(values);
  json::object refusals;
  for (const auto& [reason, count] : f.refusals) refusals[reason] = count;
  out["rooms"] = f.rooms;
  out["clients"] = f.clients;
  out["connected"] = f.connected;
  out["came"] = f.came;
  out["went"] = f.went;
  out["refusals"] = std::move(refusals);
  out["join"] = std::move(join);
  out["joins_measured"] = f.joins_measured;
}

void add_packets(const ScenarioFigures& f, json::object& out) {
  out["seconds"] = f.seconds;
  out["published"] = f.sent;
  out["forwarded"] = f.forwarded;
  out["packets_per_second"] = f.packets_per_second();
  out["megabits_per_second"] = f.megabits_per_second();
  out["missing"] = f.missing;
  out["loss"] = f.loss();
  out["recovered"] = f.recovered;
  out["duplicates"] = f.duplicates;
  out["verified"] = f.verified;
  out["corrupt"] = f.corrupt;
  out["line_drops"] = f.line_drops;
  out["own_overflows"] = f.own_overflows;
  out["host_overflows"] = f.host_overflows;
  out["audio_latency"] = object_of(f.audio_latency);
  if (const auto delay = added_delay_of(f.counters)) {
    out["added_delay"] = json::object{{"datagrams", delay->datagrams},
                                      {"mean_ms", delay->mean_ms},
                                      {"p50_ms", delay->p50_ms},
                                      {"p99_ms", delay->p99_ms},
                                      {"p999_ms", delay->p999_ms}};
  }
  out["measured_from_s"] = f.measured_from_s;
  out["samples"] = array_of(f.samples);
}

void add_costs(const ScenarioFigures& f, json::object& out) {
  out["workers_cpu"] = object_of(f.workers);
  out["server_cpu"] = object_of(f.server);
  out["own_cpu"] = object_of(f.own);
  out["other_cpu_ns"] = f.others.count();
  out["ns_per_packet"] = f.ns_per_packet();
  out["user_ns_per_packet"] = f.per_packet(f.workers.user);
  out["kernel_ns_per_packet"] = f.per_packet(f.workers.system);
  out["own_ns_per_packet"] = f.per_packet(f.own.total());
  out["own_lateness"] = object_of(f.own_lateness);
  out["receive_buffer"] = f.receive_buffer;
  out["system_calls_per_packet"] = f.system_calls_per_packet();
  out["resident_before"] = f.resident_before;
  out["resident_after"] = f.resident_after;
  out["memory_per_client"] = f.memory_per_client();
  out["memory_per_room"] = f.memory_per_room();
  out["batches"] = array_of(batch_sizes_of(f));
  out["runs"] = array_of(run_lengths_of(f));
}

json::object object_of(const ScenarioFigures& f) {
  json::object out = {{"host", f.host}, {"srtp_profile", f.srtp_profile}};
  add_people(f, out);
  add_packets(f, out);
  add_costs(f, out);
  json::object counters;
  for (const auto& [name, value] : f.counters) counters[name] = value;
  out["counters"] = std::move(counters);
  return out;
}

json::object object_of(const Report& report) {
  json::object out = {{"scenario", report.scenario}};
  if (!report.error.empty()) out["error"] = report.error;
  if (const FloorFigures* const floor = report.floor()) out["floor"] = object_of(*floor);
  if (report.ratio_to_floor() > 0) out["ratio"] = report.ratio_to_floor();
  const ScenarioFigures* const figures = report.figures();
  if (figures == nullptr) return out;
  out["figures"] = object_of(*figures);
  json::array warnings;
  for (const std::string& one : warnings_of(*figures)) warnings.emplace_back(one);
  out["warnings"] = std::move(warnings);
  json::array repeats;
  for (const ScenarioFigures& one : report.runs) repeats.emplace_back(one.ns_per_packet());
  out["repeats_ns_per_packet"] = std::move(repeats);
  return out;
}

}  // namespace

std::string to_json(const Report& report) { return json::serialize(object_of(report)); }

std::string to_json(const Machine& machine, const std::vector<Report>& reports) {
  json::array scenarios;
  for (const Report& one : reports) scenarios.push_back(object_of(one));
  return json::serialize(json::object{{"machine",
                                       {{"cpu", machine.cpu},
                                        {"cores", machine.cores},
                                        {"kernel", machine.kernel},
                                        {"load", machine.load},
                                        {"time", machine.time}}},
                                      {"scenarios", std::move(scenarios)}});
}

}  // namespace eir::bench
