#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "lib/base/bytes.h"
#include "lib/base/time.h"
#include "lib/client/payload_stamp.h"
#include "lib/rtp/codec.h"
#include "lib/rtp/header_extensions.h"

namespace eir {

// What is needed to write any packet of a frame, and to write it again for a retransmission: nothing else is kept.
struct SentFrame {
  uint32_t number = 0;
  Timestamp capture;
  int64_t first_sequence = 0;  // unwrapped
  uint32_t timestamp = 0;
  uint32_t bytes = 0;    // of all stamped bodies together
  uint16_t packets = 0;  // parameter sets included
  uint16_t width = 0;
  uint16_t height = 0;
  uint16_t picture_id = 0;
  uint8_t tl0_pic_idx = 0;
  uint8_t temporal_layer = 0;
  bool is_key = false;
  bool has_parameter_sets = false;  // H.264: the first packet is a STAP-A of SPS and PPS
  bool is_switch_point = false;     // VP8's Y bit
  bool is_comfort_noise = false;    // audio: one byte, no stamp
  bool marker_first = false;        // audio: first packet of a talk spurt (RFC 3551 section 4.1)
  AudioLevel audio_level{};
};

// Who sends it.
struct FrameSource {
  Codec codec = Codec::kVp8;
  uint32_t tag = 0;
  uint8_t media_index = 0;
  uint8_t encoding = 0;
};

// Stamped bytes per video packet at most: with RTP header, extensions, the server's CSRC, the RTX header and a GCM tag
// the datagram stays below the 1200 bytes that browsers keep to.
inline constexpr size_t kBodyBytesMax = 1080;

// How many packets of at most `packet_bytes` stamped bytes a frame of `bytes` takes, without parameter sets.
uint16_t packets_for(uint32_t bytes, uint32_t packet_bytes = kBodyBytesMax);

// Writes the payload of packet `index` (below frame.packets): the codec's descriptor, then the stamped body. Returns
// its size; 0 if `out` is too small. The pictures cannot be decoded; all that an SFU reads of them is right: VP8 (RFC
// 7741): descriptor with 15-bit picture id, TL0PICIDX and layer; frame tag; size in key frames. H.264 (RFC 6184, mode
// 1): constrained baseline; STAP-A of SPS and PPS, then one slice as single NAL unit or FU-A. Opus (RFC 7587): a TOC
// byte.
size_t write_frame_payload(const FrameSource& source, const SentFrame& frame, uint16_t index, MutableBytes out);

// The stamped body within a payload that write_frame_payload() wrote (picture ids may have changed since); empty if
// this packet has none: comfort noise, parameter sets.
ByteView stamped_body(Codec codec, ByteView payload);

}  // namespace eir
