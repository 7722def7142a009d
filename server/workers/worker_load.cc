#include "server/workers/worker_load.h"

#include <algorithm>
#include <cmath>

namespace eir {

void WorkerLoad::handle_report(const LoadReport& report) {
  if (!reports_.empty()) {
    const LoadReport& last = reports_.back();
    const bool is_same =
        report.at > last.at && report.cpu_seconds >= last.cpu_seconds && report.bytes_out >= last.bytes_out;
    if (!is_same) reports_.clear();
  }
  reports_.push_back(report);
  // Two always stay, however far apart.
  while (reports_.size() > 2 && report.at - reports_.front().at > kWindow) reports_.pop_front();
}

void WorkerLoad::expect(Timestamp now, double cpu_percent) {
  expected_ = faded(now) + cpu_percent;
  expected_at_ = now;
}

double WorkerLoad::cpu_percent() const { return 100 * rate(&LoadReport::cpu_seconds); }

double WorkerLoad::egress_mbit() const { return 8 * rate(&LoadReport::bytes_out) / 1e6; }

double WorkerLoad::faded(Timestamp now) const {
  return expected_ * std::exp(-to_seconds(std::max<Duration>(now - expected_at_, 0s)) / to_seconds(kFading));
}

double WorkerLoad::rate(double LoadReport::*counter) const {
  if (reports_.empty()) return 0;
  const LoadReport& first = reports_.front();
  const LoadReport& last = reports_.back();
  if (last.at - first.at < kSpanMin) return 0;
  return (last.*counter - first.*counter) / to_seconds(last.at - first.at);
}

const RoomPlace* emptiest(std::span<const RoomPlace> places) {
  if (places.empty()) return nullptr;
  const auto least = std::min_element(places.begin(), places.end(), [](const RoomPlace& a, const RoomPlace& b) {
    return a.cpu_percent < b.cpu_percent;
  });
  const RoomPlace* best = nullptr;
  for (const RoomPlace& place : places) {
    if (place.cpu_percent > least->cpu_percent + kAlikePercent) continue;
    if (best == nullptr || place.rooms < best->rooms) best = &place;
  }
  return best;
}

}  // namespace eir
