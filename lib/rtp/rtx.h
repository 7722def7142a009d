#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "lib/base/bytes.h"
#include "lib/rtp/rtp_packet.h"

namespace eir {

// The original sequence number that stands before a retransmitted payload (RFC 4588 section 4).
inline constexpr size_t kRtxHeaderSize = 2;

struct RtxPayload {
  uint16_t original_sequence_number = 0;
  ByteView payload;  // of the original packet; may be empty
};

// Nothing if the packet is too short to be a retransmission. Senders also probe with RTX packets of nothing but
// padding: those have no original and yield nothing too; ask is_padding_only() to tell them apart.
std::optional<RtxPayload> parse_rtx(const RtpPacketView& packet);

// Writes the original sequence number at the start of `out`, which follows the RTP header; returns kRtxHeaderSize, or 0
// if it does not fit.
size_t write_rtx(MutableBytes out, uint16_t original_sequence_number);

}  // namespace eir
