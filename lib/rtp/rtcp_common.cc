#include "lib/rtp/rtcp_common.h"

namespace eir {

//  0                   1                   2                   3
//  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1    RFC 3550 section 6.4.1; the length counts
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+    32-bit words, minus one
// |V=2|P|  count  |      PT       |             length            |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
std::optional<RtcpBlock> RtcpIterator::next() {
  if (failed_ || rest_.empty()) return std::nullopt;
  failed_ = true;
  if (rest_.size() < kRtcpHeaderSize || (rest_[0] & 0xc0) != 0x80) return std::nullopt;
  const size_t size = size_t{4} * (load_u16(&rest_[2]) + size_t{1});
  if (size > rest_.size()) return std::nullopt;

  RtcpBlock block{.type = static_cast<RtcpType>(rest_[1]),
                  .count = static_cast<uint8_t>(rest_[0] & 0x1f),
                  .body = rest_.subspan(kRtcpHeaderSize, size - kRtcpHeaderSize)};
  if ((rest_[0] & 0x20) != 0) {
    // Padding belongs to the last packet only and counts itself (RFC 3550 section 6.4.1). There it is a multiple of 4;
    // browsers fill transport-wide feedback up to the next word with 1 to 3 bytes and say so in the same way.
    if (size != rest_.size() || block.body.empty()) return std::nullopt;
    const size_t padding = block.body.back();
    if (padding == 0 || padding > block.body.size()) return std::nullopt;
    block.body = block.body.first(block.body.size() - padding);
  }
  rest_ = rest_.subspan(size);
  failed_ = false;
  return block;
}

bool write_rtcp_header(ByteWriter& writer, RtcpType type, size_t count, size_t body_size) {
  constexpr size_t kBodyMax = size_t{4} * 0xffff;
  if (count > kRtcpCountMax || body_size % 4 != 0 || body_size > kBodyMax) return false;
  if (writer.failed() || writer.remaining() < kRtcpHeaderSize + body_size) return false;
  writer.u8(static_cast<uint8_t>(0x80 | count));
  writer.u8(static_cast<uint8_t>(type));
  writer.u16(static_cast<uint16_t>(body_size / 4));
  return true;
}

}  // namespace eir
