#include "lib/rtp/vp9.h"

namespace eir {
namespace {

//       0 1 2 3 4 5 6 7
//      +-+-+-+-+-+-+-+-+
//      |I|P|L|F|B|E|V|Z| (REQUIRED)
//      +-+-+-+-+-+-+-+-+
// I:   |M| PICTURE ID  | (REQUIRED in flexible mode, else RECOMMENDED)
//      +-+-+-+-+-+-+-+-+
// M:   | EXTENDED PID  | (RECOMMENDED)
//      +-+-+-+-+-+-+-+-+
// L:   | TID |U| SID |D| (Conditionally RECOMMENDED)
//      +-+-+-+-+-+-+-+-+
//      |   TL0PICIDX   | (only F = 0, with L)
//      +-+-+-+-+-+-+-+-+                             -\     .
// P,F: | P_DIFF      |N| (only F = 1 and P = 1)       - up to 3 times
//      +-+-+-+-+-+-+-+-+                             -/
// V:   | SS            |
//      | ..            |
//      +-+-+-+-+-+-+-+-+
constexpr uint8_t kHasPictureId = 0x80;  // I
constexpr uint8_t kInterPicturePredicted = 0x40;
constexpr uint8_t kHasLayers = 0x20;
constexpr uint8_t kFlexibleMode = 0x10;
constexpr uint8_t kFrameStart = 0x08;
constexpr uint8_t kFrameEnd = 0x04;
constexpr uint8_t kHasStructure = 0x02;
constexpr uint8_t kLongPictureId = 0x80;  // M
constexpr int kReferencesMax = 3;         // RFC 9628 section 4.2: N must be 0 at the third P_DIFF

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

void read_layers(ByteReader& reader, bool is_flexible, PayloadInfo& info) {
  const uint8_t layers = reader.u8();
  info.temporal_layer = layers >> 5;
  info.layer_switch_point = (layers & 0x10) != 0;
  info.spatial_layer = layers >> 1 & 0x07;
  info.inter_layer_predicted = (layers & 0x01) != 0;
  if (is_flexible) return;
  info.tl0_pic_idx_offset = static_cast<uint8_t>(reader.position());
  info.tl0_pic_idx = reader.u8();
}

// False if a fourth difference is announced.
bool skip_reference_differences(ByteReader& reader) {
  for (int i = 0; i < kReferencesMax; ++i) {
    const bool is_last = (reader.u8() & 0x01) == 0;
    if (is_last) return true;
  }
  return false;
}

//      +-+-+-+-+-+-+-+-+
// V:   | N_S |Y|G|-|-|-|
//      +-+-+-+-+-+-+-+-+              -\            .
// Y:   |     WIDTH     | (16 bits)      .
//      +               +                . - N_S + 1 times
//      |     HEIGHT    | (16 bits)      .
//      +-+-+-+-+-+-+-+-+              -/
// G:   |      N_G      |
//      +-+-+-+-+-+-+-+-+                           -\            .
// N_G: | TID |U| R |-|-|                            . - N_G times
//      +-+-+-+-+-+-+-+-+              -\            .
//      |    P_DIFF     |               . - R times  .
//      +-+-+-+-+-+-+-+-+              -/           -/
Vp9ScalabilityStructure read_structure(ByteReader& reader) {
  constexpr uint8_t kHasSizes = 0x10;
  constexpr uint8_t kHasPictureGroup = 0x08;
  Vp9ScalabilityStructure structure;
  const uint8_t first = reader.u8();
  structure.spatial_layers = static_cast<uint8_t>((first >> 5) + 1);
  if ((first & kHasSizes) != 0) {
    for (size_t layer = 0; layer < structure.spatial_layers; ++layer) {
      structure.sizes[layer].width = reader.u16();
      structure.sizes[layer].height = reader.u16();
    }
  }
  if ((first & kHasPictureGroup) == 0) return structure;
  structure.pictures_in_group = reader.u8();
  for (int picture = 0; picture < structure.pictures_in_group && !reader.failed(); ++picture) {
    const size_t references = reader.u8() >> 2 & 0x03;
    reader.skip(references);
  }
  return structure;
}

}  // namespace

std::optional<PayloadInfo> parse_vp9(ByteView payload, Vp9ScalabilityStructure* structure) {
  ByteReader reader(payload);
  PayloadInfo info;
  const uint8_t first = reader.u8();
  const bool is_flexible = (first & kFlexibleMode) != 0;
  const bool is_inter_picture_predicted = (first & kInterPicturePredicted) != 0;
  if ((first & kHasPictureId) != 0) read_picture_id(reader, info);
  if ((first & kHasLayers) != 0) read_layers(reader, is_flexible, info);
  if (is_flexible && is_inter_picture_predicted && !skip_reference_differences(reader)) return std::nullopt;
  if ((first & kHasStructure) != 0) {
    const Vp9ScalabilityStructure read = read_structure(reader);
    info.spatial_layers = read.spatial_layers;
    info.width = read.sizes[read.spatial_layers - 1U].width;
    info.height = read.sizes[read.spatial_layers - 1U].height;
    if (structure != nullptr && !reader.failed()) *structure = read;
  }
  if (reader.failed() || reader.remaining() == 0) return std::nullopt;

  info.frame_start = (first & kFrameStart) != 0;
  info.frame_end = (first & kFrameEnd) != 0;
  info.spatial_switch_point = !is_inter_picture_predicted;
  // A frame of a higher spatial layer without inter-picture prediction still needs the layer below.
  info.key_frame = !is_inter_picture_predicted && info.spatial_layer == 0 && !info.inter_layer_predicted;
  return info;
}

void patch_vp9(MutableBytes payload, const PayloadInfo& info, uint16_t picture_id, uint8_t tl0_pic_idx) {
  patch_picture_ids(payload, info, picture_id, tl0_pic_idx);
}

}  // namespace eir
