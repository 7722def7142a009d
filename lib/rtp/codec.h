#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace eir {

enum class MediaKind : uint8_t { kAudio, kVideo };

// The codecs that Eir forwards. Retransmission (RTX) is a property of a payload type, not a codec of a track.
enum class Codec : uint8_t { kOpus, kPcmu, kPcma, kVp8, kH264, kVp9, kAv1 };

constexpr MediaKind kind_of(Codec codec) { return codec <= Codec::kPcma ? MediaKind::kAudio : MediaKind::kVideo; }

// Ticks per second of the RTP timestamp.
constexpr uint32_t clock_rate_of(Codec codec) {
  switch (codec) {
    case Codec::kOpus:
      return 48000;  // RFC 7587 section 4.1
    case Codec::kPcmu:
    case Codec::kPcma:
      return 8000;      // RFC 3551 section 4.5.14
    case Codec::kVp8:   // RFC 7741
    case Codec::kH264:  // RFC 6184
    case Codec::kVp9:   // RFC 9628
    case Codec::kAv1:
      return 90000;  // AV1 RTP payload format 1.0
  }
  return 0;
}

// As in a=rtpmap, upper case where the registration has it so.
constexpr std::string_view encoding_name(Codec codec) {
  switch (codec) {
    case Codec::kOpus:
      return "opus";
    case Codec::kPcmu:
      return "PCMU";
    case Codec::kPcma:
      return "PCMA";
    case Codec::kVp8:
      return "VP8";
    case Codec::kH264:
      return "H264";
    case Codec::kVp9:
      return "VP9";
    case Codec::kAv1:
      return "AV1";
  }
  return "";
}

}  // namespace eir
