#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "lib/base/bytes.h"
#include "lib/base/ids.h"
#include "lib/base/units.h"
#include "lib/rtp/rtcp_common.h"

// Generic NACK and PLI (RFC 4585), FIR (RFC 5104), REMB (draft-alvestrand-rmcat-remb-03). A parse() that returns
// nothing met a packet of another kind or a malformed one. A write_x() returns false, and writes nothing, if it does
// not fit.

namespace eir {

// One packet identifier and the sixteen after it.
struct NackItem {
  uint16_t packet_id = 0;
  uint16_t bitmask = 0;  // bit i (from the lowest): packet_id + i + 1 is lost too
  bool operator==(const NackItem&) const = default;

  static constexpr size_t kWireSize = 4;
  static NackItem load(const uint8_t* at) { return {load_u16(at), load_u16(at + 2)}; }
};

struct Nack {
  FeedbackSsrcs ssrcs;
  RtcpList<NackItem>
      items;  // at least one; each names up to 17 packets, so a datagram up to some 6,000: limit the work
  static std::optional<Nack> parse(const RtcpBlock& block);

  // Calls f(uint16_t) with each sequence number, in the order of the message.
  template <class F>
  void for_each(F&& f) const {
    for (const NackItem item : items) {
      f(item.packet_id);
      for (unsigned i = 0; i < 16; ++i) {
        if ((item.bitmask >> i & 1) != 0) f(static_cast<uint16_t>(item.packet_id + i + 1));
      }
    }
  }
};

// Writes one message that names as many of the sequence numbers (ascending, wrap included) as fit, and returns how
// many: the caller goes on with the rest in its next datagram. 0, and nothing written, if not one fits.
[[nodiscard]] size_t write_nack(ByteWriter& writer, FeedbackSsrcs ssrcs, std::span<const uint16_t> sequence_numbers);

struct Pli {
  FeedbackSsrcs ssrcs;
  static std::optional<Pli> parse(const RtcpBlock& block);
};
[[nodiscard]] bool write_pli(ByteWriter& writer, FeedbackSsrcs ssrcs);

struct FirEntry {
  Ssrc media{};
  uint8_t sequence_number = 0;  // a repeated number is a repeated request, not a new one
  bool operator==(const FirEntry&) const = default;

  static constexpr size_t kWireSize = 8;
  static FirEntry load(const uint8_t* at) { return {Ssrc(load_u32(at)), at[4]}; }
};

struct Fir {
  Ssrc sender{};
  RtcpList<FirEntry> entries;  // at least one
  static std::optional<Fir> parse(const RtcpBlock& block);
};
[[nodiscard]] bool write_fir(ByteWriter& writer, Ssrc sender, std::span<const FirEntry> entries);

struct Remb {
  Ssrc sender{};
  DataRate bitrate{};
  RtcpList<Ssrc> sources;
  static std::optional<Remb> parse(const RtcpBlock& block);
};
// The rate is rounded down to 18 significant bits.
[[nodiscard]] bool write_remb(ByteWriter& writer, Ssrc sender, DataRate bitrate, std::span<const Ssrc> sources);

}  // namespace eir
