#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "lib/base/bytes.h"
#include "lib/base/check.h"
#include "lib/base/time.h"

namespace eir {

// The RTP header extensions that Eir understands. Others are not forwarded: their ids mean nothing to the receiver.
enum class ExtensionKind : uint8_t {
  kMid,                    // urn:ietf:params:rtp-hdrext:sdes:mid (RFC 9143)
  kRid,                    // urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id (RFC 8852)
  kRepairedRid,            // urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id (RFC 8852)
  kAudioLevel,             // urn:ietf:params:rtp-hdrext:ssrc-audio-level (RFC 6464)
  kTransportSequence,      // draft-holmer-rmcat-transport-wide-cc-extensions-01
  kAbsSendTime,            // http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time
  kAbsCaptureTime,         // http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time
  kVideoOrientation,       // urn:3gpp:video-orientation (3GPP TS 26.114)
  kPlayoutDelay,           // http://www.webrtc.org/experiments/rtp-hdrext/playout-delay
  kVideoContentType,       // http://www.webrtc.org/experiments/rtp-hdrext/video-content-type
  kDependencyDescriptor,   // AV1 RTP payload format, appendix A
  kVideoLayersAllocation,  // http://www.webrtc.org/experiments/rtp-hdrext/video-layers-allocation00
};
inline constexpr size_t kExtensionKinds = 12;

// The URI as it stands in a=extmap.
std::string_view extension_uri(ExtensionKind kind);
std::optional<ExtensionKind> extension_from_uri(std::string_view uri);

// Which id means which extension on one m-line (RFC 8285). A small table, not a map: read once per packet.
class ExtensionMap {
 public:
  static constexpr unsigned kIdMax = 255;  // ids above 14, and values of 0 or more than 16 bytes, need two-byte headers

  // False, and nothing changed, if the id is 0 or 15 (reserved in the one-byte form), if it already means something
  // else, or if the extension already has another id.
  bool add(uint8_t id, ExtensionKind kind);
  std::optional<ExtensionKind> kind(uint8_t id) const;
  // 0 if not negotiated.
  uint8_t id(ExtensionKind kind) const { return ids_[static_cast<size_t>(kind)]; }
  bool has(ExtensionKind kind) const { return id(kind) != 0; }

  // a=extmap-allow-mixed was negotiated: two-byte headers may stand beside one-byte ones within a stream (RFC 8285
  // section 6). Without it a packet that would need two-byte headers leaves the long extension out.
  bool allow_mixed = false;

  bool operator==(const ExtensionMap&) const = default;

 private:
  std::array<uint8_t, kExtensionKinds> ids_{};
};

// A mid or rid as it travels in a packet: at most 16 characters (RFC 8852 section 3.1 asks for short ones).
struct ShortText {
  static constexpr size_t kMax = 16;
  std::array<char, kMax> chars{};
  uint8_t size = 0;

  // Empty if the text is longer than kMax.
  static ShortText of(std::string_view text);
  std::string_view view() const { return {chars.data(), size}; }
  bool empty() const { return size == 0; }
  bool operator==(const ShortText& other) const { return view() == other.view(); }
};

struct AudioLevel {
  bool voice = false;
  uint8_t level = 127;  // −dBov: 0 is loudest, 127 silence
  bool operator==(const AudioLevel&) const = default;
};

struct AbsCaptureTime {
  uint64_t ntp = 0;                     // of the capturer's clock
  std::optional<int64_t> clock_offset;  // of that clock against the sender's, Q32.32 seconds
  bool operator==(const AbsCaptureTime&) const = default;
};

// What a packet's header extensions say, independent of ids and of the one- or two-byte form: parsed once when the
// packet comes in, written afresh in each receiver's layout. The two views point into the packet that was parsed.
struct HeaderExtensions {
  ShortText mid;
  ShortText rid;
  ShortText repaired_rid;
  std::optional<AudioLevel> audio_level;
  std::optional<uint16_t> transport_sequence;
  std::optional<uint32_t> abs_send_time;  // 24 bits, 6.18 fixed-point seconds
  std::optional<AbsCaptureTime> abs_capture_time;
  std::optional<uint8_t> video_orientation;
  std::optional<uint32_t> playout_delay;  // 24 bits as on the wire
  std::optional<uint8_t> video_content_type;
  ByteView dependency_descriptor;
  ByteView video_layers_allocation;
};

// "defined by profile" values that announce the two forms (RFC 8285 sections 4.2 and 4.3).
inline constexpr uint16_t kOneByteProfile = 0xbede;
inline constexpr uint16_t kTwoByteProfile = 0x1000;  // the lower four bits are "appbits" and ignored

// Reads the extension block of an RTP packet into `out`, which the caller has emptied. Ids that `map` does not know,
// and values of a size that their extension cannot have, are skipped; a block of another profile holds nothing for us.
// False if an element reaches beyond the block: what stood before it is in `out`. Of repeated elements the last counts.
bool parse_header_extensions(uint16_t profile, ByteView block, const ExtensionMap& map, HeaderExtensions& out);

// Where in the written bytes those values stand that are known only when the packet leaves; 0: not written. A sender
// reserves the place by giving any value, such as 0.
struct ExtensionOffsets {
  uint16_t transport_sequence = 0;
  uint16_t abs_send_time = 0;
};

// Bytes that write_header_extensions needs, profile and length included: a multiple of 4, 0 if there is nothing to
// write.
size_t header_extensions_size(const HeaderExtensions& extensions, const ExtensionMap& map);

// Writes profile, length and all extensions that have both a value and an id; returns the number of bytes, 0 if there
// is nothing to write or it does not fit. One-byte form if that can hold them all; else two-byte form if the map allows
// mixing; else one-byte form without those that it cannot hold. Offsets (may be null) count from the start of `out`.
size_t write_header_extensions(MutableBytes out, const HeaderExtensions& extensions, const ExtensionMap& map,
                               ExtensionOffsets* offsets = nullptr);

// Fill in at the time of release what write_header_extensions left a place for; nothing if it was not written.
inline void patch_transport_sequence(MutableBytes packet, ExtensionOffsets offsets, uint16_t value) {
  EIR_DCHECK(offsets.transport_sequence + size_t{2} <= packet.size());
  if (offsets.transport_sequence != 0) store_u16(&packet[offsets.transport_sequence], value);
}
inline void patch_abs_send_time(MutableBytes packet, ExtensionOffsets offsets, uint32_t value) {
  EIR_DCHECK(offsets.abs_send_time + size_t{3} <= packet.size());
  if (offsets.abs_send_time != 0) store_u24(&packet[offsets.abs_send_time], value);
}

// Eir's clock as abs-send-time: seconds in 6.18 fixed point, wraps every 64 s.
constexpr uint32_t to_abs_send_time(Timestamp t) {
  constexpr int64_t kWrapNs = 64'000'000'000;
  return static_cast<uint32_t>(((t.time_since_epoch().count() % kWrapNs) << 18) / 1'000'000'000);
}

}  // namespace eir
