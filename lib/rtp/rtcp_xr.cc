#include "lib/rtp/rtcp_xr.h"

namespace eir {
namespace {

constexpr uint8_t kReceiverReferenceTime = 4;  // RFC 3611 section 4.4
constexpr uint8_t kDlrr = 5;                   // RFC 3611 section 4.5
constexpr size_t kSsrcAndBlockHeaderSize = 8;

// The caller has written the RTCP header, so all of this fits.
void write_block_header(ByteWriter& writer, Ssrc sender, uint8_t type, size_t contents_size) {
  writer.u32(sender.value);
  writer.u8(type);
  writer.u8(0);
  writer.u16(static_cast<uint16_t>(contents_size / 4));
}

}  // namespace

//  0                   1                   2                   3
//  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1    RFC 3611 section 2
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |V=2|P|reserved |   PT=XR=207   |             length            |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |                              SSRC                             |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |     BT=4      |   reserved    |       block length = 2        |    section 4.4
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |              NTP timestamp, most significant word             |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |             NTP timestamp, least significant word             |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |     BT=5      |   reserved    |         block length          |    section 4.5
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |                 SSRC_1 (SSRC of first receiver)               |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |                         last RR (LRR)                         |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |                   delay since last RR (DLRR)                  |
std::optional<ExtendedReport> ExtendedReport::parse(const RtcpBlock& block) {
  if (!block.is(RtcpType::kExtendedReport)) return std::nullopt;
  ByteReader reader(block.body);
  ExtendedReport report;
  report.sender = Ssrc(reader.u32());
  while (reader.remaining() > 0 && !reader.failed()) {
    const uint8_t type = reader.u8();
    reader.skip(1);
    const size_t words = reader.u16();
    const ByteView contents = reader.bytes(4 * words);
    // A reference time of another length, or a ragged end of a DLRR block, is skipped like an unknown block.
    if (type == kReceiverReferenceTime && contents.size() == 8) report.reference_time = NtpTime{load_u64(&contents[0])};
    if (type == kDlrr) report.dlrr = RtcpList<DlrrItem>(contents);
  }
  if (reader.failed()) return std::nullopt;
  return report;
}

bool write_xr_reference_time(ByteWriter& writer, Ssrc sender, NtpTime ntp) {
  if (!write_rtcp_header(writer, RtcpType::kExtendedReport, 0, kSsrcAndBlockHeaderSize + 8)) return false;
  write_block_header(writer, sender, kReceiverReferenceTime, 8);
  writer.u64(ntp.value);
  return true;
}

bool write_xr_dlrr(ByteWriter& writer, Ssrc sender, std::span<const DlrrItem> items) {
  const size_t contents_size = items.size() * DlrrItem::kWireSize;
  if (!write_rtcp_header(writer, RtcpType::kExtendedReport, 0, kSsrcAndBlockHeaderSize + contents_size)) return false;
  write_block_header(writer, sender, kDlrr, contents_size);
  for (const DlrrItem& item : items) {
    writer.u32(item.receiver.value);
    writer.u32(item.last_rr);
    writer.u32(item.delay_since_last_rr);
  }
  return true;
}

}  // namespace eir
