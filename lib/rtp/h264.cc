#include "lib/rtp/h264.h"

#include "lib/rtp/h264_sps.h"

namespace eir {
namespace {

constexpr uint8_t kRefIdc = 0x60;  // nal_ref_idc (NRI)
constexpr uint8_t kFragmentStart = 0x80;

bool is_slice(NalType type) { return type >= NalType::kSlice && type <= NalType::kIdr; }

// Whether a NAL unit of this type, whose first byte after the header is `first_byte`, begins a picture. The slice
// header starts with first_mb_in_slice as an Exp-Golomb code: 0 is the single bit 1. (H.264 section 7.4.1.2.3 lists
// what may stand before the first slice.)
bool begins_picture(NalType type, uint8_t first_byte) {
  switch (type) {
    case NalType::kSlice:
    case NalType::kPartitionA:
    case NalType::kIdr:
      return (first_byte & 0x80) != 0;
    case NalType::kSei:
    case NalType::kSps:
    case NalType::kPps:
    case NalType::kAccessUnitDelimiter:
      return true;
    case NalType::kPartitionB:
    case NalType::kPartitionC:
    case NalType::kStapA:
    case NalType::kFuA:
      return false;
  }
  return false;  // the types that Eir has no name for
}

// Collects what the NAL units of one packet are.
class PayloadCollector {
 public:
  void add(NalType type, uint8_t header, bool begins) {
    if (!has_any_) found_.frame_start = begins;
    has_any_ = true;
    found_.contains_idr |= type == NalType::kIdr;
    found_.contains_sps |= type == NalType::kSps;
    found_.contains_pps |= type == NalType::kPps;
    if (!is_slice(type)) return;
    has_slice_ = true;
    is_referenced_ |= (header & kRefIdc) != 0;
  }
  void add_size(const H264Sps& sps) {
    found_.width = sps.width;
    found_.height = sps.height;
  }
  H264Payload result() const {
    H264Payload payload = found_;
    payload.discardable = has_slice_ && !is_referenced_;
    return payload;
  }

 private:
  H264Payload found_;
  bool has_any_ = false;
  bool has_slice_ = false;
  bool is_referenced_ = false;
};

//  0                   1
//  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |F|NRI|  28     |S|E|R|  Type   |  then the fragment (RFC 6184 section 5.8)
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
std::optional<H264Payload> parse_fragment(ByteView payload) {
  constexpr size_t kFragmentHeaderBytes = 2;
  if (payload.size() <= kFragmentHeaderBytes) return std::nullopt;
  const NalType type = nal_type(payload[1]);
  if (!is_whole_nal(type)) return std::nullopt;
  const bool is_start = (payload[1] & kFragmentStart) != 0;
  PayloadCollector collector;
  collector.add(type, payload[0], is_start && begins_picture(type, payload[kFragmentHeaderBytes]));
  return collector.result();
}

}  // namespace

std::optional<H264Payload> parse_h264_payload(ByteView payload) {
  if (payload.empty()) return std::nullopt;
  if (nal_type(payload[0]) == NalType::kFuA) return parse_fragment(payload);
  PayloadCollector collector;
  const bool is_sound = for_each_nal(payload, [&collector](NalType type, ByteView nal) {
    const uint8_t first_byte = nal.size() > kNalHeaderBytes ? nal[kNalHeaderBytes] : 0;
    collector.add(type, nal[0], begins_picture(type, first_byte));
    if (type != NalType::kSps) return;
    if (const auto sps = parse_h264_sps(nal)) collector.add_size(*sps);
  });
  if (!is_sound) return std::nullopt;
  return collector.result();
}

std::optional<PayloadInfo> parse_h264(ByteView payload, bool marker) {
  const std::optional<H264Payload> found = parse_h264_payload(payload);
  if (!found) return std::nullopt;
  PayloadInfo info;
  info.key_frame = found->contains_idr || found->contains_sps;
  info.layer_switch_point = info.key_frame;
  info.spatial_switch_point = info.key_frame;
  info.frame_start = found->frame_start;
  info.frame_end = marker;
  info.discardable = found->discardable;
  info.has_parameter_sets = found->contains_sps && found->contains_pps;
  info.width = found->width;
  info.height = found->height;
  return info;
}

//  0                   1                   2
//  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |F|NRI|  24     |        NAL unit size          |  NAL unit, size, NAL unit, … (RFC 6184 section 5.7.1)
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// F is the OR and NRI the maximum of the NAL units' own.
size_t write_stap_a(MutableBytes out, std::span<const ByteView> nals) {
  constexpr uint8_t kForbiddenBit = 0x80;
  uint8_t forbidden = 0;
  uint8_t ref_idc = 0;
  if (nals.empty()) return 0;
  for (const ByteView nal : nals) {
    if (nal.empty() || nal.size() > UINT16_MAX) return 0;
    forbidden |= nal[0] & kForbiddenBit;
    if ((nal[0] & kRefIdc) > ref_idc) ref_idc = nal[0] & kRefIdc;
  }
  ByteWriter writer(out);
  writer.u8(static_cast<uint8_t>(forbidden | ref_idc | static_cast<uint8_t>(NalType::kStapA)));
  for (const ByteView nal : nals) {
    writer.u16(static_cast<uint16_t>(nal.size()));
    writer.bytes(nal);
  }
  return writer.failed() ? 0 : writer.size();
}

}  // namespace eir
