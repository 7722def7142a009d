#include "lib/client/payload_stamp.h"

#include <array>
#include <cstring>

#include "lib/base/check.h"

namespace eir {
namespace {

constexpr size_t kSizeAt = 10;
constexpr size_t kCrcAt = 24;
constexpr size_t kPlaces = 1024;

constexpr std::array<uint32_t, 256> kCrcTable = [] {
  std::array<uint32_t, 256> table{};
  for (uint32_t i = 0; i < 256; ++i) {
    uint32_t value = i;
    for (int bit = 0; bit < 8; ++bit) value = (value >> 1) ^ ((value & 1) != 0 ? 0xedb88320U : 0U);
    table[i] = value;
  }
  return table;
}();

uint32_t crc32(ByteView bytes) {
  uint32_t value = 0xffffffff;
  for (const uint8_t byte : bytes) value = kCrcTable[(value ^ byte) & 0xff] ^ (value >> 8);
  return ~value;
}

// The text is long enough to begin at any place; comparing and copying it costs a memcmp and a memcpy, which a bench of
// thousands of clients can afford.
constexpr std::array<uint8_t, kPlaces + kStampedBytesMax> kFilling = [] {
  std::array<uint8_t, kPlaces + kStampedBytesMax> text{};
  uint32_t state = 1;
  for (uint8_t& byte : text) {
    state = state * 1664525 + 1013904223;  // Knuth and Lewis, as in "Numerical Recipes"
    byte = static_cast<uint8_t>(state >> 24);
  }
  return text;
}();

const uint8_t* filling_for(uint32_t crc) { return kFilling.data() + crc % kPlaces; }

}  // namespace

void write_stamped(MutableBytes out, const PayloadStamp& stamp) {
  EIR_DCHECK(out.size() >= kPayloadStampBytes && out.size() <= kStampedBytesMax);
  ByteWriter writer(out);
  writer.u32(stamp.tag);
  writer.u8(stamp.media_index);
  writer.u8(stamp.encoding);
  writer.u16(stamp.packet_index);
  writer.u16(stamp.packet_count);
  writer.u16(static_cast<uint16_t>(out.size()));
  writer.u32(stamp.frame);
  writer.u64(static_cast<uint64_t>(stamp.capture.time_since_epoch().count()));
  const uint32_t crc = crc32(out.first(kCrcAt));
  writer.u32(crc);
  writer.bytes({filling_for(crc), out.size() - kPayloadStampBytes});
}

std::optional<PayloadStamp> read_stamped(ByteView body) {
  if (body.size() < kPayloadStampBytes || body.size() > kStampedBytesMax) return std::nullopt;
  const uint32_t crc = crc32(body.first(kCrcAt));
  if (crc != load_u32(&body[kCrcAt]) || load_u16(&body[kSizeAt]) != body.size()) return std::nullopt;
  const ByteView filling = body.subspan(kPayloadStampBytes);
  if (!filling.empty() && std::memcmp(filling.data(), filling_for(crc), filling.size()) != 0) return std::nullopt;
  ByteReader reader(body);
  PayloadStamp stamp;
  stamp.tag = reader.u32();
  stamp.media_index = reader.u8();
  stamp.encoding = reader.u8();
  stamp.packet_index = reader.u16();
  stamp.packet_count = reader.u16();
  reader.skip(2);
  stamp.frame = reader.u32();
  stamp.capture = Timestamp(Duration(static_cast<int64_t>(reader.u64())));
  return stamp;
}

}  // namespace eir
