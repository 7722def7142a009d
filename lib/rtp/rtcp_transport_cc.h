#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "lib/base/bytes.h"
#include "lib/base/time.h"
#include "lib/rtp/rtcp_common.h"

// Transport-wide congestion control feedback, draft-holmer-rmcat-transport-wide-cc-extensions-01 section 3.1.

namespace eir {

// What the message says of one packet.
struct PacketStatus {
  uint16_t sequence_number = 0;
  bool received = false;
  Duration
      delta{};  // since the previous received packet, the first since the reference time; may be negative; 0 if lost
  bool operator==(const PacketStatus&) const = default;
};

// A parsed message. parse() has walked all of it, so for_each() always reports exactly packet_count packets.
struct TransportCc {
  static constexpr Duration kDeltaUnit = std::chrono::microseconds(250);
  static constexpr Duration kReferenceUnit = std::chrono::milliseconds(64);
  // Beyond half the circle a sequence number means nothing; also bounds what 20 bytes of run lengths can cost.
  static constexpr uint16_t kPacketsMax = 1 << 15;

  FeedbackSsrcs ssrcs;
  uint16_t base_sequence_number = 0;
  uint16_t packet_count = 0;   // 1 to kPacketsMax
  int32_t reference_time = 0;  // in kReferenceUnit, 24 bits, signed, wraps every 12.4 days
  uint8_t feedback_count = 0;  // wraps; a gap is a lost message
  ByteView chunks_and_deltas;  // checked by parse()
  ByteView deltas;

  static std::optional<TransportCc> parse(const RtcpBlock& block);

  // Calls f(const PacketStatus&) with each packet in ascending order.
  template <class F>
  void for_each(F&& f) const;
};

// Reads the statuses of a message one by one; for_each() is the way to use it.
class PacketStatusReader {
 public:
  PacketStatusReader(ByteView chunks_and_deltas, ByteView deltas) : chunks_(chunks_and_deltas), deltas_(deltas) {}

  // The symbol of the next packet: 0 lost, 1 small delta, 2 large or negative delta, 3 reserved. Once chunks_failed()
  // the value means nothing.
  unsigned next_symbol();
  Duration next_delta(unsigned symbol);

  // What follows the chunks read so far.
  ByteView after_chunks() const { return chunks_.rest(); }
  bool failed() const { return chunks_.failed() || deltas_.failed(); }

 private:
  ByteReader chunks_;
  ByteReader deltas_;
  uint32_t left_ = 0;  // symbols left in the chunk
  uint32_t symbols_ =
      0;  // of the chunk, the next one in the uppermost of `width_ * left_` bits; or the one symbol of a run
  uint32_t width_ = 0;  // bits per symbol; 0: a run
};

template <class F>
void TransportCc::for_each(F&& f) const {
  PacketStatusReader reader(chunks_and_deltas, deltas);
  for (uint32_t i = 0; i < packet_count; ++i) {
    PacketStatus status{.sequence_number = static_cast<uint16_t>(base_sequence_number + i)};
    if (const unsigned symbol = reader.next_symbol(); symbol != 0) {
      status.received = true;
      status.delta = reader.next_delta(symbol);
    }
    f(status);
  }
}

// When a packet came; kNever: it did not (yet).
struct TransportCcRecord {
  FeedbackSsrcs ssrcs;
  uint16_t base_sequence_number = 0;  // of arrivals[0]; the others follow without gap
  std::span<const Timestamp> arrivals;
  uint8_t feedback_count = 0;  // the caller adds 1 for each message
};

// No message grows beyond this, whatever the buffer: it must leave room for SRTCP and lower headers in any path's MTU.
inline constexpr size_t kTransportCcBytesMax = 1200;

// Writes one message about as many of the packets as fit it, and returns how many; the caller goes on after those with
// the next message. It ends early where a delta exceeds 16 bits (8 s), and never ends in packets that did not come:
// they may still be under way, so they are left to a later message. 0, and nothing written, if there is no room or
// nothing came.
[[nodiscard]] size_t write_transport_cc(ByteWriter& writer, const TransportCcRecord& record);

}  // namespace eir
