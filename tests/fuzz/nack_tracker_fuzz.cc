// covers: lib/media/nack_tracker
// Arrivals, losses and jumps as the input says, over virtual time: the list stays within its cap, asks only for what is
// missing and never twice within a round trip.
#include "lib/media/nack_tracker.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "lib/base/bytes.h"
#include "lib/base/check.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace eir;
  ByteReader input({data, size});
  NackTracker tracker;
  Timestamp now;
  int64_t newest = 1 << 17;
  while (input.remaining() >= 2) {
    const uint8_t verb = input.u8();
    const uint8_t value = input.u8();
    now += std::chrono::milliseconds(verb >> 3);
    switch (verb & 7) {
      case 0:
        tracker.handle_packet(now, newest += value * value);
        break;
      case 1:
        tracker.handle_packet(now, newest - value);
        break;
      case 2:
      case 3: {
        std::array<uint16_t, 64> out{};
        const size_t count = tracker.collect(now, std::chrono::milliseconds(value), out);
        EIR_CHECK(count <= out.size());
        EIR_CHECK(std::adjacent_find(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(count)) ==
                  out.begin() + static_cast<std::ptrdiff_t>(count));
        EIR_CHECK(count == out.size() || tracker.next_timeout() > now);
        break;
      }
      default:
        tracker.handle_packet(now, ++newest);
        break;
    }
    EIR_CHECK(tracker.missing() <= NackTracker::kMissingMax);
    EIR_CHECK((tracker.missing() == 0) == (tracker.next_timeout() == kNever) || tracker.missing() > 0);
  }
  return 0;
}
