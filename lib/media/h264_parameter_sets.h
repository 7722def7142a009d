#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "lib/base/bytes.h"

namespace eir {

// The last SPS and PPS of one received H.264 stream, owned by its receive stream: what has to be put before an IDR that
// comes without them when a receiver is switched to this stream (many encoders send them only once). One of each is
// kept, whatever its id; senders with several at once repeat them with every IDR. Fragmented ones are not collected.
class H264ParameterSets {
 public:
  // An SPS with full VUI has about 60 bytes; longer ones are counted and not kept.
  static constexpr size_t kParameterSetBytesMax = 256;
  static constexpr size_t kStapABytesMax = 1 + 2 * (2 + kParameterSetBytesMax);

  // Every payload of the stream; a malformed one changes nothing that its sound units do not.
  void handle_payload(ByteView payload);

  bool has_both() const { return sps_.size > 0 && pps_.size > 0; }
  // The payload of the packet to send before the IDR (RFC 6184 section 5.7.1). Returns its length; 0 if one of the two
  // never came or `out` is too small.
  size_t write_stap_a(MutableBytes out) const;

  // Parameter sets that were longer than kParameterSetBytesMax.
  uint64_t too_long() const { return too_long_; }

 private:
  struct Unit {
    std::array<uint8_t, kParameterSetBytesMax> bytes{};
    size_t size = 0;
    ByteView view() const { return {bytes.data(), size}; }
  };
  void keep(ByteView nal, Unit& unit);

  Unit sps_;
  Unit pps_;
  uint64_t too_long_ = 0;
};

}  // namespace eir
