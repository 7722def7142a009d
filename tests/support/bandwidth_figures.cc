#include "tests/support/bandwidth_figures.h"

#include <algorithm>
#include <cstdio>
#include <vector>

namespace eir {
namespace {

constexpr double kGood = 0.85;  // of what is useful
constexpr Duration kSettled = 8s;
constexpr size_t kSecond = 10;  // samples

using Samples = std::vector<BandwidthSample>;

double percentile(std::vector<double> values, double part) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  return values[static_cast<size_t>(part * double(values.size() - 1))];
}

// Seconds from `from` until `holds` holds for `count` samples in a row; -1: it does not before `until`.
template <class Holds>
double first_time(const Samples& samples, Duration from, Duration until, size_t count, Holds holds) {
  size_t row = 0;
  for (const BandwidthSample& sample : samples) {
    if (sample.at < from || sample.at >= until) continue;
    row = holds(sample) ? row + 1 : 0;
    if (row == count) return to_seconds(sample.at - from) - double(count - 1) * 0.1;
  }
  return -1;
}

void measure_settled(const Samples& samples, BandwidthFigures& figures) {
  std::vector<double> queues;
  double estimates = 0;
  double received = 0;
  size_t good = 0;
  for (size_t i = 0; i < samples.size(); ++i) {
    const BandwidthSample& sample = samples[i];
    if (sample.at >= 1s) figures.highest = std::max(figures.highest, sample.target_kbps / sample.link_kbps);
    if (sample.at < kSettled) continue;
    queues.push_back(sample.queue_ms);
    const double ratio = sample.target_kbps / sample.useful_kbps;
    estimates += ratio;
    received += sample.received_kbps / sample.link_kbps;
    if (ratio >= kGood) ++good;
    double lowest = sample.queue_min_ms;
    for (size_t back = 1; back < kSecond && back <= i; ++back)
      lowest = std::min(lowest, samples[i - back].queue_min_ms);
    figures.standing_queue = std::max(figures.standing_queue, lowest);
  }
  const auto count = double(std::max<size_t>(queues.size(), 1));
  figures.mean_estimate = estimates / count;
  figures.good_share = double(good) / count;
  figures.mean_received = received / count;
  figures.queue_p95 = percentile(queues, 0.95);
}

}  // namespace

BandwidthFigures measure(const Samples& samples, Duration starts, bool has_dip) {
  BandwidthFigures figures;
  const auto is_good = [](const BandwidthSample& sample) { return sample.target_kbps >= kGood * sample.useful_kbps; };
  figures.reached_s = first_time(samples, starts, Duration::max(), 1, is_good);
  measure_settled(samples, figures);
  if (!has_dip) return figures;
  figures.below_after_s = first_time(samples, kDipAt, kDipEnd, kSecond, [](const BandwidthSample& sample) {
    return sample.sent_kbps <= sample.link_kbps;
  });
  double late_s = 0;
  for (const BandwidthSample& sample : samples) {
    if (sample.at >= kDipAt && sample.at < kDipEnd && sample.queue_ms > 150) late_s = to_seconds(sample.at - kDipAt);
  }
  figures.queue_after_s = late_s;
  figures.back_after_s = first_time(samples, kDipEnd, Duration::max(), 1, is_good);
  return figures;
}

BandwidthFigures measure(const BandwidthSim& sim, const BandwidthSim::Options& options, size_t index) {
  const BandwidthFlow& flow = sim.flow(index);
  BandwidthFigures figures = measure(sim.samples(index), flow.options().starts, options.line.dip_rate > DataRate());
  const BandwidthFlow::Totals& totals = flow.totals();
  figures.padding = double(totals.padding_bytes - sim.padding_at_10s(index)) /
                    double(std::max<uint64_t>(totals.sent_bytes - sim.sent_at_10s(index), 1));
  figures.audio_loss = double(totals.audio_lost) / double(std::max<uint64_t>(totals.audio_sent, 1));
  figures.audio_dropped = double(totals.audio_dropped_by_queue);
  figures.decreases = double(flow.estimator().counters().decreases);
  return figures;
}

std::vector<Judged> judge(const BandwidthLine& line, const BandwidthFigures& figures) {
  const auto is = [&](std::string_view kind) { return line.name.substr(0, kind.size()) == kind; };
  if (is("constant")) {
    return {Judged::at_most("85 % reached after s", figures.reached_s, 8),
            Judged::at_least("estimate", figures.mean_estimate, kGood),
            Judged::at_most("highest estimate to link", figures.highest, 1.05),
            Judged::at_most("standing queue ms", figures.standing_queue, 100),
            Judged::at_most("padding", figures.padding, 0.10),
            Judged::at_most("audio loss", figures.audio_loss, 0)};
  }
  if (is("dip")) {
    return {Judged::at_most("sends less than the line after s", figures.below_after_s, 1.5),
            Judged::at_most("queue 150 ms after s", figures.queue_after_s, 4),
            Judged::at_most("audio loss", figures.audio_loss, 0.01),
            Judged::at_most("back at 85 % after s", figures.back_after_s, 10)};
  }
  if (is("thin")) {
    return {Judged::at_least("estimate", figures.mean_estimate, 0.70),
            Judged::at_most("estimate at most", figures.mean_estimate, 1.05),
            Judged::at_most("standing queue ms", figures.standing_queue, 100)};
  }
  const double least = is("loss_10") ? 0.5 : is("loss") ? 0.80 : 0.70;
  return {Judged::at_least("estimate", figures.mean_estimate, least)};
}

std::string shortfalls(const std::vector<Judged>& judged) {
  std::string text;
  for (const Judged& each : judged) {
    if (each.is_met()) continue;
    if (!text.empty()) text += ", ";
    text += each.what;
    if (each.value < 0) {
      text += " never";
    } else {
      char figures[64];
      std::snprintf(figures, sizeof figures, " %.4g %c %.4g", each.value, each.larger_is_worse ? '>' : '<', each.limit);
      text += figures;
    }
  }
  return text;
}

std::string shortfalls(const BandwidthLine& line, const BandwidthFigures& figures) {
  return shortfalls(judge(line, figures));
}

BandwidthFigures run_and_measure(const BandwidthSim::Options& options, Duration length) {
  BandwidthSim sim(options);
  sim.run_until(length);
  return measure(sim, options);
}

namespace {

constexpr BandwidthLine kSharedLine{.name = "shared_1M", .rate = DataRate::kbps(1000)};
constexpr Duration kShareFrom = 20s;
constexpr Duration kShareUntil = 60s;
constexpr double kShareKbps = 500;

struct Means {
  double received_kbps = 0;
  double target_kbps = 0;
};
Means means(const Samples& samples) {
  Means sum;
  double count = 0;
  for (const BandwidthSample& sample : samples) {
    if (sample.at < kShareFrom) continue;
    sum.received_kbps += sample.received_kbps;
    sum.target_kbps += sample.target_kbps;
    count += 1;
  }
  return {sum.received_kbps / count, sum.target_kbps / count};
}

}  // namespace

BandwidthShares run_two_receivers(Duration round_trip, BandwidthSource source, uint64_t seed) {
  BandwidthSim::Options options{.line = kSharedLine, .round_trip = round_trip, .seed = seed};
  options.flows.resize(2);
  options.flows[0].source = options.flows[1].source = source;
  options.flows[1].starts = 5s;
  BandwidthSim sim(options);
  sim.run_until(kShareUntil);
  const Means first = means(sim.samples(0));
  const Means second = means(sim.samples(1));
  const BandwidthFigures figures = measure(sim, options);
  return {.first = first.received_kbps / kShareKbps,
          .second = second.received_kbps / kShareKbps,
          .first_estimate = first.target_kbps / kShareKbps,
          .second_estimate = second.target_kbps / kShareKbps,
          .audio_loss = std::max(figures.audio_loss, measure(sim, options, 1).audio_loss),
          .standing_queue = figures.standing_queue};
}

BandwidthShares run_beside_reno(Duration round_trip, BandwidthSource source, uint64_t seed) {
  BandwidthSim::Options options{.line = kSharedLine, .round_trip = round_trip, .queue = round_trip, .seed = seed};
  options.flows[0].source = source;
  options.reno_starts = 5s;
  BandwidthSim sim(options);
  sim.run_until(kShareFrom);
  const uint64_t before = sim.reno_bytes();
  sim.run_until(kShareUntil);
  const Means first = means(sim.samples(0));
  const BandwidthFigures figures = measure(sim, options);
  const double reno_kbps = double(sim.reno_bytes() - before) * 8 / 1e3 / to_seconds(kShareUntil - kShareFrom);
  return {.first = first.received_kbps / kShareKbps,
          .second = reno_kbps / kShareKbps,
          .first_estimate = first.target_kbps / kShareKbps,
          .second_estimate = 0,
          .audio_loss = figures.audio_loss,
          .standing_queue = figures.standing_queue};
}

}  // namespace eir
