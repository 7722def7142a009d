#include "lib/rtp/rtcp_transport_cc.h"

namespace eir {
namespace {

enum Symbol : unsigned { kLost = 0, kSmallDelta = 1, kLargeDelta = 2, kReserved = 3 };

constexpr size_t delta_size(unsigned symbol) { return symbol; }  // one byte for a small delta, two for a large one

}  // namespace

//  0                   1
//  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+    run length, section 3.1.3: S is the symbol of all packets of the run
// |T=0| S |       Run Length        |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+    status vector, section 3.1.4: 14 symbols of one bit (S=0: 0 lost, 1 small
// |T=1|S|       symbol list         |    delta) or 7 of two (S=1)
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
unsigned PacketStatusReader::next_symbol() {
  while (left_ == 0 && !chunks_.failed()) {
    const uint32_t chunk = chunks_.u16();
    if ((chunk & 0x8000) == 0) {
      width_ = 0;
      symbols_ = chunk >> 13 & 3;
      left_ = chunk & 0x1fff;
    } else {
      width_ = (chunk & 0x4000) == 0 ? 1 : 2;
      symbols_ = chunk & 0x3fff;
      left_ = 14 / width_;
    }
  }
  if (chunks_.failed()) return kLost;
  --left_;
  if (width_ == 0) return symbols_;
  return symbols_ >> (left_ * width_) & ((1U << width_) - 1);
}

Duration PacketStatusReader::next_delta(unsigned symbol) {
  const auto ticks = symbol == kSmallDelta ? int16_t{deltas_.u8()} : static_cast<int16_t>(deltas_.u16());
  return ticks * TransportCc::kDeltaUnit;
}

//  0                   1                   2                   3
//  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1    section 3.1
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |V=2|P|  FMT=15 |    PT=205     |           length              |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |                     SSRC of packet sender                     |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |                      SSRC of media source                     |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |      base sequence number     |      packet status count      |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |                 reference time                | fb pkt. count |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |          packet chunks …, receive deltas …, zero padding      |
std::optional<TransportCc> TransportCc::parse(const RtcpBlock& block) {
  if (!block.is(RtcpType::kTransportFeedback, kFmtTransportCc)) return std::nullopt;
  ByteReader reader(block.body);
  TransportCc message;
  message.ssrcs.sender = Ssrc(reader.u32());
  message.ssrcs.media = Ssrc(reader.u32());
  message.base_sequence_number = reader.u16();
  message.packet_count = reader.u16();
  // The sign of 24 bits carried into 32.
  message.reference_time = static_cast<int32_t>(reader.u24() << 8) >> 8;
  message.feedback_count = reader.u8();
  if (reader.failed() || message.packet_count == 0 || message.packet_count > kPacketsMax) return std::nullopt;
  message.chunks_and_deltas = reader.rest();

  PacketStatusReader statuses(message.chunks_and_deltas, {});
  size_t deltas_size = 0;
  for (uint32_t i = 0; i < message.packet_count; ++i) {
    const unsigned symbol = statuses.next_symbol();
    if (symbol == kReserved || statuses.failed()) return std::nullopt;
    deltas_size += delta_size(symbol);
  }
  message.deltas = statuses.after_chunks();
  if (deltas_size > message.deltas.size()) return std::nullopt;
  return message;
}

}  // namespace eir
