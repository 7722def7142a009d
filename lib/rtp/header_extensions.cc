#include "lib/rtp/header_extensions.h"

#include <algorithm>
#include <cstring>

#include "lib/base/check.h"

namespace eir {
namespace {

constexpr std::array<std::string_view, kExtensionKinds> kUris = {
    "urn:ietf:params:rtp-hdrext:sdes:mid",
    "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id",
    "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id",
    "urn:ietf:params:rtp-hdrext:ssrc-audio-level",
    "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01",
    "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time",
    "http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time",
    "urn:3gpp:video-orientation",
    "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay",
    "http://www.webrtc.org/experiments/rtp-hdrext/video-content-type",
    "https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension",
    "http://www.webrtc.org/experiments/rtp-hdrext/video-layers-allocation00",
};

constexpr uint8_t kReservedId = 15;       // RFC 8285 section 4.2
constexpr uint8_t kOneByteIdMax = 14;     // RFC 8285 section 4.2
constexpr size_t kOneByteValueMax = 16;   // four bits of length, minus one
constexpr size_t kTwoByteValueMax = 255;  // eight bits of length
constexpr size_t kBlockHeaderSize = 4;    // profile and length

// A mid or rid is a token of SDP; whatever else stands there (some stacks pad with zeros) must not reach a log or a
// table.
ShortText parse_text(ByteView value) {
  while (!value.empty() && value.back() == 0) value = value.first(value.size() - 1);
  const bool printable = std::all_of(value.begin(), value.end(), [](uint8_t c) { return c > 0x20 && c < 0x7f; });
  return printable ? ShortText::of(as_text(value)) : ShortText{};
}

std::optional<AbsCaptureTime> parse_abs_capture_time(ByteView value) {
  if (value.size() != 8 && value.size() != 16) return std::nullopt;
  AbsCaptureTime time{.ntp = load_u64(value.data()), .clock_offset = std::nullopt};
  if (value.size() == 16) time.clock_offset = static_cast<int64_t>(load_u64(&value[8]));
  return time;
}

void parse_value(ExtensionKind kind, ByteView value, HeaderExtensions& out) {
  switch (kind) {
    case ExtensionKind::kMid:
      out.mid = parse_text(value);
      return;
    case ExtensionKind::kRid:
      out.rid = parse_text(value);
      return;
    case ExtensionKind::kRepairedRid:
      out.repaired_rid = parse_text(value);
      return;
    case ExtensionKind::kAudioLevel:
      if (value.size() == 1) {
        out.audio_level = AudioLevel{(value[0] & 0x80) != 0, static_cast<uint8_t>(value[0] & 0x7f)};
      }
      return;
    case ExtensionKind::kTransportSequence:
      if (value.size() == 2) out.transport_sequence = load_u16(value.data());
      return;
    case ExtensionKind::kAbsSendTime:
      if (value.size() == 3) out.abs_send_time = load_u24(value.data());
      return;
    case ExtensionKind::kAbsCaptureTime:
      if (const auto time = parse_abs_capture_time(value)) out.abs_capture_time = time;
      return;
    case ExtensionKind::kVideoOrientation:
      if (value.size() == 1) out.video_orientation = value[0];
      return;
    case ExtensionKind::kPlayoutDelay:
      if (value.size() == 3) out.playout_delay = load_u24(value.data());
      return;
    case ExtensionKind::kVideoContentType:
      if (value.size() == 1) out.video_content_type = value[0];
      return;
    case ExtensionKind::kDependencyDescriptor:
      out.dependency_descriptor = value;
      return;
    case ExtensionKind::kVideoLayersAllocation:
      out.video_layers_allocation = value;
      return;
  }
}

// One element header, already read: tells whether the block goes on.
enum class Step : uint8_t { kElement, kPadding, kStop };
struct Element {
  Step step = Step::kPadding;
  uint8_t id = 0;
  size_t size = 0;
};

//  0                   1
//  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5      one-byte form, RFC 8285 section 4.2; len is the size minus one
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |  ID   |  len  |     data …
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
Element read_one_byte(ByteReader& reader) {
  const uint8_t byte = reader.u8();
  const auto id = static_cast<uint8_t>(byte >> 4);
  if (byte == 0) return {};
  // Id 0 with a length, and id 15, end the block: what stood before them counts.
  if (id == 0 || id == kReservedId) return {Step::kStop};
  return {Step::kElement, id, size_t{1} + (byte & 0x0f)};
}

//  0                   1                   2
//  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3      two-byte form, RFC 8285 section 4.3; an id of 0 is one
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+     byte of padding without length
// |      ID       |     length    |     data …
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
Element read_two_byte(ByteReader& reader) {
  const uint8_t id = reader.u8();
  if (id == 0) return {};
  return {Step::kElement, id, reader.u8()};
}

bool fits_one_byte(uint8_t id, size_t size) { return id <= kOneByteIdMax && size <= kOneByteValueMax; }

// Adds up what each form would need.
class ElementSizes {
 public:
  // Like ElementWriter::place, but there is no place yet.
  uint8_t* place(uint8_t id, size_t size) {
    if (id == 0 || size == 0 || size > kTwoByteValueMax) return nullptr;
    two_byte_ += 2 + size;
    if (fits_one_byte(id, size)) {
      one_byte_ += 1 + size;
    } else {
      needs_two_byte_ = true;
    }
    return nullptr;
  }
  bool two_byte(const ExtensionMap& map) const { return needs_two_byte_ && map.allow_mixed; }
  // Of the whole block, a multiple of 4.
  size_t block(const ExtensionMap& map) const {
    const size_t elements = two_byte(map) ? two_byte_ : one_byte_;
    return elements == 0 ? 0 : kBlockHeaderSize + (elements + 3) / 4 * 4;
  }

 private:
  size_t one_byte_ = 0;
  size_t two_byte_ = 0;
  bool needs_two_byte_ = false;
};

// Writes element headers in either form. The buffer is as large as ElementSizes has told.
class ElementWriter {
 public:
  ElementWriter(uint8_t* at, bool two_byte) : at_(at), two_byte_(two_byte) {}

  // Where the value goes; nullptr if this element is not written.
  uint8_t* place(uint8_t id, size_t size) {
    if (id == 0 || size == 0 || size > kTwoByteValueMax) return nullptr;
    if (two_byte_) {
      *at_++ = id;
      *at_++ = static_cast<uint8_t>(size);
    } else {
      if (!fits_one_byte(id, size)) return nullptr;
      *at_++ = static_cast<uint8_t>(id << 4 | (size - 1));
    }
    uint8_t* value = at_;
    at_ += size;
    return value;
  }
  uint8_t* end() const { return at_; }

 private:
  uint8_t* at_;
  bool two_byte_;
};

template <class Sink>
void put_text(Sink& sink, uint8_t id, const ShortText& text) {
  if (uint8_t* at = sink.place(id, text.size)) std::memcpy(at, text.chars.data(), text.size);
}

template <class Sink>
void put_bytes(Sink& sink, uint8_t id, ByteView bytes) {
  if (uint8_t* at = sink.place(id, bytes.size())) std::memcpy(at, bytes.data(), bytes.size());
}

template <class Sink>
void put_u8(Sink& sink, uint8_t id, std::optional<uint8_t> value) {
  if (!value) return;
  if (uint8_t* at = sink.place(id, 1)) *at = *value;
}

template <class Sink>
void put_u24(Sink& sink, uint8_t id, std::optional<uint32_t> value) {
  if (!value) return;
  if (uint8_t* at = sink.place(id, 3)) store_u24(at, *value);
}

template <class Sink>
void put_abs_capture_time(Sink& sink, uint8_t id, const std::optional<AbsCaptureTime>& time) {
  if (!time) return;
  uint8_t* at = sink.place(id, time->clock_offset ? 16 : 8);
  if (at == nullptr) return;
  store_u64(at, time->ntp);
  if (time->clock_offset) store_u64(at + 8, static_cast<uint64_t>(*time->clock_offset));
}

uint16_t offset_of(const uint8_t* at, const uint8_t* start) {
  return at == nullptr ? uint16_t{0} : static_cast<uint16_t>(at - start);
}

// Passes every extension that has a value to a sink: the one list from which sizes and bytes both come.
template <class Sink>
ExtensionOffsets put_all(Sink& sink, const uint8_t* start, const HeaderExtensions& from, const ExtensionMap& map) {
  using enum ExtensionKind;
  ExtensionOffsets offsets;
  if (from.transport_sequence) {
    uint8_t* at = sink.place(map.id(kTransportSequence), 2);
    if (at != nullptr) store_u16(at, *from.transport_sequence);
    offsets.transport_sequence = offset_of(at, start);
  }
  if (from.abs_send_time) {
    uint8_t* at = sink.place(map.id(kAbsSendTime), 3);
    if (at != nullptr) store_u24(at, *from.abs_send_time);
    offsets.abs_send_time = offset_of(at, start);
  }
  put_text(sink, map.id(kMid), from.mid);
  put_text(sink, map.id(kRid), from.rid);
  put_text(sink, map.id(kRepairedRid), from.repaired_rid);
  if (from.audio_level) {
    const auto voice = static_cast<uint8_t>(from.audio_level->voice ? 0x80 : 0);
    put_u8(sink, map.id(kAudioLevel), static_cast<uint8_t>(voice | (from.audio_level->level & 0x7f)));
  }
  put_abs_capture_time(sink, map.id(kAbsCaptureTime), from.abs_capture_time);
  put_u8(sink, map.id(kVideoOrientation), from.video_orientation);
  put_u24(sink, map.id(kPlayoutDelay), from.playout_delay);
  put_u8(sink, map.id(kVideoContentType), from.video_content_type);
  put_bytes(sink, map.id(kDependencyDescriptor), from.dependency_descriptor);
  put_bytes(sink, map.id(kVideoLayersAllocation), from.video_layers_allocation);
  return offsets;
}

ElementSizes sizes_of(const HeaderExtensions& extensions, const ExtensionMap& map) {
  ElementSizes sizes;
  put_all(sizes, nullptr, extensions, map);
  return sizes;
}

}  // namespace

std::string_view extension_uri(ExtensionKind kind) { return kUris[static_cast<size_t>(kind)]; }

std::optional<ExtensionKind> extension_from_uri(std::string_view uri) {
  const auto* const found = std::find(kUris.begin(), kUris.end(), uri);
  if (found == kUris.end()) return std::nullopt;
  return static_cast<ExtensionKind>(found - kUris.begin());
}

bool ExtensionMap::add(uint8_t id, ExtensionKind kind) {
  if (id == 0 || id == kReservedId) return false;
  if (this->kind(id) || has(kind)) return false;
  ids_[static_cast<size_t>(kind)] = id;
  return true;
}

std::optional<ExtensionKind> ExtensionMap::kind(uint8_t id) const {
  if (id == 0) return std::nullopt;
  for (size_t i = 0; i < ids_.size(); ++i) {
    if (ids_[i] == id) return static_cast<ExtensionKind>(i);
  }
  return std::nullopt;
}

ShortText ShortText::of(std::string_view text) {
  ShortText result;
  if (text.size() > kMax) return result;
  std::copy(text.begin(), text.end(), result.chars.begin());
  result.size = static_cast<uint8_t>(text.size());
  return result;
}

bool parse_header_extensions(uint16_t profile, ByteView block, const ExtensionMap& map, HeaderExtensions& out) {
  const bool two_byte = (profile & 0xfff0) == kTwoByteProfile;
  if (!two_byte && profile != kOneByteProfile) return true;
  ByteReader reader(block);
  while (reader.remaining() > 0) {
    const Element element = two_byte ? read_two_byte(reader) : read_one_byte(reader);
    if (element.step == Step::kStop) return true;
    if (element.step == Step::kPadding) continue;
    const ByteView value = reader.bytes(element.size);
    if (reader.failed()) return false;
    if (const auto kind = map.kind(element.id)) parse_value(*kind, value, out);
  }
  return true;
}

size_t header_extensions_size(const HeaderExtensions& extensions, const ExtensionMap& map) {
  return sizes_of(extensions, map).block(map);
}

size_t write_header_extensions(MutableBytes out, const HeaderExtensions& extensions, const ExtensionMap& map,
                               ExtensionOffsets* offsets) {
  if (offsets != nullptr) *offsets = {};
  const ElementSizes sizes = sizes_of(extensions, map);
  const size_t size = sizes.block(map);
  if (size == 0 || size > out.size()) return 0;
  const bool two_byte = sizes.two_byte(map);
  store_u16(out.data(), two_byte ? kTwoByteProfile : kOneByteProfile);
  store_u16(&out[2], static_cast<uint16_t>((size - kBlockHeaderSize) / 4));
  ElementWriter writer(out.data() + kBlockHeaderSize, two_byte);
  const ExtensionOffsets placed = put_all(writer, out.data(), extensions, map);
  if (offsets != nullptr) *offsets = placed;
  std::fill(writer.end(), out.data() + size, uint8_t{0});
  EIR_DCHECK(writer.end() <= out.data() + size);
  return size;
}

}  // namespace eir
