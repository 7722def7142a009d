#include "lib/rtp/red.h"

#include <cstring>

namespace eir {
namespace {

//  0                   1                   2                   3
//  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1    RFC 2198 section 3
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |1|  block PT   |  timestamp offset         |   block length    |  one for each redundant block
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |0|  block PT   |  of the primary: the last header; the blocks' data follow in the same order
// +-+-+-+-+-+-+-+-+
constexpr uint8_t kMore = 0x80;
constexpr unsigned kLengthBits = 10;

bool is_expressible(const RedBlock& block) {
  return block.timestamp_offset <= kRedOffsetMax && block.payload.size() <= kRedBlockBytesMax;
}

}  // namespace

std::optional<RedPayload> parse_red(ByteView payload) {
  ByteReader headers(payload);
  RedPayload out;
  std::array<size_t, kRedRedundantMax> sizes{};
  uint8_t first = headers.u8();
  while ((first & kMore) != 0) {
    if (out.redundant_count == kRedRedundantMax) return std::nullopt;
    const uint32_t rest = headers.u24();
    sizes[out.redundant_count] = rest & kRedBlockBytesMax;
    out.redundant[out.redundant_count++] = {.payload_type = static_cast<uint8_t>(first & ~kMore),
                                            .timestamp_offset = static_cast<uint16_t>(rest >> kLengthBits),
                                            .payload = {}};
    first = headers.u8();
  }
  for (size_t i = 0; i < out.redundant_count; ++i) out.redundant[i].payload = headers.bytes(sizes[i]);
  if (headers.failed()) return std::nullopt;
  out.primary = {.payload_type = first, .timestamp_offset = 0, .payload = headers.rest()};
  return out;
}

size_t write_red(MutableBytes out, std::span<const RedBlock> redundant, const RedBlock& primary) {
  ByteWriter writer(out);
  size_t taken = 0;
  for (const RedBlock& block : redundant) {
    if (!is_expressible(block) || taken == kRedRedundantMax) continue;
    ++taken;
    writer.u8(static_cast<uint8_t>(kMore | block.payload_type));
    writer.u24(static_cast<uint32_t>(block.timestamp_offset << kLengthBits | block.payload.size()));
  }
  writer.u8(static_cast<uint8_t>(primary.payload_type & ~kMore));
  taken = 0;
  for (const RedBlock& block : redundant) {
    if (!is_expressible(block) || taken == kRedRedundantMax) continue;
    ++taken;
    writer.bytes(block.payload);
  }
  writer.bytes(primary.payload);
  return writer.failed() ? 0 : writer.size();
}

}  // namespace eir
