// covers: lib/media/nack_tracker.cc
// Arrivals, losses and jumps as the input says, over virtual time, against a model that keeps a plain map: the same
// numbers are asked for at the same times, none before its time for reordering, none twice within a round trip.
#include "lib/media/nack_tracker.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "lib/base/bytes.h"
#include "lib/base/check.h"

namespace {

using namespace eir;

class Model {
 public:
  void handle_packet(Timestamp now, int64_t sequence) {
    if (newest_ && sequence <= *newest_) {
      recovered += missing.erase(sequence);
      return;
    }
    if (newest_) lose(now, *newest_ + 1, sequence);
    newest_ = sequence;
  }

  std::vector<uint16_t> collect(Timestamp now, Duration rtt, size_t most) {
    std::vector<uint16_t> asked;
    std::erase_if(missing, [&](const auto& each) {
      return each.second.tries == NackTracker::kTriesMax || now - each.second.since >= NackTracker::kAgeMax;
    });
    for (auto& [sequence, lost] : missing) {
      if (asked.size() == most) break;
      if (now < lost.ask_at) continue;
      asked.push_back(static_cast<uint16_t>(sequence));
      lost.ask_at = now + std::max<Duration>(rtt + NackTracker::kRepeatMargin, NackTracker::kRepeatMin);
      ++lost.tries;
    }
    return asked;
  }

  Timestamp next_ask() const {
    Timestamp next = kNever;
    for (const auto& [sequence, lost] : missing) next = std::min(next, lost.ask_at);
    return next;
  }

  struct Lost {
    Timestamp since;
    Timestamp ask_at;
    int tries = 0;
  };
  std::map<int64_t, Lost> missing;
  uint64_t recovered = 0;

 private:
  void lose(Timestamp now, int64_t first, int64_t end) {
    const int64_t gap = end - first;
    if (gap > NackTracker::kGapMax) return missing.clear();
    if (missing.size() + static_cast<size_t>(gap) > NackTracker::kMissingMax) {
      missing.clear();
      first = std::max(first, end - static_cast<int64_t>(NackTracker::kMissingMax));
    }
    for (; first < end; ++first) missing[first] = {now, now + NackTracker::kReorderTime, 0};
  }

  std::optional<int64_t> newest_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  ByteReader input({data, size});
  NackTracker tracker;
  Model model;
  Timestamp now;
  int64_t newest = 1 << 17;
  const auto arrive = [&](int64_t sequence) {
    tracker.handle_packet(now, sequence);
    model.handle_packet(now, sequence);
  };
  while (input.remaining() >= 2) {
    const uint8_t verb = input.u8();
    const uint8_t value = input.u8();
    now += std::chrono::milliseconds(verb >> 3);
    switch (verb & 7) {
      case 0:
        arrive(newest += value * value / 8);
        break;
      case 1:
        arrive(newest - value);
        break;
      case 2:
      case 3: {
        std::array<uint16_t, 64> out{};
        const std::span<uint16_t> room = std::span(out).first((verb & 7) == 2 ? 64 : 1 + value % 8);
        const auto rtt = std::chrono::milliseconds(value);
        // Asking early is allowed, and gives up nothing.
        const bool is_due = now >= tracker.next_timeout();
        const size_t count = tracker.collect(now, rtt, room);
        const std::vector<uint16_t> expected = is_due ? model.collect(now, rtt, room.size()) : std::vector<uint16_t>{};
        EIR_CHECK(std::equal(expected.begin(), expected.end(), out.begin(), out.begin() + static_cast<int>(count)));
        break;
      }
      case 4:
        arrive(newest += 1 + value % 8);
        break;
      default:
        arrive(++newest);
        break;
    }
    EIR_CHECK(tracker.missing() == model.missing.size() && tracker.missing() <= NackTracker::kMissingMax);
    EIR_CHECK(tracker.counters().recovered == model.recovered);
    EIR_CHECK(tracker.next_timeout() <= model.next_ask());
    EIR_CHECK(tracker.missing() > 0 || tracker.next_timeout() == kNever);
  }
  return 0;
}
