// Sources that come and go, losses, late packets, drops, insertions and revocations as the input says: every outgoing
// number is given to one packet only, and reverse() names just that packet or nothing.
#include "lib/media/rewrite_map.h"

#include <cstdint>
#include <unordered_map>

#include "lib/base/bytes.h"
#include "lib/base/check.h"

namespace {

struct Origin {
  uintptr_t source = 0;
  int64_t in_sequence = 0;
};

eir::ReceiveStream* source(uintptr_t n) { return reinterpret_cast<eir::ReceiveStream*>(n * 64); }

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace eir;
  ByteReader input({data, size});
  RewriteMap map(input.u8());
  std::unordered_map<int64_t, Origin> given;
  uintptr_t current = 0;
  int64_t newest = 1 << 16;
  const auto take = [&](int64_t in_sequence) {
    const auto place = map.map(source(current), in_sequence);
    if (!place) return;
    const auto [it, is_new] = given.try_emplace(place->out_sequence, Origin{current, in_sequence});
    // The same packet may be asked for twice; another one never gets its number.
    EIR_CHECK(is_new || (it->second.source == current && it->second.in_sequence == in_sequence));
    EIR_CHECK(place->out_sequence < map.next_out());
  };
  while (input.remaining() >= 2) {
    const uint8_t verb = input.u8();
    const uint8_t value = input.u8();
    if (current == 0 || verb % 16 == 0) {
      current = 1 + value % 5;
      newest += 100'000;
      Epoch epoch;
      epoch.source = source(current);
      epoch.track = TrackId(static_cast<uint32_t>(current));
      epoch.in_first = newest + 1;
      map.begin(epoch);
      continue;
    }
    switch (verb % 16) {
      case 1:
        given.try_emplace(map.insert(), Origin{});
        break;
      case 2:
        map.drop(newest += 1 + value % 3, value % 2 == 0);
        break;
      case 3:
        map.drop(newest - value % 32, false);
        break;
      case 4:
        take(newest - value);
        break;
      case 5:
        take(newest += 1 + value);
        break;
      case 6:
        map.void_source(source(1 + value % 5));
        break;
      case 7: {
        const auto place = map.reverse(map.next_out() - 1 - value);
        if (!place) break;
        const auto it = given.find(place->out_sequence);
        if (it == given.end()) break;
        EIR_CHECK(place->epoch->source == source(it->second.source) && place->in_sequence == it->second.in_sequence);
        break;
      }
      default:
        take(++newest);
        break;
    }
  }
  return 0;
}
