#include <algorithm>
#include <cstdio>
#include <thread>
#include <utility>

#include "bench/scenario.h"

// The measuring half of a scenario; the people are in scenario.cc.
namespace eir::bench {
namespace {

Counters difference(const Counters& after, const Counters& before) {
  Counters out;
  for (const auto& [name, value] : after) {
    const auto earlier = before.find(name);
    out[name] = name.ends_with("_total") && earlier != before.end() ? value - earlier->second : value;
  }
  return out;
}

uint64_t less(uint64_t after, uint64_t before) { return after - std::min(after, before); }

}  // namespace

Scenario::Totals Scenario::totals() {
  Totals out;
  for (size_t i = 0; i < loop_.size(); ++i) {
    for (const auto& sender : loop_.client(i).senders()) {
      for (const MediaEncoding& encoding : sender->encodings()) out.sent += encoding.stats().packets;
    }
    for (const auto& receiver : loop_.client(i).receivers()) {
      const ReceiverStats& stats = receiver->stats();
      out.received += stats.packets;
      out.bytes += stats.bytes;
      out.missing += stats.lost + receiver->missing();
      out.recovered += stats.recovered;
      out.duplicates += stats.duplicates;
      out.verified += stats.verified;
      out.corrupt += stats.corrupt + stats.unprotect_failed;
    }
  }
  return out;
}

ScenarioFigures Scenario::measure() {
  const Counters counters = host_.counters();
  static_cast<void>(loop_.take_lateness());
  const Totals before = totals();
  const uint64_t own_overflows = loop_.overflows();
  const uint64_t all_overflows = udp_overflows();
  const uint64_t line_drops = loop_.dropped_by_lines();
  const CpuTime workers = cpu_time_of(host_.workers());
  const CpuTime server = cpu_time_of(host_.processes());
  const CpuTime own = own_cpu_time();
  const Duration busy = busy_time();
  measured_from_ = now();
  for (const PeopleSpec& kind : spec_.people) {
    if (kind.storm_after_s > 0) storms_.push_back(&kind);
  }
  if (spec_.churn.per_minute > 0) next_churn_ = measured_from_;
  phase_ = "measuring";
  phase_end_ = measured_from_ + std::chrono::seconds(spec_.seconds);
  run_until(phase_end_);
  next_churn_ = kNever;

  ScenarioFigures out;
  out.seconds = to_seconds(now() - measured_from_);
  out.workers = cpu_time_of(host_.workers()) - workers;
  out.worker_count = host_.workers().size();
  out.server = cpu_time_of(host_.processes()) - server;
  out.own = own_cpu_time() - own;
  out.others = std::max(Duration{}, busy_time() - busy - out.server.total() - out.own.total());
  const DurationHistogram late = loop_.take_lateness();
  out.own_lateness = {to_fraction_ms(late.percentile(0.5)), to_fraction_ms(late.percentile(0.95)),
                      to_fraction_ms(late.percentile(0.99)), to_fraction_ms(late.max())};
  const Totals after = totals();
  out.sent = after.sent - before.sent;
  out.forwarded = after.received - before.received;
  out.bytes = after.bytes - before.bytes;
  out.missing = less(after.missing, before.missing);
  out.recovered = after.recovered - before.recovered;
  out.duplicates = after.duplicates - before.duplicates;
  out.verified = after.verified - before.verified;
  out.corrupt = after.corrupt - before.corrupt;
  out.own_overflows = loop_.overflows() - own_overflows;
  out.host_overflows = less(udp_overflows() - all_overflows, out.own_overflows);
  out.line_drops = loop_.dropped_by_lines() - line_drops;
  out.resident_before = resident_before_;
  out.resident_after = resident_bytes_of(host_.processes());
  out.counters = difference(host_.counters(), counters);
  fill_people(out);
  fill_latency(out);
  fill_join(out);
  std::fprintf(stderr, "\n");
  return out;
}

void Scenario::fill_people(ScenarioFigures& figures) {
  figures.host = host_.name();
  figures.rooms = spec_.rooms;
  figures.clients = connections_wanted_;
  figures.refusals = refusals_;
  figures.samples = samples_;
  figures.measured_from_s = to_seconds(measured_from_ - started_);
  for (const auto& person : people_) {
    const Client& client = loop_.client(person->client);
    if (person->state == State::kIn && client.is_connected()) {
      ++figures.connected;
      if (!client.receivers().empty()) ++figures.watchers;
    }
    figures.came += person->is_late ? 1 : 0;
    figures.went += person->state == State::kLeft ? 1 : 0;
    const auto profile = client.transport().srtp_profile();
    if (profile && figures.srtp_profile.empty()) figures.srtp_profile = srtp_profile_name(*profile);
  }
  figures.cores = std::thread::hardware_concurrency();
  figures.receive_buffer = loop_.receive_buffer();
}

// Of sound: its packets leave alone, so that capture to arrival is the way itself and this program's own lateness.
void Scenario::fill_latency(ScenarioFigures& figures) {
  DurationHistogram all;
  for (size_t i = 0; i < loop_.size(); ++i) {
    for (const auto& receiver : loop_.client(i).receivers()) {
      if (receiver->kind() == MediaKind::kAudio) all.merge(receiver->stats().latency);
    }
  }
  figures.audio_latency = {to_fraction_ms(all.percentile(0.5)), to_fraction_ms(all.percentile(0.95)),
                           to_fraction_ms(all.percentile(0.99)), to_fraction_ms(all.max())};
}

// Of those who came while it was measured, if anybody did: they are what the scenario is about.
void Scenario::fill_join(ScenarioFigures& figures) {
  std::map<std::string, std::vector<Duration>> steps;
  for (const auto& person : people_) {
    if (figures.came > 0 && !person->is_late) continue;
    const JoinTimes& times = loop_.times(person->client);
    const auto note = [&](const char* step, Timestamp at) {
      if (at != kNever && times.offered != kNever) steps[step].push_back(at - times.offered);
    };
    ++figures.joins_measured;
    note("1 invitation taken", times.entered);
    note("2 signalling", times.welcomed);
    note("3 answer", times.answered);
    note("4 ICE", times.path_selected);
    note("5 DTLS", times.connected);
    // Who joined an empty room waited for the others, not for the server.
    if (!person->meets_media) continue;
    Timestamp audio = kNever;
    Timestamp video = kNever;
    Timestamp decodable = kNever;
    for (const auto& receiver : loop_.client(person->client).receivers()) {
      const ReceiverStats& stats = receiver->stats();
      Timestamp& first = receiver->kind() == MediaKind::kAudio ? audio : video;
      first = std::min(first, stats.first_packet);
      if (receiver->kind() == MediaKind::kVideo) decodable = std::min(decodable, stats.first_decodable);
    }
    note("6 first sound", audio);
    note("7 first picture packet", video);
    note("8 first decodable picture", decodable);
  }
  for (auto& [step, values] : steps) figures.join[step] = percentiles_of(std::move(values));
}

}  // namespace eir::bench
