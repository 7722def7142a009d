#include "lib/rtp/rtp_packet.h"

#include "lib/base/check.h"

namespace eir {
namespace {

constexpr uint8_t kVersionBits = 0xc0;
constexpr uint8_t kVersion2 = 0x80;
constexpr uint8_t kPaddingBit = 0x20;
constexpr uint8_t kExtensionBit = 0x10;
constexpr size_t kExtensionHeaderSize = 4;

}  // namespace

PacketClass classify(ByteView datagram) {
  if (datagram.empty()) return PacketClass::kOther;
  const uint8_t first = datagram[0];
  if (first <= 3) return PacketClass::kStun;
  if (first >= 20 && first <= 63) return PacketClass::kDtls;
  if (first < 128 || first > 191 || datagram.size() < 2) return PacketClass::kOther;
  const uint8_t second = datagram[1];
  return second >= 192 && second <= 223 ? PacketClass::kRtcp : PacketClass::kRtp;
}

//  0                   1                   2                   3
//  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1    RFC 3550 section 5.1
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |V=2|P|X|  CC   |M|     PT      |       sequence number         |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |                           timestamp                           |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |           synchronization source (SSRC) identifier            |
// +=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+
// |            contributing source (CSRC) identifiers (CC)        |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |      defined by profile       |   length in 32-bit words      |    if X: section 5.3.1
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |                        header extension                       |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |         payload         |   if P: padding, its count in the last byte
std::optional<RtpPacketView> RtpPacketView::parse(ByteView packet) {
  if (packet.size() < kFixedHeaderSize || (packet[0] & kVersionBits) != kVersion2) return std::nullopt;
  RtpPacketView view(packet);
  view.header_size_ += 4 * view.csrc_count();
  if (view.has_extension()) {
    if (packet.size() < view.header_size_ + kExtensionHeaderSize) return std::nullopt;
    view.extension_profile_ = load_u16(&packet[view.header_size_]);
    view.extension_size_ = size_t{4} * load_u16(&packet[view.header_size_ + 2]);
    view.header_size_ += kExtensionHeaderSize + view.extension_size_;
  }
  if (packet.size() < view.header_size_) return std::nullopt;
  if ((packet[0] & kPaddingBit) != 0) {
    view.padding_size_ = packet.back();
    if (view.padding_size_ == 0 || view.padding_size_ > packet.size() - view.header_size_) return std::nullopt;
  }
  return view;
}

size_t write_rtp_header(MutableBytes out, const RtpHeader& header, const HeaderExtensions& extensions,
                        const ExtensionMap& map, ExtensionOffsets* offsets) {
  EIR_DCHECK(header.payload_type < 0x80);
  const bool has_csrc = header.csrc != Ssrc{};
  const size_t base_size = RtpPacketView::kFixedHeaderSize + (has_csrc ? 4 : 0);
  if (out.size() < base_size) return 0;
  ExtensionOffsets placed;
  const size_t extension_size = write_header_extensions(out.subspan(base_size), extensions, map, &placed);
  if (extension_size == 0 && header_extensions_size(extensions, map) != 0) return 0;

  out[0] = static_cast<uint8_t>(kVersion2 | (header.padding ? kPaddingBit : 0) |
                                (extension_size != 0 ? kExtensionBit : 0) | (has_csrc ? 1 : 0));
  out[1] = static_cast<uint8_t>((header.marker ? kRtpMarkerBit : 0) | (header.payload_type & 0x7f));
  store_u16(&out[2], header.sequence_number);
  store_u32(&out[4], header.timestamp);
  store_u32(&out[8], header.ssrc.value);
  if (has_csrc) store_u32(&out[RtpPacketView::kFixedHeaderSize], header.csrc.value);
  if (offsets != nullptr) {
    const auto shift = [base_size](uint16_t offset) {
      return offset == 0 ? uint16_t{0} : static_cast<uint16_t>(offset + base_size);
    };
    *offsets = {.transport_sequence = shift(placed.transport_sequence), .abs_send_time = shift(placed.abs_send_time)};
  }
  return base_size + extension_size;
}

}  // namespace eir
