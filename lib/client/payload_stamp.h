#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "lib/base/bytes.h"
#include "lib/base/time.h"

namespace eir {

// What the body of every packet that lib/client publishes says, so that a receiver knows where each packet comes from,
// how old it is, and that not one byte of it changed on the way. All numbers in network order:
//
//    0                   1                   2                   3
//    0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |                          sender tag                           |
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   | m-line index  |encoding index |          packet index         |
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |     packets of the frame      |     bytes from here on: size   |
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |                         frame number                          |
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |            capture time, nanoseconds of Eir's clock           |
//   |                                                               |
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |              CRC-32 (ISO 3309) of what stands above           |
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |  filling: a fixed pseudo-random text, from a place that the CRC gives …
//
// "size" is the size of the whole body.
struct PayloadStamp {
  uint32_t tag = 0;
  uint8_t media_index = 0;
  uint8_t encoding = 0;
  uint16_t packet_index = 0;
  uint16_t packet_count = 0;
  uint32_t frame = 0;
  Timestamp capture;
  bool operator==(const PayloadStamp&) const = default;
};

inline constexpr size_t kPayloadStampBytes = 28;
// More than any datagram holds.
inline constexpr size_t kStampedBytesMax = 1500;

// Fills all of `out`, which has kPayloadStampBytes to kStampedBytesMax bytes.
void write_stamped(MutableBytes out, const PayloadStamp& stamp);
// nullopt if any byte is not what write_stamped() wrote.
std::optional<PayloadStamp> read_stamped(ByteView body);

}  // namespace eir
