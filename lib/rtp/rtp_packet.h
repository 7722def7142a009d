#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "lib/base/bytes.h"
#include "lib/base/ids.h"
#include "lib/rtp/header_extensions.h"

namespace eir {

// What a datagram on a media port is, by its first byte (RFC 7983 section 7); RTP and RTCP share a range and are told
// apart by the second (RFC 5761 section 4). kOther is ZRTP, TURN channels, RTP or RTCP of one byte, and noise.
enum class PacketClass : uint8_t { kStun, kDtls, kRtp, kRtcp, kOther };
PacketClass classify(ByteView datagram);

// A view of one RTP packet in somebody else's bytes; it must not outlive them. parse() has checked every length, so
// nothing an accessor returns reaches outside the packet.
class RtpPacketView {
 public:
  static constexpr size_t kFixedHeaderSize = 12;

  // Nothing if the version is not 2, a length field points beyond the end, or the padding count is 0 or exceeds what
  // follows the header (RFC 3550 section 5.1, appendix A.1).
  static std::optional<RtpPacketView> parse(ByteView packet);

  bool marker() const { return (packet_[1] & 0x80) != 0; }
  uint8_t payload_type() const { return packet_[1] & 0x7f; }
  uint16_t sequence_number() const { return load_u16(&packet_[2]); }
  uint32_t timestamp() const { return load_u32(&packet_[4]); }
  Ssrc ssrc() const { return Ssrc(load_u32(&packet_[8])); }

  size_t csrc_count() const { return packet_[0] & 0x0f; }
  // `index` is below csrc_count().
  Ssrc csrc(size_t index) const { return Ssrc(load_u32(&packet_[kFixedHeaderSize + 4 * index])); }

  bool has_extension() const { return (packet_[0] & 0x10) != 0; }
  // "defined by profile" and the bytes after the length; 0 and empty if there is no extension.
  uint16_t extension_profile() const { return extension_profile_; }
  ByteView extension_block() const { return packet_.subspan(header_size_ - extension_size_, extension_size_); }

  ByteView payload() const { return packet_.subspan(header_size_, packet_.size() - header_size_ - padding_size_); }
  size_t padding_size() const { return padding_size_; }
  // Fixed header, CSRCs and extension.
  size_t header_size() const { return header_size_; }
  // Padding without media: probes, and what fills sequence gaps. An empty payload without padding is not meant.
  bool is_padding_only() const { return padding_size_ > 0 && payload().empty(); }
  ByteView bytes() const { return packet_; }

 private:
  explicit RtpPacketView(ByteView packet) : packet_(packet) {}

  ByteView packet_;
  size_t header_size_ = kFixedHeaderSize;
  size_t extension_size_ = 0;
  size_t padding_size_ = 0;
  uint16_t extension_profile_ = 0;
};

// The fields of a header that is written afresh, once per receiver per packet.
struct RtpHeader {
  bool marker = false;
  uint8_t payload_type = 0;
  uint16_t sequence_number = 0;
  uint32_t timestamp = 0;
  Ssrc ssrc{};
  Ssrc csrc{};           // 0: no CSRC
  bool padding = false;  // the caller ends the packet with padding whose last byte is its count
};

// Of the second byte; the others are the payload type (RFC 3550 section 5.1).
inline constexpr uint8_t kRtpMarkerBit = 0x80;

// The most that write_rtp_header can need before the extension block.
inline constexpr size_t kRtpHeaderSizeMax = RtpPacketView::kFixedHeaderSize + 4;

// Writes a whole header at the start of `out` and returns its size, a multiple of 4; 0 if it does not fit. `offsets`
// (may be null) tells where in `out` the fields stand that only the moment of sending knows.
size_t write_rtp_header(MutableBytes out, const RtpHeader& header, const HeaderExtensions& extensions,
                        const ExtensionMap& map, ExtensionOffsets* offsets = nullptr);

}  // namespace eir
