#include "lib/rtp/rtx.h"

namespace eir {

//  0                   1                   2                   3
//  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1    RFC 4588 section 4
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |                         RTP Header                            |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |            OSN                |                               |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+                               |
// |                  Original RTP Packet Payload                  |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
std::optional<RtxPayload> parse_rtx(const RtpPacketView& packet) {
  const ByteView payload = packet.payload();
  if (payload.size() < kRtxHeaderSize) return std::nullopt;
  return RtxPayload{load_u16(payload.data()), payload.subspan(kRtxHeaderSize)};
}

size_t write_rtx(MutableBytes out, uint16_t original_sequence_number) {
  if (out.size() < kRtxHeaderSize) return 0;
  store_u16(out.data(), original_sequence_number);
  return kRtxHeaderSize;
}

}  // namespace eir
