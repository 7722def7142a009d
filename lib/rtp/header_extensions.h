#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "lib/base/bytes.h"

namespace eir {

// The RTP header extensions that Eir understands. Others are not forwarded: their ids mean nothing to the receiver.
enum class ExtensionKind : uint8_t {
  kMid,                   // urn:ietf:params:rtp-hdrext:sdes:mid (RFC 9143)
  kRid,                   // urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id (RFC 8852)
  kRepairedRid,           // urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id (RFC 8852)
  kAudioLevel,            // urn:ietf:params:rtp-hdrext:ssrc-audio-level (RFC 6464)
  kTransportSequence,     // draft-holmer-rmcat-transport-wide-cc-extensions-01
  kAbsSendTime,           // http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time
  kAbsCaptureTime,        // http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time
  kVideoOrientation,      // urn:3gpp:video-orientation (3GPP TS 26.114)
  kPlayoutDelay,          // http://www.webrtc.org/experiments/rtp-hdrext/playout-delay
  kVideoContentType,      // http://www.webrtc.org/experiments/rtp-hdrext/video-content-type
  kDependencyDescriptor,  // AV1 RTP payload format, appendix A
  kVideoLayersAllocation, // http://www.webrtc.org/experiments/rtp-hdrext/video-layers-allocation00
};
inline constexpr size_t kExtensionKinds = 12;

// The URI as it stands in a=extmap.
std::string_view extension_uri(ExtensionKind kind);
std::optional<ExtensionKind> extension_from_uri(std::string_view uri);

// Which id means which extension on one m-line (RFC 8285). A small table, not a map: read once per packet.
class ExtensionMap {
 public:
  static constexpr unsigned kIdMax = 255;  // ids above 14, and values of 0 or more than 16 bytes, need two-byte headers

  // False if the id is 0, above kIdMax or 15 (reserved in the one-byte form), or already means something else.
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
  uint64_t ntp = 0;                          // of the capturer's clock
  std::optional<int64_t> clock_offset;       // of that clock against the sender's, Q32.32 seconds
  bool operator==(const AbsCaptureTime&) const = default;
};

// What a packet's header extensions say, independent of ids and of the one- or two-byte form: parsed once when the packet
// comes in, written afresh in each receiver's layout. The two views point into the packet that was parsed.
struct HeaderExtensions {
  ShortText mid;
  ShortText rid;
  ShortText repaired_rid;
  std::optional<AudioLevel> audio_level;
  std::optional<uint16_t> transport_sequence;
  std::optional<uint32_t> abs_send_time;       // 24 bits, 6.18 fixed-point seconds
  std::optional<AbsCaptureTime> abs_capture_time;
  std::optional<uint8_t> video_orientation;
  std::optional<uint32_t> playout_delay;       // 24 bits as on the wire
  std::optional<uint8_t> video_content_type;
  ByteView dependency_descriptor;
  ByteView video_layers_allocation;
};

}  // namespace eir
