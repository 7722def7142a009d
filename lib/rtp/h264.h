#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "lib/base/bytes.h"
#include "lib/rtp/payload_info.h"

namespace eir {

// NAL unit types of H.264 table 7-1 that Eir tells apart, and the packet types of RFC 6184 table 1.
enum class NalType : uint8_t {
  kSlice = 1,
  kPartitionA = 2,
  kPartitionB = 3,
  kPartitionC = 4,
  kIdr = 5,
  kSei = 6,
  kSps = 7,
  kPps = 8,
  kAccessUnitDelimiter = 9,
  kStapA = 24,
  kFuA = 28,
};
inline constexpr size_t kNalHeaderBytes = 1;

constexpr NalType nal_type(uint8_t header) { return static_cast<NalType>(header & 0x1f); }

// 1 to 23 are NAL units of H.264 itself; 0 and 30, 31 are undefined, the rest are packet types.
constexpr bool is_whole_nal(NalType type) { return type >= NalType::kSlice && type < NalType::kStapA; }

// What the NAL units of one packet are. Fragments (FU-A) count as the NAL unit that they are part of.
struct H264Payload {
  bool contains_idr = false;
  bool contains_sps = false;
  bool contains_pps = false;
  // The packet begins a picture as far as it alone can say: it starts with parameter sets, SEI or a delimiter, or with
  // the start of a slice whose first_mb_in_slice is 0.
  bool frame_start = false;
  bool discardable = false;  // has slices, and none is referred to (nal_ref_idc is 0)
  uint16_t width = 0;        // of the SPS in this packet, if it can be read
  uint16_t height = 0;
};

// A payload of packetization mode 0 or 1 (RFC 6184 sections 5.6 to 5.8): single NAL unit, STAP-A, FU-A. nullopt: the
// packet types of mode 2 (STAP-B, MTAP, FU-B), an undefined type, or lengths that do not add up.
std::optional<H264Payload> parse_h264_payload(ByteView payload);
// The same as a PayloadInfo. An SPS marks a key frame too: senders put it before the IDR in a packet of its own, and a
// switch has to start there.
std::optional<PayloadInfo> parse_h264(ByteView payload, bool marker);

// Calls visit(NalType, ByteView nal) for each whole NAL unit (with its header byte) of a single-NAL or STAP-A packet;
// a FU-A has none. False, and perhaps some calls, if the packet is malformed.
template <class Visit>
bool for_each_nal(ByteView payload, Visit visit) {
  if (payload.empty()) return false;
  const NalType type = nal_type(payload[0]);
  if (type == NalType::kFuA) return true;
  if (type != NalType::kStapA) {
    if (!is_whole_nal(type)) return false;
    visit(type, payload);
    return true;
  }
  ByteReader reader(payload.subspan(kNalHeaderBytes));
  if (reader.remaining() == 0) return false;
  while (reader.remaining() > 0) {
    const size_t size = reader.u16();
    const ByteView nal = reader.bytes(size);
    if (reader.failed() || nal.empty() || !is_whole_nal(nal_type(nal[0]))) return false;
    visit(nal_type(nal[0]), nal);
  }
  return true;
}

// Writes the NAL units as one STAP-A (RFC 6184 section 5.7.1): a payload to send as a packet of its own, before an IDR
// that lacks its SPS and PPS. Returns its length; 0 if there is none, one is empty or too long, or it does not fit.
size_t write_stap_a(MutableBytes out, std::span<const ByteView> nals);

}  // namespace eir
