#pragma once

#include <cstdint>
#include <deque>
#include <span>

#include "lib/base/time.h"

namespace eir {

// What a worker may be used for before nobody new is let in to it; 0: no limit.
struct LoadLimits {
  uint32_t cpu_percent = 0;  // of the worker's core
  uint32_t egress_mbit = 0;  // of all workers of the node together: they share its line
};

// One worker's own figures: counters since it began, read at `at` on its own clock, so that a control that is late with
// its mail does not take it for load.
struct LoadReport {
  Timestamp at;
  double cpu_seconds = 0;
  double bytes_out = 0;
};

// How busy one media worker is, from its reports, and how busy it is about to be: who was let in just now costs nothing
// yet, so what is let in is counted with an estimate that fades as the reports begin to show it. Owned by Workers.
class WorkerLoad {
 public:
  // Long enough to be no single key frame, short enough that a full worker is seen before it is harmed.
  static constexpr Duration kWindow = 3s;
  // A new worker may report twice within moments of its start, which are all work and no load.
  static constexpr Duration kSpanMin = 500ms;
  // By then what was expected has faded to 1/e: as long as a join takes, and kWindow to show.
  static constexpr Duration kFading = 5s;
  // In per cent of a core, roughly: a consultation of three at 1 Mbit/s each takes 1.
  static constexpr double kRoomCost = 0.4;
  static constexpr double kPersonCost = 0.2;

  // Reports each second. One whose counters fell is of a new worker.
  void handle_report(const LoadReport& report);
  void expect(Timestamp now, double cpu_percent);
  void reset() { *this = WorkerLoad(); }

  // As measured, over the window; 0 before two reports that are kSpanMin apart.
  double cpu_percent() const;
  double egress_mbit() const;
  // With what is expected of who was let in just now.
  double expected_cpu_percent(Timestamp now) const { return cpu_percent() + faded(now); }

 private:
  double faded(Timestamp now) const;
  double rate(double LoadReport::*counter) const;

  std::deque<LoadReport> reports_;  // of the window, the oldest first
  double expected_ = 0;             // at expected_at_
  Timestamp expected_at_;
};

// A worker that could take a room.
struct RoomPlace {
  uint32_t worker = 0;
  double cpu_percent = 0;  // expected
  uint32_t rooms = 0;
};
// Loads that are no further apart count as alike: what reports say wavers by some per cent.
inline constexpr double kAlikePercent = 5;
// The one for the next room: the least loaded, among those alike the one with the fewest rooms, then the first; nullptr
// for none at all.
const RoomPlace* emptiest(std::span<const RoomPlace> places);

}  // namespace eir
