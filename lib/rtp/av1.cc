#include "lib/rtp/av1.h"

#include "lib/rtp/bit_reader.h"

namespace eir {
namespace {

// OBU types of AV1 section 6.2.2 that may begin a frame.
constexpr uint8_t kSequenceHeader = 1;
constexpr uint8_t kTemporalDelimiter = 2;
constexpr uint8_t kFrameHeader = 3;
constexpr uint8_t kMetadata = 5;
constexpr uint8_t kFrame = 6;

bool begins_frame(uint8_t obu_type) {
  return obu_type == kSequenceHeader || obu_type == kTemporalDelimiter || obu_type == kFrameHeader ||
         obu_type == kMetadata || obu_type == kFrame;
}

// leb128() of AV1 section 4.10.5: seven bits a byte, the low ones first, at most 8 bytes. nullopt: longer or cut short.
std::optional<uint64_t> read_leb128(ByteReader& reader) {
  constexpr unsigned kBytesMax = 8;
  uint64_t value = 0;
  for (unsigned i = 0; i < kBytesMax; ++i) {
    const uint8_t byte = reader.u8();
    value |= uint64_t{byte & 0x7fU} << (7 * i);
    if ((byte & 0x80) == 0) return reader.failed() ? std::nullopt : std::optional(value);
  }
  return std::nullopt;
}

void skip_operating_points(BitReader& reader, bool has_decoder_model, unsigned delay_bits) {
  constexpr uint32_t kLevelWithTier = 7;  // seq_tier stands after seq_level_idx above this
  const bool has_display_delay = reader.flag();
  const uint32_t count = reader.bits(5) + 1;
  for (uint32_t i = 0; i < count && !reader.failed(); ++i) {
    reader.skip(12);  // operating_point_idc
    if (reader.bits(5) > kLevelWithTier) reader.skip(1);
    if (has_decoder_model && reader.flag()) reader.skip(2 * delay_bits + 1);  // operating_parameters_info()
    if (has_display_delay && reader.flag()) reader.skip(4);
  }
}

// sequence_header_obu() of AV1 section 5.5.1 as far as the largest frame size. Nothing is stored if it is cut short.
void read_sequence_header(ByteView obu, PayloadInfo& info) {
  BitReader reader(obu);
  reader.skip(4);  // seq_profile, still_picture
  const bool is_reduced = reader.flag();
  if (is_reduced) {
    reader.skip(5);  // seq_level_idx
  } else {
    bool has_decoder_model = false;
    unsigned delay_bits = 0;
    if (reader.flag()) {                       // timing_info_present_flag
      reader.skip(64);                         // num_units_in_display_tick, time_scale
      if (reader.flag()) reader.exp_golomb();  // equal_picture_interval: num_ticks_per_picture_minus_1
      has_decoder_model = reader.flag();
      if (has_decoder_model) {
        delay_bits = reader.bits(5) + 1;
        reader.skip(32 + 5 + 5);  // num_units_in_decoding_tick and two lengths
      }
    }
    skip_operating_points(reader, has_decoder_model, delay_bits);
  }
  const unsigned width_bits = reader.bits(4) + 1;
  const unsigned height_bits = reader.bits(4) + 1;
  const uint32_t width = reader.bits(width_bits) + 1;
  const uint32_t height = reader.bits(height_bits) + 1;
  if (reader.failed() || width > UINT16_MAX || height > UINT16_MAX) return;
  info.width = static_cast<uint16_t>(width);
  info.height = static_cast<uint16_t>(height);
}

//  0 1 2 3 4 5 6 7   0 1 2 3 4 5 6 7
// +-+-+-+-+-+-+-+-+ +-+-+-+-+-+-+-+-+
// |F| type  |X|S|-| | TID | SID |---|  the second byte only with X (AV1 sections 5.3.2 and 5.3.3)
// +-+-+-+-+-+-+-+-+ +-+-+-+-+-+-+-+-+
// Returns the type; nullopt if the element is cut short.
std::optional<uint8_t> read_obu(ByteView element, PayloadInfo& info) {
  ByteReader reader(element);
  const uint8_t header = reader.u8();
  const uint8_t type = header >> 3 & 0x0f;
  const bool has_extension = (header & 0x04) != 0;
  const bool has_size = (header & 0x02) != 0;
  if (has_extension) {
    const uint8_t extension = reader.u8();
    info.temporal_layer = extension >> 5;
    info.spatial_layer = extension >> 3 & 0x03;
  }
  if (has_size && !read_leb128(reader)) return std::nullopt;
  if (reader.failed()) return std::nullopt;
  if (type == kSequenceHeader) {
    info.has_parameter_sets = true;
    read_sequence_header(reader.rest(), info);
  }
  return type;
}

// The next OBU element; nullopt if its length does not add up. With W elements announced the last one has no length.
std::optional<ByteView> next_element(ByteReader& reader, bool has_length) {
  if (!has_length) return reader.bytes(reader.remaining());
  const std::optional<uint64_t> size = read_leb128(reader);
  if (!size || *size > reader.remaining()) return std::nullopt;
  return reader.bytes(static_cast<size_t>(*size));
}

}  // namespace

//  0 1 2 3 4 5 6 7
// +-+-+-+-+-+-+-+-+
// |Z|Y| W |N|-|-|-|  aggregation header, then OBU elements
// +-+-+-+-+-+-+-+-+
std::optional<PayloadInfo> parse_av1(ByteView payload, bool marker) {
  ByteReader reader(payload);
  const uint8_t aggregation = reader.u8();
  const bool continues_obu = (aggregation & 0x80) != 0;
  const uint8_t announced = aggregation >> 4 & 0x03;
  const bool begins_sequence = (aggregation & 0x08) != 0;
  if (reader.remaining() == 0 || (begins_sequence && continues_obu)) return std::nullopt;

  PayloadInfo info;
  info.key_frame = begins_sequence;
  info.layer_switch_point = begins_sequence;
  info.spatial_switch_point = begins_sequence;
  info.frame_end = marker;
  unsigned index = 0;
  for (; reader.remaining() > 0; ++index) {
    const auto element = next_element(reader, announced == 0 || index + 1 < announced);
    if (!element || element->empty()) return std::nullopt;
    if (index == 0 && continues_obu) continue;
    const std::optional<uint8_t> type = read_obu(*element, info);
    if (!type) return std::nullopt;
    if (index == 0) info.frame_start = begins_sequence || begins_frame(*type);
  }
  if (announced != 0 && index != announced) return std::nullopt;
  return info;
}

}  // namespace eir
