#include "bench/scenario.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <stdexcept>

namespace eir::bench {
namespace {

// Eight packets a frame, each with a full body.
constexpr int64_t kVideoBitsPerSecond = int64_t{30} * 8 * kBodyBytesMax * 8;
constexpr Duration kConnectDeadline = 10s;
constexpr Duration kJoinTurn = 2ms;

double to_fraction_ms(Duration d) { return static_cast<double>(d.count()) / 1e6; }

Percentiles percentiles_of(std::vector<Duration> values) {
  if (values.empty()) return {};
  std::ranges::sort(values);
  const auto at = [&values](double p) {
    const auto rank = static_cast<size_t>(std::ceil(p * static_cast<double>(values.size())));
    return to_fraction_ms(values[std::max<size_t>(rank, 1) - 1]);
  };
  return {at(0.5), at(0.95), at(0.99), at(1.0)};
}

Counters difference(const Counters& after, const Counters& before) {
  Counters out;
  for (const auto& [name, value] : after) {
    const auto earlier = before.find(name);
    out[name] = name.ends_with("_total") && earlier != before.end() ? value - earlier->second : value;
  }
  return out;
}

}  // namespace

Scenario::Scenario(Host& host, const ScenarioOptions& options)
    : host_(host),
      options_(options),
      certificate_(DtlsCertificate::generate(std::time(nullptr))),
      dtls_(certificate_, std::array{options.srtp_profile}),
      loop_(dtls_) {}

Scenario::~Scenario() = default;

ClientOptions Scenario::client_options(const Seat& seat) {
  const bool publishes = seat.part != Part::kWatches;
  const bool subscribes = seat.part != Part::kPublishes;
  ClientOptions out;
  // Servers with one-way connections answer actpass as they like; this client is the DTLS client always.
  out.offers_dtls_active = host_.is_one_way();
  out.tag = static_cast<uint32_t>(loop_.size() + 1);
  out.name = "bench-" + std::to_string(out.tag);
  const bool is_first_subscriber = subscribes && loop_.size() <= options_.publishers;
  out.decrypt_one_in = is_first_subscriber ? 1 : options_.check_one_in;
  if (publishes) {
    out.audio.emplace_back();
    VideoTrackOptions& video = out.video.emplace_back();
    video.constant_size = true;
    video.key_frame_factor = 1;
    EncodingOptions& encoding = video.encodings.front();
    encoding.width = 1280;
    encoding.height = 720;
    encoding.bitrate = DataRate::bps(kVideoBitsPerSecond);
  }
  if (subscribes) out.audio_slots = out.video_slots = options_.publishers - (seat.person < options_.publishers ? 1 : 0);
  return out;
}

void Scenario::join() {
  resident_before_ = resident_bytes_of(host_.processes());
  for (size_t room = 0; room < options_.rooms; ++room) join_room(room);
  const Timestamp end = now() + options_.warm_up;
  std::fprintf(stderr, "%s: %zu clients joined, warming up\n", host_.name().c_str(), loop_.size());
  run_with_progress(end);
}

void Scenario::join_room(size_t room) {
  const bool all_watch = options_.subscribers == 0;
  const Part first = all_watch && !host_.is_one_way() ? Part::kBoth : Part::kPublishes;
  for (size_t i = 0; i < options_.publishers; ++i) join_one({room, i, first});
  const size_t begin = all_watch ? 0 : options_.publishers;
  const size_t watchers = !all_watch ? options_.subscribers : (host_.is_one_way() ? options_.publishers : 0);
  for (size_t i = 0; i < watchers; ++i) join_one({room, begin + i, Part::kWatches});
}

// Where the server offers, its offer is what the time runs from.
size_t Scenario::negotiate(const Seat& seat, Session& session) {
  const std::string offer = session.take_offer();
  ClientOptions options = client_options(seat);
  if (!offer.empty()) options.audio_slots = options.video_slots = 0;
  const size_t index = loop_.add(std::move(options));
  Client& client = loop_.client(index);
  JoinTimes& times = loop_.times(index);
  times.offered = now();
  if (offer.empty()) {
    const std::string answer = session.exchange(client.write_offer());
    times.answered = now();
    if (!client.handle_answer(times.answered, answer)) throw std::runtime_error("the answer is not usable");
  } else {
    const auto answer = client.handle_offer(times.offered, offer);
    if (!answer) throw std::runtime_error("the server's offer is not usable");
    session.give_answer(*answer);
    times.answered = now();
  }
  loop_.settle(index);
  return index;
}

void Scenario::join_one(const Seat& seat) {
  sessions_.push_back(host_.join(seat));
  const size_t index = negotiate(seat, *sessions_.back());
  const Timestamp end = now() + kConnectDeadline;
  while (!loop_.client(index).is_connected()) {
    if (now() > end) throw std::runtime_error("client " + std::to_string(index) + " does not connect");
    loop_.run_until(now() + kJoinTurn);
  }
  host_.poll();
}

void Scenario::run_with_progress(Timestamp until) {
  while (now() < until) {
    const Totals before = totals();
    loop_.run_until(std::min(until, now() + 1s));
    host_.poll();
    const Totals after = totals();
    std::fprintf(stderr, "%s: %llu packets/s received, %llu missing so far, %.0f s left    \r", host_.name().c_str(),
                 static_cast<unsigned long long>(after.received - before.received),
                 static_cast<unsigned long long>(after.missing), std::max(0.0, to_seconds(until - now())));
  }
  std::fprintf(stderr, "\n");
}

Scenario::Totals Scenario::totals() {
  Totals out;
  for (size_t i = 0; i < loop_.size(); ++i) {
    for (const auto& sender : loop_.client(i).senders()) {
      for (const MediaEncoding& encoding : sender->encodings()) out.sent += encoding.stats().packets;
    }
    for (const auto& receiver : loop_.client(i).receivers()) {
      const ReceiverStats& stats = receiver->stats();
      out.received += stats.packets;
      out.missing += stats.lost + receiver->missing();
      out.duplicates += stats.duplicates;
      out.verified += stats.verified;
      out.corrupt += stats.corrupt + stats.unprotect_failed;
    }
  }
  return out;
}

CpuTime Scenario::workers_cpu() const { return cpu_time_of(host_.workers()); }

ScenarioFigures Scenario::measure() {
  const Counters counters = host_.counters();
  const Totals before = totals();
  const CpuTime workers = workers_cpu();
  const CpuTime server = cpu_time_of(host_.processes());
  const CpuTime own = own_cpu_time();
  const Timestamp begun = now();
  run_with_progress(begun + options_.duration);
  ScenarioFigures out;
  out.seconds = to_seconds(now() - begun);
  out.workers = workers_cpu() - workers;
  out.server = cpu_time_of(host_.processes()) - server;
  out.resident_before = resident_before_;
  out.resident_after = resident_bytes_of(host_.processes());
  out.own = own_cpu_time() - own;
  const Totals after = totals();
  out.watchers = options_.rooms * (options_.subscribers == 0 ? options_.publishers : options_.subscribers);
  out.host = host_.name();
  out.clients = loop_.size();
  for (size_t i = 0; i < loop_.size(); ++i) out.connected += loop_.client(i).is_connected() ? 1 : 0;
  out.sent = after.sent - before.sent;
  out.forwarded = after.received - before.received;
  out.missing = after.missing - std::min(after.missing, before.missing);
  out.duplicates = after.duplicates - before.duplicates;
  out.verified = after.verified - before.verified;
  out.corrupt = after.corrupt - before.corrupt;
  out.counters = difference(host_.counters(), counters);
  if (const auto profile = loop_.client(0).transport().srtp_profile()) out.srtp_profile = srtp_profile_name(*profile);
  fill_latency(out);
  fill_join(out);
  return out;
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

void Scenario::fill_join(ScenarioFigures& figures) {
  std::map<std::string, std::vector<Duration>> steps;
  for (size_t i = 0; i < loop_.size(); ++i) {
    const JoinTimes& times = loop_.times(i);
    const auto note = [&](const char* step, Timestamp at) {
      if (at != kNever) steps[step].push_back(at - times.offered);
    };
    note("1 answer", times.answered);
    note("2 ice", times.path_selected);
    note("3 dtls", times.connected);
    Timestamp packet = kNever;
    Timestamp decodable = kNever;
    for (const auto& receiver : loop_.client(i).receivers()) {
      packet = std::min(packet, receiver->stats().first_packet);
      if (receiver->kind() == MediaKind::kVideo) decodable = std::min(decodable, receiver->stats().first_decodable);
    }
    // Who joined an empty room waited for the others, not for the server.
    if (i % (options_.publishers + options_.subscribers) < 1) continue;
    note("4 first packet", packet);
    note("5 first key frame", decodable);
  }
  for (auto& [step, values] : steps) figures.join[step] = percentiles_of(std::move(values));
}

}  // namespace eir::bench
