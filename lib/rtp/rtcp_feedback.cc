#include "lib/rtp/rtcp_feedback.h"

#include <algorithm>
#include <limits>

namespace eir {
namespace {

constexpr size_t kSsrcsSize = 8;
constexpr uint32_t kRembName = 0x52454d42;  // "REMB"
constexpr uint32_t kRembMantissaMax = (1U << 18) - 1;
// The body before the SSRC list: the two SSRCs, the name, and count with rate.
constexpr size_t kRembFixedSize = kSsrcsSize + 8;

//  0                   1                   2                   3
//  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1    RFC 4585 section 6.1
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |V=2|P|   FMT   |       PT      |          length               |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |                  SSRC of packet sender                        |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |                  SSRC of media source                         |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// :            Feedback Control Information (FCI)                 :
FeedbackSsrcs read_ssrcs(ByteReader& reader) {
  const Ssrc sender(reader.u32());
  const Ssrc media(reader.u32());
  return {sender, media};
}

void write_ssrcs(ByteWriter& writer, FeedbackSsrcs ssrcs) {
  writer.u32(ssrcs.sender.value);
  writer.u32(ssrcs.media.value);
}

// The item that names the first number and those of the following that are within its reach; `used` says how many.
NackItem pack_item(std::span<const uint16_t> numbers, size_t& used) {
  NackItem item{.packet_id = numbers[0]};
  used = 1;
  for (; used < numbers.size(); ++used) {
    const auto distance = static_cast<uint16_t>(numbers[used] - item.packet_id);
    if (distance == 0 || distance > 16) break;
    item.bitmask = static_cast<uint16_t>(item.bitmask | 1U << (distance - 1));
  }
  return item;
}

}  // namespace

//  0                   1                   2                   3
//  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1    RFC 4585 section 6.2.1
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |            PID                |             BLP               |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
std::optional<Nack> Nack::parse(const RtcpBlock& block) {
  if (!block.is(RtcpType::kTransportFeedback, kFmtNack)) return std::nullopt;
  ByteReader reader(block.body);
  Nack nack;
  nack.ssrcs = read_ssrcs(reader);
  nack.items = RtcpList<NackItem>(reader.rest());
  if (reader.failed() || nack.items.empty()) return std::nullopt;
  return nack;
}

size_t write_nack(ByteWriter& writer, FeedbackSsrcs ssrcs, std::span<const uint16_t> sequence_numbers) {
  constexpr size_t kFixedSize = kRtcpHeaderSize + kSsrcsSize;
  constexpr size_t kItemsMax = 0xffff - kSsrcsSize / 4;
  if (writer.failed() || writer.remaining() < kFixedSize) return 0;
  const size_t room = std::min((writer.remaining() - kFixedSize) / NackItem::kWireSize, kItemsMax);

  size_t items = 0;
  size_t named = 0;
  for (size_t used = 0; items < room && named < sequence_numbers.size(); ++items, named += used) {
    pack_item(sequence_numbers.subspan(named), used);
  }
  const size_t body_size = kSsrcsSize + items * NackItem::kWireSize;
  if (items == 0 || !write_rtcp_header(writer, RtcpType::kTransportFeedback, kFmtNack, body_size)) return 0;
  write_ssrcs(writer, ssrcs);
  for (size_t at = 0, used = 0; at < named; at += used) {
    const NackItem item = pack_item(sequence_numbers.first(named).subspan(at), used);
    writer.u16(item.packet_id);
    writer.u16(item.bitmask);
  }
  return named;
}

std::optional<Pli> Pli::parse(const RtcpBlock& block) {
  if (!block.is(RtcpType::kPayloadFeedback, kFmtPli)) return std::nullopt;
  ByteReader reader(block.body);
  const Pli pli{read_ssrcs(reader)};
  if (reader.failed()) return std::nullopt;
  return pli;
}

bool write_pli(ByteWriter& writer, FeedbackSsrcs ssrcs) {
  if (!write_rtcp_header(writer, RtcpType::kPayloadFeedback, kFmtPli, kSsrcsSize)) return false;
  write_ssrcs(writer, ssrcs);
  return true;
}

//  0                   1                   2                   3
//  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1    RFC 5104 section 4.3.1.1; the media SSRC of
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+    the header means nothing
// |                              SSRC                             |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// | Seq nr.       |    Reserved                                   |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
std::optional<Fir> Fir::parse(const RtcpBlock& block) {
  if (!block.is(RtcpType::kPayloadFeedback, kFmtFir)) return std::nullopt;
  ByteReader reader(block.body);
  Fir fir;
  fir.sender = read_ssrcs(reader).sender;
  fir.entries = RtcpList<FirEntry>(reader.rest());
  if (reader.failed() || fir.entries.empty()) return std::nullopt;
  return fir;
}

bool write_fir(ByteWriter& writer, Ssrc sender, std::span<const FirEntry> entries) {
  const size_t body_size = kSsrcsSize + entries.size() * FirEntry::kWireSize;
  if (entries.empty() || !write_rtcp_header(writer, RtcpType::kPayloadFeedback, kFmtFir, body_size)) return false;
  write_ssrcs(writer, {.sender = sender, .media = Ssrc{}});
  for (const FirEntry& entry : entries) {
    writer.u32(entry.media.value);
    writer.u8(entry.sequence_number);
    writer.u24(0);
  }
  return true;
}

//  0                   1                   2                   3
//  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1    draft-alvestrand-rmcat-remb-03 section 2.2
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |  Unique identifier 'R' 'E' 'M' 'B'                            |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |  Num SSRC     | BR Exp    |  BR Mantissa                      |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |   SSRC feedback                                               |
std::optional<Remb> Remb::parse(const RtcpBlock& block) {
  if (!block.is(RtcpType::kPayloadFeedback, kFmtApplication)) return std::nullopt;
  ByteReader reader(block.body);
  Remb remb;
  remb.sender = read_ssrcs(reader).sender;
  if (reader.u32() != kRembName) return std::nullopt;
  const size_t sources = reader.u8();
  const uint32_t rate = reader.u24();
  remb.sources = RtcpList<Ssrc>(reader.bytes(4 * sources));
  if (reader.failed()) return std::nullopt;

  const uint32_t exponent = rate >> 18;
  const int64_t mantissa = rate & kRembMantissaMax;
  if (mantissa > std::numeric_limits<int64_t>::max() >> exponent) return std::nullopt;
  remb.bitrate = DataRate::bps(mantissa << exponent);
  return remb;
}

bool write_remb(ByteWriter& writer, Ssrc sender, DataRate bitrate, std::span<const Ssrc> sources) {
  const size_t body_size = kRembFixedSize + 4 * sources.size();
  if (sources.size() > 255 || bitrate.bps() < 0) return false;
  if (!write_rtcp_header(writer, RtcpType::kPayloadFeedback, kFmtApplication, body_size)) return false;
  auto mantissa = static_cast<uint64_t>(bitrate.bps());
  uint32_t exponent = 0;
  for (; mantissa > kRembMantissaMax; mantissa >>= 1) ++exponent;
  write_ssrcs(writer, {.sender = sender, .media = Ssrc{}});
  writer.u32(kRembName);
  writer.u8(static_cast<uint8_t>(sources.size()));
  writer.u24(exponent << 18 | static_cast<uint32_t>(mantissa));
  for (const Ssrc source : sources) writer.u32(source.value);
  return true;
}

}  // namespace eir
