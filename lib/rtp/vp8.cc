#include "lib/rtp/vp8.h"

namespace eir {
namespace {

//      0 1 2 3 4 5 6 7
//     +-+-+-+-+-+-+-+-+
//     |X|R|N|S|R| PID | (REQUIRED)
//     +-+-+-+-+-+-+-+-+
// X:  |I|L|T|K| RSV   | (OPTIONAL)
//     +-+-+-+-+-+-+-+-+
// I:  |M| PictureID   | (OPTIONAL)
//     +-+-+-+-+-+-+-+-+
//     |   PictureID   | (if M)
//     +-+-+-+-+-+-+-+-+
// L:  |   TL0PICIDX   | (OPTIONAL)
//     +-+-+-+-+-+-+-+-+
// T/K:|TID|Y| KEYIDX  | (OPTIONAL)
//     +-+-+-+-+-+-+-+-+
constexpr uint8_t kExtended = 0x80;      // X
constexpr uint8_t kNonReference = 0x20;  // N
constexpr uint8_t kPartitionStart = 0x10;
constexpr uint8_t kPartitionIndex = 0x07;
constexpr uint8_t kHasPictureId = 0x80;
constexpr uint8_t kHasTl0PicIdx = 0x40;
constexpr uint8_t kHasTid = 0x20;
constexpr uint8_t kHasKeyIdx = 0x10;
constexpr uint8_t kLongPictureId = 0x80;  // M
constexpr uint8_t kLayerSync = 0x20;      // Y

void read_picture_id(ByteReader& reader, PayloadInfo& info) {
  info.picture_id_offset = static_cast<uint8_t>(reader.position());
  const uint8_t first = reader.u8();
  const auto high = static_cast<uint16_t>(first & 0x7f);
  if ((first & kLongPictureId) == 0) {
    info.picture_id_bits = 7;
    info.picture_id = high;
    return;
  }
  info.picture_id_bits = 15;
  info.picture_id = static_cast<uint16_t>(high << 8 | reader.u8());
}

void read_extension(ByteReader& reader, PayloadInfo& info) {
  const uint8_t present = reader.u8();
  if ((present & kHasPictureId) != 0) read_picture_id(reader, info);
  if ((present & kHasTl0PicIdx) != 0) {
    info.tl0_pic_idx_offset = static_cast<uint8_t>(reader.position());
    info.tl0_pic_idx = reader.u8();
  }
  if ((present & (kHasTid | kHasKeyIdx)) == 0) return;
  const uint8_t layer = reader.u8();
  if ((present & kHasTid) == 0) return;  // TID and Y say nothing without T
  info.temporal_layer = layer >> 6;
  info.layer_switch_point = (layer & kLayerSync) != 0;
}

//  0                   1                   2
//  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |Size0|H| VER |P|     Size1     |     Size2     |  P = 0: key frame (RFC 7741 section 4.3)
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// A key frame goes on with the start code 9d 01 2a and two little-endian 16-bit words, 14 bits of width and of height
// each, the scaling above them (RFC 6386 section 9.1).
void read_frame_header(ByteView frame, PayloadInfo& info) {
  constexpr uint8_t kInterFrame = 0x01;
  constexpr size_t kKeyFrameHeaderBytes = 10;
  if ((frame[0] & kInterFrame) != 0) return;
  info.key_frame = true;
  info.spatial_switch_point = true;
  info.layer_switch_point = true;
  if (frame.size() < kKeyFrameHeaderBytes || load_u24(&frame[3]) != 0x9d012a) return;
  info.width = static_cast<uint16_t>((frame[7] << 8 | frame[6]) & 0x3fff);
  info.height = static_cast<uint16_t>((frame[9] << 8 | frame[8]) & 0x3fff);
}

}  // namespace

std::optional<PayloadInfo> parse_vp8(ByteView payload, bool marker) {
  ByteReader reader(payload);
  PayloadInfo info;
  const uint8_t first = reader.u8();
  if ((first & kExtended) != 0) read_extension(reader, info);
  if (reader.failed() || reader.remaining() == 0) return std::nullopt;

  info.discardable = (first & kNonReference) != 0;
  info.frame_start = (first & kPartitionStart) != 0 && (first & kPartitionIndex) == 0;
  info.frame_end = marker;
  if (info.frame_start) read_frame_header(reader.rest(), info);
  return info;
}

void patch_vp8(MutableBytes payload, const PayloadInfo& info, uint16_t picture_id, uint8_t tl0_pic_idx) {
  patch_picture_ids(payload, info, picture_id, tl0_pic_idx);
}

}  // namespace eir
