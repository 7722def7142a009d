#include "bench/floor_plan.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <numeric>
#include <utility>

#include "lib/base/random.h"
#include "server/media/udp_sender.h"

namespace eir::bench {
namespace {

constexpr size_t kBatchesMin = 16;
constexpr size_t kBatchesMax = 256;
// Of a whole plan, so that a fan-out to a thousand stays a small table.
constexpr double kMessagesMax = 32768;
// What UdpSender gives to one sendmmsg().
constexpr size_t kMessagesPerCall = UdpSender::kMessages;

// Of the classes 1, 2–3, 4–7, 8–15, 16–31, 32–64.
constexpr std::array<std::pair<size_t, size_t>, kSizeClasses> kClasses = {
    {{1, 1}, {2, 3}, {4, 7}, {8, 15}, {16, 31}, {32, 64}}};

double sum_of(const SizeCounts& counts) { return std::accumulate(counts.begin(), counts.end(), 0.0); }

// `count` divided as `counts` are, by largest remainders.
std::array<size_t, std::tuple_size_v<SizeCounts>> shares_of(const SizeCounts& counts, size_t count) {
  std::array<size_t, std::tuple_size_v<SizeCounts>> out{};
  std::array<double, std::tuple_size_v<SizeCounts>> rest{};
  const double sum = sum_of(counts);
  size_t given = 0;
  for (size_t i = 0; i < out.size(); ++i) {
    const double exact = counts[i] / sum * static_cast<double>(count);
    out[i] = static_cast<size_t>(exact);
    rest[i] = exact - static_cast<double>(out[i]);
    given += out[i];
  }
  for (; given < count; ++given) {
    const auto at = static_cast<size_t>(std::ranges::max_element(rest) - rest.begin());
    ++out[at];
    rest[at] = 0;
  }
  return out;
}

// How many of `batches` batches are followed by messages, so that about `calls` calls send `messages` of them.
size_t sending_batches(size_t batches, size_t messages, double calls) {
  const auto calls_with = [messages](size_t senders) {
    return senders * ((messages + senders * kMessagesPerCall - 1) / (senders * kMessagesPerCall));
  };
  size_t best = 1;
  for (size_t senders = 2; senders <= batches; ++senders) {
    const double now = std::abs(static_cast<double>(calls_with(senders)) - calls);
    if (now <= std::abs(static_cast<double>(calls_with(best)) - calls)) best = senders;
  }
  return best;
}

// Each run, the longest first, to the batch that has most left to send.
void give_runs(const std::vector<size_t>& runs, size_t senders, std::vector<FloorPlan::Batch>& batches) {
  const auto total_out = static_cast<double>(std::accumulate(runs.begin(), runs.end(), size_t{0}));
  double total_in = 0;
  for (size_t i = 0; i < senders; ++i) total_in += static_cast<double>(batches[i].datagrams);
  std::vector<double> left;
  for (size_t i = 0; i < senders; ++i) left.push_back(total_out * static_cast<double>(batches[i].datagrams) / total_in);
  for (const size_t run : runs) {
    std::optional<size_t> best;
    std::optional<size_t> best_of_all;
    for (size_t i = 0; i < senders; ++i) {
      if (!best_of_all || left[i] > left[*best_of_all]) best_of_all = i;
      if (batches[i].datagrams >= run && left[i] > 0 && (!best || left[i] > left[*best])) best = i;
    }
    const size_t chosen = best.value_or(*best_of_all);
    left[chosen] -= static_cast<double>(run);
    batches[chosen].runs.push_back(static_cast<uint16_t>(run));
  }
}

void shuffle(std::vector<FloorPlan::Batch>& batches) {
  SeededRandom random(1);
  for (size_t i = batches.size(); i > 1; --i) std::swap(batches[i - 1], batches[random.below(i)]);
}

size_t mean(double sum, double count) { return static_cast<size_t>(std::lround(sum / count)); }

// A datagram has at least an RTP header, a tag and something between.
size_t mean_bytes(double sum, double count) { return std::max<size_t>(mean(sum, count), 64); }

}  // namespace

std::optional<RecordedShape> recorded_shape(const ScenarioFigures& figures) {
  const auto workers = static_cast<double>(std::max<size_t>(figures.worker_count, 1));
  RecordedShape out;
  out.seconds = figures.seconds * workers;
  out.destinations = std::max<size_t>(figures.watchers / std::max<size_t>(figures.worker_count, 1), 1);
  out.batches = batch_sizes_of(figures);
  out.datagrams_in = figures.counter("udp_datagrams_in_total");
  out.bytes_in = figures.counter("udp_bytes_in_total");
  out.messages = run_lengths_of(figures);
  out.datagrams_out = figures.counter("udp_datagrams_out_total");
  out.bytes_out = figures.counter("udp_bytes_out_total");
  out.send_calls = figures.counter("udp_send_calls_total");
  if (sum_of(out.batches) < 1 || sum_of(out.messages) < 1) return std::nullopt;
  return out;
}

RecordedShape fan_out_shape(size_t subscribers) {
  // Of one second. RTP, VP8 descriptor and tag of an authenticated cipher stand around 1080 and 100 bytes.
  constexpr double kSounds = 50;
  constexpr double kGroups = 60;
  constexpr double kGroupPackets = 4;
  constexpr double kSoundBytes = 141;
  constexpr double kPictureBytes = 1122;
  const auto each = static_cast<double>(subscribers);
  RecordedShape out;
  out.seconds = 1;
  out.destinations = subscribers;
  out.batches = {kSounds, 0, kGroups, 0, 0, 0};
  out.datagrams_in = kSounds + kGroups * kGroupPackets;
  out.bytes_in = kSounds * kSoundBytes + kGroups * kGroupPackets * kPictureBytes;
  out.messages = {kSounds * each, 0, kGroups * each, 0, 0, 0};
  out.datagrams_out = out.datagrams_in * each;
  out.bytes_out = out.bytes_in * each;
  out.send_calls = (kSounds + kGroups) * std::ceil(each / static_cast<double>(kMessagesPerCall));
  return out;
}

std::vector<size_t> sizes_like(const SizeCounts& counts, double total, size_t count) {
  std::vector<size_t> out;
  if (sum_of(counts) <= 0) return out;
  const auto shares = shares_of(counts, count);
  double least = 0;
  double most = 0;
  for (size_t i = 0; i < shares.size(); ++i) {
    least += static_cast<double>(shares[i] * kClasses[i].first);
    most += static_cast<double>(shares[i] * kClasses[i].second);
  }
  // How far up in its class every size lies.
  const double wanted = total / sum_of(counts) * static_cast<double>(count);
  const double height = most > least ? std::clamp((wanted - least) / (most - least), 0.0, 1.0) : 0;
  double owed = 0;
  for (size_t i = 0; i < shares.size(); ++i) {
    const auto [low, high] = kClasses[i];
    const double exact = static_cast<double>(low) + height * static_cast<double>(high - low);
    for (size_t n = 0; n < shares[i]; ++n) {
      owed += exact;
      const auto size = std::clamp(static_cast<size_t>(std::max(std::lround(owed), 0L)), low, high);
      owed -= static_cast<double>(size);
      out.push_back(size);
    }
    owed = 0;
  }
  return out;
}

FloorPlan plan_floor(const RecordedShape& shape) {
  const double batches = sum_of(shape.batches);
  const double messages_each = sum_of(shape.messages) / batches;
  const auto count =
      static_cast<size_t>(std::clamp(kMessagesMax / messages_each, double{kBatchesMin}, double{kBatchesMax}));
  FloorPlan out;
  out.interval = Duration(std::llround(shape.seconds / batches * 1e9));
  out.destinations = shape.destinations;
  out.bytes_in = mean_bytes(shape.bytes_in, shape.datagrams_in);
  out.bytes_out = mean_bytes(shape.bytes_out, shape.datagrams_out);
  for (const size_t size : sizes_like(shape.batches, shape.datagrams_in, count)) out.batches.push_back({size, {}});
  std::ranges::sort(out.batches, std::greater{}, &FloorPlan::Batch::datagrams);
  const auto messages = std::max<size_t>(mean(messages_each * static_cast<double>(count), 1), 1);
  std::vector<size_t> runs = sizes_like(shape.messages, shape.datagrams_out, messages);
  std::ranges::reverse(runs);
  const double calls = shape.send_calls / batches * static_cast<double>(count);
  give_runs(runs, sending_batches(count, messages, calls), out.batches);
  shuffle(out.batches);
  return out;
}

}  // namespace eir::bench
