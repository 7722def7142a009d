#include "tests/support/line_rows.h"

#include <algorithm>
#include <array>
#include <map>

#include "lib/base/check.h"
#include "tests/support/line_sources.h"

namespace eir {
namespace {

constexpr Duration kLength = 60s;
constexpr Duration kEightLength = 40s;  // eight receivers cost as much as eight rooms
constexpr Duration kSettled = 8s;

constexpr size_t kIpUdpBytes = 28;

using Samples = std::vector<BandwidthSample>;

template <class Value>
double mean_after(const Samples& samples, Duration from, Value value) {
  double sum = 0;
  double count = 0;
  for (const BandwidthSample& sample : samples) {
    if (sample.at <= from) continue;
    sum += double(value(sample));
    count += 1;
  }
  return count == 0 ? 0 : sum / count;
}

// --- one receiver on a line of the table ---

BandwidthFigures measure(const LineRoom& room, const BandwidthLine& line) {
  BandwidthFigures figures = measure(room.samples(), Duration{}, line.dip_rate > DataRate());
  figures.padding = room.padding();
  figures.audio_loss = room.heard().loss();
  figures.decreases = double(room.samples().back().decreases);
  return figures;
}

LineResult run_line(const LineRow& row, const LineCase& which) {
  const BandwidthLine& line = row.line;
  LineRoom room(which.seed);
  room.publish(three_layer_source(which.source));
  room.watch(viewer_of(1), line, condition_of(line, line.rate, which.round_trip));
  room.begin();
  room.run_until(kLength);
  const BandwidthFigures figures = measure(room, line);
  LineResult result{.figures = judge(line, figures), .traces = {}};
  const auto is = [&](std::string_view kind) { return line.name.substr(0, kind.size()) == kind; };
  const auto has_picture = [](const BandwidthSample& sample) { return sample.height > 0 || sample.is_paused; };
  // These ask for the sound and the picture alone.
  if (is("loss_10") || is("thin")) result.figures.clear();
  if (is("loss_10") || is("thin")) {
    result.figures.push_back(Judged::at_least("audio frames", 1 - figures.audio_loss, 0.99));
  }
  if (is("thin")) {
    const double told = mean_after(room.samples(), kSettled, has_picture);
    result.figures.push_back(Judged::at_least("a picture or a told pause", told, 0.95));
  }
  if (is("loss_10") || is("thin")) result.figures.push_back(Judged::only("estimate", figures.mean_estimate));
  if (is("thin")) result.figures.push_back(Judged::only("standing queue ms", figures.standing_queue));
  if (!is("constant") && !is("dip")) result.figures.push_back(Judged::only("audio loss", figures.audio_loss));
  LineTrace trace{.name = "the receiver", .samples = room.samples()};
  if (is("constant")) {
    trace.estimate_floor = 0.85;
    trace.queue_limit_ms = 100;
  } else if (is("dip")) {
    trace.estimate_floor = 0.85;
    trace.queue_limit_ms = 150;
  } else if (!is("loss_10") && !is("thin")) {
    trace.estimate_floor = is("loss") ? 0.80 : 0.70;
  }
  result.traces.push_back(std::move(trace));
  return result;
}

// --- one thin line among eight ---

struct Others {
  std::vector<uint64_t> digests;
  uint64_t frames_lost = 0;
  double key_frames = 0;
  double on_top = 0;  // of the time, the least of all
  std::vector<Samples> samples;
};

Others run_eight(const LineCase& which, std::optional<DataRate> thin) {
  constexpr size_t kOthers = 7;
  constexpr DataRate kWide = DataRate::kbps(20'000);
  const LinkCondition wide{.rate = kWide, .delay = which.round_trip / 2, .queue = kBandwidthQueue};
  LineRoom room(which.seed);
  SimPerson& publisher = room.publish(three_layer_source(which.source));
  LinkCondition first = wide;
  first.rate = thin.value_or(kWide);
  const BandwidthLine line{.name = "first", .rate = *first.rate};
  room.watch(viewer_of(1), line, first);
  for (size_t i = 0; i < kOthers; ++i) room.watch(viewer_of(1), {.name = "other", .rate = kWide}, wide);
  room.begin(5s);
  room.run_until(kSettled);
  const auto key_frames = [&] { return publisher.client->senders()[1]->encodings()[2].stats().key_frames; };
  const uint64_t before = key_frames();
  room.run_until(kEightLength);
  Others others;
  others.key_frames = double(key_frames() - before);
  others.on_top = 1;
  for (size_t i = 0; i <= kOthers; ++i) others.samples.push_back(room.samples(i));
  for (size_t i = 1; i <= kOthers; ++i) {
    const ReceiverStats& stats = picture_of(room.person(i));
    others.digests.push_back(payload_digest_of(room.person(i)));
    // The last one is still under way.
    others.frames_lost += stats.frames > stats.decodable + 1 ? stats.frames - stats.decodable - 1 : 0;
    const double on_top =
        mean_after(room.samples(i), kSettled, [](const auto& sample) { return sample.height >= 720; });
    others.on_top = std::min(others.on_top, on_top);
  }
  return others;
}

LineResult run_one_of_eight(const LineRow&, const LineCase& which) {
  const Others with = run_eight(which, DataRate::kbps(200));
  const Others without = run_eight(which, std::nullopt);
  const double extra = std::max(with.key_frames - without.key_frames, 0.0) / (to_seconds(kEightLength - kSettled) / 3);
  LineResult result;
  result.figures = {Judged::at_least("others on the top layer", with.on_top, without.on_top),
                    Judged::at_most("others' frames lost", double(with.frames_lost), 0),
                    Judged::at_most("extra key frames each 3 s", extra, 1)};
  if (which.source == LineSource::kDeaf) {
    const bool is_same = with.digests == without.digests;
    result.figures.push_back(Judged::at_least("others' payloads the same", is_same ? 1 : 0, 1));
  }
  result.traces = {{.name = "the thin one", .samples = with.samples[0]},
                   {.name = "another", .samples = with.samples[1], .height_floor = 720}};
  return result;
}

// --- shared lines ---

constexpr BandwidthLine kSharedLine{.name = "shared_1M", .rate = DataRate::kbps(1000)};
constexpr double kShareKbps = 500;
constexpr Duration kShareFrom = 20s;

double target(const BandwidthSample& sample) { return sample.target_kbps; }
double received(const BandwidthSample& sample) { return sample.received_kbps; }

double standing_queue(const Samples& samples) { return measure(samples, Duration{}, false).standing_queue; }

LineResult run_two_receivers(const LineRow&, const LineCase& which) {
  LineRoom room(which.seed);
  room.publish(three_layer_source(which.source));
  room.watch(viewer_of(1), kSharedLine, condition_of(kSharedLine, kSharedLine.rate, which.round_trip));
  room.watch_beside(viewer_of(1));
  room.begin();
  room.run_until(kLength);
  LineResult result;
  const std::array<const char*, 2> names = {"first", "second"};
  const std::array<std::array<const char*, 3>, 2> figures = {
      {{"first's share", "first at most", "first received"}, {"second's share", "second at most", "second received"}}};
  for (size_t i = 0; i < 2; ++i) {
    const double share = mean_after(room.samples(i), kShareFrom, target) / kShareKbps;
    result.figures.push_back(Judged::at_least(figures[i][0], share, 0.5));
    result.figures.push_back(Judged::at_most(figures[i][1], share, 2));
    const double got = mean_after(room.samples(i), kShareFrom, received) / kShareKbps;
    result.figures.push_back(Judged::only(figures[i][2], got));
    result.traces.push_back({.name = names[i], .samples = room.samples(i), .estimate_floor = 0.25});
  }
  result.figures.push_back(Judged::only("standing queue ms", standing_queue(room.samples())));
  result.figures.push_back(Judged::only("audio loss", std::max(room.heard(0).loss(), room.heard(1).loss())));
  return result;
}

LineResult run_beside_reno(const LineRow&, const LineCase& which) {
  LineRoom room(which.seed);
  room.publish(three_layer_source(which.source));
  room.watch(viewer_of(1), kSharedLine,
             condition_of(kSharedLine, kSharedLine.rate, which.round_trip, which.round_trip));
  room.add_reno(5s);
  room.begin();
  room.run_until(kShareFrom);
  const uint64_t before = room.reno_bytes();
  room.run_until(kLength);
  const double reno_kbps = double(room.reno_bytes() - before) * 8 / 1e3 / to_seconds(kLength - kShareFrom);
  LineResult result;
  result.figures = {Judged::at_least("share", mean_after(room.samples(), kShareFrom, received) / kShareKbps, 0.25),
                    Judged::at_least("audio frames", 1 - room.heard().loss(), 0.99),
                    Judged::only("estimate", mean_after(room.samples(), kShareFrom, target) / kShareKbps),
                    Judged::only("Reno's share", reno_kbps / kShareKbps),
                    Judged::only("has a picture",
                                 mean_after(room.samples(), kShareFrom, [](const auto& s) { return s.height > 0; }))};
  result.traces = {{.name = "beside Reno", .samples = room.samples(), .estimate_floor = 0.125}};
  return result;
}

// --- profiles ---

// The wound's picture beside somebody's camera: what the line carries of it, at 10 frames/s or more.
LineResult run_wound(const LineRow& row, const LineCase& which) {
  const uint16_t carried = row.line.rate >= DataRate::kbps(1200) ? 720 : 360;
  LineRoom room(which.seed);
  SimPerson& nurse = room.publish(temporal_source(which.source));
  room.publish(temporal_source(which.source));
  SimPerson& viewer = room.watch(viewer_of(2), row.line, condition_of(row.line, row.line.rate, which.round_trip));
  EIR_CHECK(room.world().router().set_label(room.world().now(), nurse.id, "1", TrackLabel::kWound).has_value());
  EIR_CHECK(room.world().router().set_view(room.world().now(), viewer.id, wish_for(nurse, viewer)).has_value());
  room.begin();
  room.run_until(kLength);
  const Samples& samples = room.samples();
  const double on_top = mean_after(samples, kSettled, [&](const auto& sample) { return sample.height >= carried; });
  LineResult result;
  result.figures = {
      Judged::at_least("what the line carries, of the time", on_top, 0.95),
      Judged::at_least("frames/s", mean_after(samples, kSettled, [](const auto& s) { return s.frames_per_second; }),
                       10),
      Judged::only("audio loss", room.heard().loss())};
  result.traces = {{.name = "the wound", .samples = samples, .height_floor = carried}};
  return result;
}

// Somebody signs: 320 points wide at least, and moving. The line's rate is that of its IP packets.
LineResult run_sign(const LineRow& row, const LineCase& which) {
  constexpr uint16_t kLeast = 180;  // 320 × 180: QVGA of a wide picture
  LineRoom room(which.seed);
  room.publish(temporal_source(which.source), 0, true);
  LinkCondition down = condition_of(row.line, row.line.rate, which.round_trip);
  down.overhead = kIpUdpBytes;
  room.watch(viewer_of(1), row.line, down);
  room.begin();
  room.run_until(kLength);
  const Samples& samples = room.samples();
  LineResult result;
  result.figures = {
      Judged::at_least("frames/s", mean_after(samples, kSettled, [](const auto& s) { return s.frames_per_second; }),
                       20),
      Judged::at_least("QVGA, of the time",
                       mean_after(samples, kSettled, [&](const auto& s) { return s.height >= kLeast; }), 0.95),
      Judged::only("audio loss", room.heard().loss())};
  result.traces = {{.name = "who signs", .samples = samples, .height_floor = kLeast}};
  return result;
}

// --- loss of a publisher ---

LineResult run_uplink_loss(const LineRow& row, const LineCase& which) {
  std::array<Samples, 2> samples;
  for (size_t i = 0; i < 2; ++i) {
    LineRoom room(which.seed);
    room.publish(three_layer_source(which.source), i == 0 ? 0.05 : 0);
    room.watch(viewer_of(1), row.line, condition_of(row.line, row.line.rate, which.round_trip));
    room.begin();
    room.run_until(kLength);
    samples[i] = room.samples();
  }
  const double with = mean_after(samples[0], kSettled, target);
  const double without = mean_after(samples[1], kSettled, target);
  LineResult result;
  result.figures = {Judged::at_least("estimate to that without", with / without, 0.98),
                    Judged::at_most("at most", with / without, 1.02)};
  result.traces = {{.name = "with loss", .samples = samples[0]}, {.name = "without", .samples = samples[1]}};
  return result;
}

std::string_view asked_of(std::string_view line) {
  const auto is = [&](std::string_view kind) { return line.substr(0, kind.size()) == kind; };
  if (is("constant")) return "85 % within 8 s, at most 105 %, queue 100 ms, padding 10 %, all sound";
  if (is("dip")) return "below in 1.5 s, queue 150 ms in 4 s, back in 10 s, 99 % of the sound";
  if (is("loss_10")) return "99 % of the sound";
  if (is("loss")) return "80 % of the link";
  if (is("thin")) return "99 % of the sound; lowest layer or a told pause";
  return "70 % of the link";
}

std::vector<LineRow> all_rows() {
  std::vector<LineRow> rows;
  for (const BandwidthLine& line : kBandwidthLines) {
    const bool has_deaf = line.name.substr(0, 8) == "constant" || line.name.substr(0, 3) == "dip";
    rows.push_back({line.name, asked_of(line.name), run_line, line, has_deaf});
  }
  rows.push_back({"one_of_eight_200k",
                  "others: same layers, no frame lost, 1 more key frame each 3 s",
                  run_one_of_eight,
                  {},
                  true});
  rows.push_back({"two_receivers_1M", "each 0.5 to 2 of its share", run_two_receivers});
  rows.push_back({"beside_reno_1M", "0.25 of its share, the sound whole", run_beside_reno});
  constexpr std::string_view kWoundAsked = "95 % of the time what the line carries, 10 frames/s";
  rows.push_back({"wound_700k", kWoundAsked, run_wound, {.name = "700k", .rate = DataRate::kbps(700)}});
  rows.push_back({"wound_1500k", kWoundAsked, run_wound, {.name = "1500k", .rate = DataRate::kbps(1500)}});
  rows.push_back({"wound_4M", kWoundAsked, run_wound, {.name = "4M", .rate = DataRate::kbps(4000)}});
  rows.push_back({"sign_250k", "20 frames/s at QVGA or more", run_sign, {.name = "250k", .rate = DataRate::kbps(250)}});
  constexpr std::string_view kUplinkAsked = "estimates within 2 % of without";
  rows.push_back({"uplink_loss_5_1M", kUplinkAsked, run_uplink_loss, {.name = "1M", .rate = DataRate::kbps(1000)}});
  rows.push_back({"uplink_loss_5_3M", kUplinkAsked, run_uplink_loss, {.name = "3M", .rate = DataRate::kbps(3000)}});
  return rows;
}

}  // namespace

std::span<const LineRow> line_rows() {
  static const std::vector<LineRow> kRows = all_rows();
  return kRows;
}

const LineRow& line_row(std::string_view name) {
  const std::span<const LineRow> rows = line_rows();
  const auto found = std::find_if(rows.begin(), rows.end(), [&](const LineRow& row) { return row.name == name; });
  EIR_CHECK(found != rows.end());
  return *found;
}

}  // namespace eir
