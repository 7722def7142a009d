#include "lib/client/frame_payload.h"

#include <algorithm>
#include <array>
#include <span>

#include "lib/base/check.h"
#include "lib/rtp/h264.h"

namespace eir {
namespace {

// --- VP8: descriptor of RFC 7741 section 4.2 with I (15 bits), L and T present ---
constexpr size_t kVp8DescriptorBytes = 6;
constexpr size_t kVp8FrameTagBytes = 3;
constexpr size_t kVp8KeyFrameHeaderBytes = 10;

void write_vp8_start(ByteWriter& writer, const SentFrame& frame) {
  constexpr uint8_t kShowFrame = 0x10;
  constexpr uint8_t kInterFrame = 0x01;
  writer.u8(frame.is_key ? kShowFrame : kShowFrame | kInterFrame);
  writer.u16(0);  // the rest of the first partition's size
  if (!frame.is_key) return;
  writer.u24(0x9d012a);  // RFC 6386 section 9.1: start code, then little-endian sizes
  writer.u8(static_cast<uint8_t>(frame.width));
  writer.u8(static_cast<uint8_t>(frame.width >> 8 & 0x3f));
  writer.u8(static_cast<uint8_t>(frame.height));
  writer.u8(static_cast<uint8_t>(frame.height >> 8 & 0x3f));
}

void write_vp8_descriptor(ByteWriter& writer, const SentFrame& frame, bool is_first) {
  constexpr uint8_t kExtended = 0x80;
  constexpr uint8_t kNonReference = 0x20;
  constexpr uint8_t kPartitionStart = 0x10;
  constexpr uint8_t kPictureIdTl0AndTid = 0xe0;
  const bool is_reference = frame.temporal_layer < 2;
  writer.u8(static_cast<uint8_t>(kExtended | (is_reference ? 0 : kNonReference) | (is_first ? kPartitionStart : 0)));
  writer.u8(kPictureIdTl0AndTid);
  writer.u16(static_cast<uint16_t>(0x8000 | frame.picture_id));
  writer.u8(frame.tl0_pic_idx);
  writer.u8(static_cast<uint8_t>(frame.temporal_layer << 6 | (frame.is_switch_point ? 0x20 : 0)));
  if (is_first) write_vp8_start(writer, frame);
}

// --- H.264: RFC 6184 ---
constexpr uint8_t kNalReference = 0x60;
// first_mb_in_slice 0, then slice_type 7 (I) or 5 (P) as Exp-Golomb codes (H.264 section 7.3.3).
constexpr uint8_t kSliceIntra = 0x88;
constexpr uint8_t kSliceInter = 0x9a;
constexpr size_t kParameterSetBytesMax = 32;

// Writes bits, highest first, and escapes nothing: the sets written here have no run of two zero bytes.
class BitWriter {
 public:
  explicit BitWriter(MutableBytes out) : out_(out) {}
  void bits(uint32_t value, unsigned count) {
    while (count-- > 0) {
      if (at_ % 8 == 0) out_[at_ / 8] = 0;
      out_[at_ / 8] = static_cast<uint8_t>(out_[at_ / 8] | (value >> count & 1) << (7 - at_ % 8));
      ++at_;
    }
  }
  void exp_golomb(uint32_t value) {
    unsigned width = 0;
    for (uint32_t rest = value + 1; rest > 1; rest >>= 1) ++width;
    bits(0, width);
    bits(value + 1, width + 1);
  }
  // rbsp_trailing_bits (H.264 section 7.3.2.11). Returns the bytes written.
  size_t finish() {
    bits(1, 1);
    return (at_ + 7) / 8;
  }

 private:
  MutableBytes out_;
  size_t at_ = 0;
};

// H.264 section 7.3.2.1.1. Sizes are even, as cropping in 4:2:0 wants.
size_t write_sps(const SentFrame& frame, MutableBytes out) {
  constexpr uint32_t kMacroblock = 16;
  const uint32_t columns = (frame.width + kMacroblock - 1) / kMacroblock;
  const uint32_t rows = (frame.height + kMacroblock - 1) / kMacroblock;
  BitWriter writer(out);
  writer.bits(kNalReference | static_cast<uint32_t>(NalType::kSps), 8);
  writer.bits(0x42e01f, 24);  // constrained baseline, level 3.1
  writer.exp_golomb(0);       // seq_parameter_set_id
  writer.exp_golomb(0);       // log2_max_frame_num_minus4
  writer.exp_golomb(2);       // pic_order_cnt_type
  writer.exp_golomb(1);       // max_num_ref_frames
  writer.bits(0, 1);          // gaps_in_frame_num_value_allowed_flag
  writer.exp_golomb(columns - 1);
  writer.exp_golomb(rows - 1);
  writer.bits(0b11, 2);  // frame_mbs_only_flag, direct_8x8_inference_flag
  writer.bits(1, 1);     // frame_cropping_flag
  writer.exp_golomb(0);
  writer.exp_golomb((columns * kMacroblock - frame.width) / 2);
  writer.exp_golomb(0);
  writer.exp_golomb((rows * kMacroblock - frame.height) / 2);
  writer.bits(0, 1);  // vui_parameters_present_flag
  return writer.finish();
}

// The PPS that every constrained baseline stream can have (H.264 section 7.3.2.2): all zero but the weights.
constexpr std::array<uint8_t, 4> kPps = {kNalReference | static_cast<uint8_t>(NalType::kPps), 0xce, 0x3c, 0x80};

size_t write_parameter_sets(const SentFrame& frame, MutableBytes out) {
  std::array<uint8_t, kParameterSetBytesMax> sps{};
  const size_t size = write_sps(frame, sps);
  const std::array<ByteView, 2> nals = {ByteView(sps).first(size), ByteView(kPps)};
  return write_stap_a(out, nals);
}

void write_h264_headers(ByteWriter& writer, const SentFrame& frame, uint16_t index, uint16_t slices) {
  constexpr uint8_t kStart = 0x80;
  constexpr uint8_t kEnd = 0x40;
  const auto type = static_cast<uint8_t>(frame.is_key ? NalType::kIdr : NalType::kSlice);
  const uint8_t slice = frame.is_key ? kSliceIntra : kSliceInter;
  if (slices == 1) {
    writer.u8(kNalReference | type);
    writer.u8(slice);
    return;
  }
  const bool is_first = index == 0;
  const bool is_last = index + 1 == slices;
  writer.u8(kNalReference | static_cast<uint8_t>(NalType::kFuA));
  writer.u8(static_cast<uint8_t>(type | (is_first ? kStart : 0) | (is_last ? kEnd : 0)));
  if (is_first) writer.u8(slice);
}

// Opus: CELT, fullband, 20 ms, mono, one frame (RFC 6716 section 3.1).
constexpr uint8_t kOpusToc = 31 << 3;

size_t vp8_header_bytes(ByteView payload) {
  if (payload.size() < kVp8DescriptorBytes) return payload.size();
  constexpr uint8_t kPartitionStart = 0x10;
  if ((payload[0] & kPartitionStart) == 0) return kVp8DescriptorBytes;
  const bool is_key = payload.size() > kVp8DescriptorBytes && (payload[kVp8DescriptorBytes] & 1) == 0;
  return kVp8DescriptorBytes + (is_key ? kVp8KeyFrameHeaderBytes : kVp8FrameTagBytes);
}

size_t h264_header_bytes(ByteView payload) {
  switch (nal_type(payload[0])) {
    case NalType::kFuA:
      return payload.size() > 1 && (payload[1] & 0x80) != 0 ? 3 : 2;
    case NalType::kSlice:
    case NalType::kIdr:
      return 2;
    default:  // parameter sets and what is never sent here
      return payload.size();
  }
}

// The bodies of a frame are as equal as they can be.
size_t body_bytes(uint32_t bytes, uint16_t bodies, uint16_t index) {
  const uint32_t share = bytes / bodies;
  return std::max<size_t>(kPayloadStampBytes, share + (index < bytes % bodies ? 1 : 0));
}

}  // namespace

uint16_t packets_for(uint32_t bytes, uint32_t packet_bytes) {
  return static_cast<uint16_t>(std::max<uint32_t>(1, (bytes + packet_bytes - 1) / packet_bytes));
}

size_t write_frame_payload(const FrameSource& source, const SentFrame& frame, uint16_t index, MutableBytes out) {
  EIR_DCHECK(index < frame.packets);
  const uint16_t before = frame.has_parameter_sets ? 1 : 0;
  if (index < before) return write_parameter_sets(frame, out);
  const auto bodies = static_cast<uint16_t>(frame.packets - before);
  const auto body_index = static_cast<uint16_t>(index - before);

  ByteWriter writer(out);
  switch (source.codec) {
    case Codec::kVp8:
      write_vp8_descriptor(writer, frame, body_index == 0);
      break;
    case Codec::kH264:
      write_h264_headers(writer, frame, body_index, bodies);
      break;
    case Codec::kOpus:
      writer.u8(kOpusToc);
      break;
    case Codec::kPcmu:
    case Codec::kPcma:
    case Codec::kVp9:
    case Codec::kAv1:
      break;
  }
  if (frame.is_comfort_noise) return writer.failed() ? 0 : writer.size();
  const size_t size = body_bytes(frame.bytes, bodies, body_index);
  uint8_t* const body = writer.reserve(size);
  if (body == nullptr) return 0;
  write_stamped({body, size}, {.tag = source.tag,
                               .media_index = source.media_index,
                               .encoding = source.encoding,
                               .packet_index = index,
                               .packet_count = frame.packets,
                               .frame = frame.number,
                               .capture = frame.capture});
  return writer.size();
}

ByteView stamped_body(Codec codec, ByteView payload) {
  if (payload.empty()) return {};
  size_t header = 0;
  switch (codec) {
    case Codec::kVp8:
      header = vp8_header_bytes(payload);
      break;
    case Codec::kH264:
      header = h264_header_bytes(payload);
      break;
    case Codec::kOpus:
      header = 1;
      break;
    case Codec::kPcmu:
    case Codec::kPcma:
    case Codec::kVp9:
    case Codec::kAv1:
      break;
  }
  return header >= payload.size() ? ByteView{} : payload.subspan(header);
}

}  // namespace eir
