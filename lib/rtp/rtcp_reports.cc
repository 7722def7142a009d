#include "lib/rtp/rtcp_reports.h"

#include <algorithm>

namespace eir {
namespace {

constexpr size_t kSenderInfoSize = 24;  // sender's SSRC included
constexpr uint8_t kSdesEnd = 0;         // RFC 3550 section 6.5
constexpr uint8_t kSdesCname = 1;       // RFC 3550 section 6.5.1

// Beyond 24 bits the count stays at its limit instead of changing its sign.
constexpr int32_t clamp_cumulative_lost(int32_t lost) { return std::clamp(lost, -0x800000, 0x7fffff); }

void write_blocks(ByteWriter& writer, std::span<const ReportBlock> blocks) {
  for (const ReportBlock& block : blocks) {
    writer.u32(block.source.value);
    writer.u8(block.fraction_lost);
    writer.u24(static_cast<uint32_t>(clamp_cumulative_lost(block.cumulative_lost)));
    writer.u32(block.extended_highest_sequence);
    writer.u32(block.jitter);
    writer.u32(block.last_sr);
    writer.u32(block.delay_since_last_sr);
  }
}

}  // namespace

// |                 SSRC_n (SSRC of n-th source)                  |    RFC 3550 section 6.4.1
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// | fraction lost |       cumulative number of packets lost       |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |           extended highest sequence number received           |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |                      interarrival jitter                      |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |                         last SR (LSR)                         |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |                   delay since last SR (DLSR)                  |
ReportBlock ReportBlock::load(const uint8_t* at) {
  const uint32_t lost = load_u24(at + 5);
  return {.source = Ssrc(load_u32(at)),
          .fraction_lost = at[4],
          // The sign of 24 bits carried into 32.
          .cumulative_lost = static_cast<int32_t>(lost << 8) >> 8,
          .extended_highest_sequence = load_u32(at + 8),
          .jitter = load_u32(at + 12),
          .last_sr = load_u32(at + 16),
          .delay_since_last_sr = load_u32(at + 20)};
}

//  0                   1                   2                   3
//  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1    RFC 3550 section 6.4.1
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |V=2|P|    RC   |   PT=SR=200   |             length            |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |                         SSRC of sender                        |
// +=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+
// |              NTP timestamp, most significant word             |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |             NTP timestamp, least significant word             |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |                         RTP timestamp                         |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |                     sender's packet count                     |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |                      sender's octet count                     |
// +=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+
// |      RC report blocks, then profile-specific extensions       |
std::optional<SenderReport> SenderReport::parse(const RtcpBlock& block) {
  if (!block.is(RtcpType::kSenderReport)) return std::nullopt;
  ByteReader reader(block.body);
  SenderReport report;
  report.info.sender = Ssrc(reader.u32());
  report.info.ntp = NtpTime{reader.u64()};
  report.info.rtp_timestamp = reader.u32();
  report.info.packet_count = reader.u32();
  report.info.octet_count = reader.u32();
  report.blocks = RtcpList<ReportBlock>(reader.bytes(block.count * ReportBlock::kWireSize));
  if (reader.failed()) return std::nullopt;
  return report;
}

//  0                   1                   2                   3
//  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1    RFC 3550 section 6.4.2
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |V=2|P|    RC   |   PT=RR=201   |             length            |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |                     SSRC of packet sender                     |
// +=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+
// |      RC report blocks, then profile-specific extensions       |
std::optional<ReceiverReport> ReceiverReport::parse(const RtcpBlock& block) {
  if (!block.is(RtcpType::kReceiverReport)) return std::nullopt;
  ByteReader reader(block.body);
  ReceiverReport report;
  report.sender = Ssrc(reader.u32());
  report.blocks = RtcpList<ReportBlock>(reader.bytes(block.count * ReportBlock::kWireSize));
  if (reader.failed()) return std::nullopt;
  return report;
}

bool write_sender_report(ByteWriter& writer, const SenderInfo& info, std::span<const ReportBlock> blocks) {
  const size_t body_size = kSenderInfoSize + blocks.size() * ReportBlock::kWireSize;
  if (!write_rtcp_header(writer, RtcpType::kSenderReport, blocks.size(), body_size)) return false;
  writer.u32(info.sender.value);
  writer.u64(info.ntp.value);
  writer.u32(info.rtp_timestamp);
  writer.u32(info.packet_count);
  writer.u32(info.octet_count);
  write_blocks(writer, blocks);
  return true;
}

bool write_receiver_report(ByteWriter& writer, Ssrc sender, std::span<const ReportBlock> blocks) {
  const size_t body_size = 4 + blocks.size() * ReportBlock::kWireSize;
  if (!write_rtcp_header(writer, RtcpType::kReceiverReport, blocks.size(), body_size)) return false;
  writer.u32(sender.value);
  write_blocks(writer, blocks);
  return true;
}

SdesReader::SdesReader(const RtcpBlock& block)
    : reader_(block.body), chunks_left_(block.is(RtcpType::kSourceDescription) ? block.count : 0) {}

//  0                   1                   2                   3
//  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1    RFC 3550 section 6.5
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |V=2|P|    SC   |  PT=SDES=202  |             length            |
// +=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+
// |                          SSRC/CSRC_1                          |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |    CNAME=1    |     length    | user and domain name        ...
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |  further items, one or more zero bytes up to the next multiple of 4
std::optional<SdesChunk> SdesReader::next() {
  if (failed_ || chunks_left_ == 0) return std::nullopt;
  --chunks_left_;
  SdesChunk chunk{.source = Ssrc(reader_.u32()), .cname = {}};
  while (!reader_.failed()) {
    const uint8_t item = reader_.u8();
    if (item == kSdesEnd) break;
    const uint8_t size = reader_.u8();
    const ByteView text = reader_.bytes(size);
    if (item == kSdesCname) chunk.cname = as_text(text);
  }
  reader_.skip((4 - reader_.position() % 4) % 4);
  failed_ = reader_.failed();
  if (failed_) return std::nullopt;
  return chunk;
}

bool write_sdes_cname(ByteWriter& writer, Ssrc source, std::string_view cname) {
  if (cname.size() > 255) return false;
  const size_t text_size = 2 + cname.size();
  const size_t padded_size = (text_size + 1 + 3) / 4 * 4;  // at least one zero ends the items
  if (!write_rtcp_header(writer, RtcpType::kSourceDescription, 1, 4 + padded_size)) return false;
  writer.u32(source.value);
  writer.u8(kSdesCname);
  writer.u8(static_cast<uint8_t>(cname.size()));
  writer.bytes(as_bytes(cname));
  writer.zeros(padded_size - text_size);
  return true;
}

//  0                   1                   2                   3
//  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1    RFC 3550 section 6.6
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |V=2|P|    SC   |   PT=BYE=203  |             length            |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |                           SC × SSRC/CSRC                      |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |     length    |               reason for leaving            ...    optional
std::optional<Bye> Bye::parse(const RtcpBlock& block) {
  if (!block.is(RtcpType::kBye)) return std::nullopt;
  ByteReader reader(block.body);
  Bye bye;
  bye.sources = RtcpList<Ssrc>(reader.bytes(size_t{4} * block.count));
  if (reader.remaining() > 0) bye.reason = as_text(reader.bytes(reader.u8()));
  if (reader.failed()) return std::nullopt;
  return bye;
}

bool write_bye(ByteWriter& writer, std::span<const Ssrc> sources) {
  if (!write_rtcp_header(writer, RtcpType::kBye, sources.size(), 4 * sources.size())) return false;
  for (const Ssrc source : sources) writer.u32(source.value);
  return true;
}

}  // namespace eir
