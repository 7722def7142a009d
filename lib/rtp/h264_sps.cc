#include "lib/rtp/h264_sps.h"

#include <algorithm>
#include <array>

#include "lib/rtp/bit_reader.h"
#include "lib/rtp/h264.h"

namespace eir {
namespace {

// What is read of an SPS without its VUI fits: the longest common ones have about 30 bytes, with scaling lists 200.
constexpr size_t kSpsBytesMax = 512;
// num_ref_frames_in_pic_order_cnt_cycle (H.264 section 7.4.2.1.1).
constexpr uint32_t kPictureOrderCycleMax = 255;

// Copies without the emulation prevention bytes: 00 00 03 stands for 00 00 (H.264 section 7.4.1). Returns the length.
size_t unescape(ByteView nal, std::array<uint8_t, kSpsBytesMax>& out) {
  size_t size = 0;
  int zeros = 0;
  for (const uint8_t byte : nal) {
    if (size == out.size()) break;
    if (zeros >= 2 && byte == 3) {
      zeros = 0;
      continue;
    }
    zeros = byte == 0 ? zeros + 1 : 0;
    out[size++] = byte;
  }
  return size;
}

// The profiles whose SPS says the chroma format (H.264 section 7.3.2.1.1).
bool has_chroma_format(uint8_t profile_idc) {
  constexpr std::array<uint8_t, 13> kProfiles = {100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135};
  return std::find(kProfiles.begin(), kProfiles.end(), profile_idc) != kProfiles.end();
}

// scaling_list() of H.264 section 7.3.2.1.1.1: a delta per entry until the next scale becomes 0.
void skip_scaling_list(BitReader& reader, int entries) {
  constexpr uint32_t kScales = 256;
  uint32_t last = 8;
  for (int i = 0; i < entries && !reader.failed(); ++i) {
    last = (last + static_cast<uint32_t>(reader.signed_exp_golomb())) % kScales;
    if (last == 0) return;
  }
}

// Returns ChromaArrayType: 0 monochrome or separate planes, 1 for 4:2:0, 2 for 4:2:2, 3 for 4:4:4.
uint32_t read_chroma_format(BitReader& reader) {
  constexpr int kSmallLists = 6;  // 4×4, 16 entries; the others 8×8, 64 entries
  const uint32_t format = reader.exp_golomb();
  const bool is_separate = format == 3 && reader.flag();
  reader.exp_golomb();  // bit_depth_luma_minus8
  reader.exp_golomb();  // bit_depth_chroma_minus8
  reader.skip(1);       // qpprime_y_zero_transform_bypass_flag
  if (reader.flag()) {  // seq_scaling_matrix_present_flag
    const int lists = format == 3 ? 12 : 8;
    for (int i = 0; i < lists; ++i) {
      if (reader.flag()) skip_scaling_list(reader, i < kSmallLists ? 16 : 64);
    }
  }
  return is_separate ? 0 : format;
}

// False if the cycle is longer than the standard allows.
bool skip_picture_order(BitReader& reader) {
  const uint32_t type = reader.exp_golomb();
  if (type == 0) reader.exp_golomb();  // log2_max_pic_order_cnt_lsb_minus4
  if (type != 1) return type <= 2;
  reader.skip(1);       // delta_pic_order_always_zero_flag
  reader.exp_golomb();  // offset_for_non_ref_pic
  reader.exp_golomb();  // offset_for_top_to_bottom_field
  const uint32_t cycle = reader.exp_golomb();
  if (cycle > kPictureOrderCycleMax) return false;
  for (uint32_t i = 0; i < cycle && !reader.failed(); ++i) reader.exp_golomb();
  return true;
}

// Size in macroblocks and cropping, in 64 bits so that no sum of 32-bit fields overflows.
bool read_size(BitReader& reader, uint32_t chroma, H264Sps& sps) {
  constexpr uint64_t kMacroblock = 16;
  const uint64_t columns = uint64_t{reader.exp_golomb()} + 1;
  const uint64_t map_units = uint64_t{reader.exp_golomb()} + 1;
  const bool is_frames_only = reader.flag();
  const uint64_t fields = is_frames_only ? 1 : 2;
  if (!is_frames_only) reader.skip(1);  // mb_adaptive_frame_field_flag
  reader.skip(1);                       // direct_8x8_inference_flag
  uint64_t width = columns * kMacroblock;
  uint64_t height = map_units * fields * kMacroblock;
  if (reader.flag()) {  // frame_cropping_flag
    const uint64_t unit_x = chroma == 1 || chroma == 2 ? 2 : 1;
    const uint64_t unit_y = (chroma == 1 ? 2 : 1) * fields;
    const uint64_t left = reader.exp_golomb();
    const uint64_t right = reader.exp_golomb();
    const uint64_t top = reader.exp_golomb();
    const uint64_t bottom = reader.exp_golomb();
    const uint64_t crop_x = (left + right) * unit_x;
    const uint64_t crop_y = (top + bottom) * unit_y;
    if (crop_x >= width || crop_y >= height) return false;
    width -= crop_x;
    height -= crop_y;
  }
  if (reader.failed() || width > UINT16_MAX || height > UINT16_MAX) return false;
  sps.width = static_cast<uint16_t>(width);
  sps.height = static_cast<uint16_t>(height);
  return true;
}

}  // namespace

std::optional<H264Sps> parse_h264_sps(ByteView nal) {
  if (nal.empty() || nal_type(nal[0]) != NalType::kSps) return std::nullopt;
  std::array<uint8_t, kSpsBytesMax> plain{};
  const size_t size = unescape(nal.subspan(kNalHeaderBytes), plain);
  BitReader reader(ByteView(plain).first(size));
  H264Sps sps;
  sps.profile_idc = static_cast<uint8_t>(reader.bits(8));
  sps.profile_iop = static_cast<uint8_t>(reader.bits(8));
  sps.level_idc = static_cast<uint8_t>(reader.bits(8));
  reader.exp_golomb();  // seq_parameter_set_id
  const uint32_t chroma = has_chroma_format(sps.profile_idc) ? read_chroma_format(reader) : 1;
  if (chroma > 3) return std::nullopt;
  reader.exp_golomb();  // log2_max_frame_num_minus4
  if (!skip_picture_order(reader)) return std::nullopt;
  reader.exp_golomb();  // max_num_ref_frames
  reader.skip(1);       // gaps_in_frame_num_value_allowed_flag
  if (!read_size(reader, chroma, sps)) return std::nullopt;
  return sps;
}

}  // namespace eir
