#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "lib/base/bytes.h"

namespace eir {

// Redundant audio data (RFC 2198): one packet carries its own payload and those of packets before it.
inline constexpr size_t kRedRedundantMax = 8;  // earlier payloads read of one packet; libwebrtc sends at most that many
inline constexpr uint16_t kRedOffsetMax = (1 << 14) - 1;  // 341 ms at 48 kHz
inline constexpr size_t kRedBlockBytesMax = (1 << 10) - 1;

struct RedBlock {
  uint8_t payload_type = 0;
  uint16_t timestamp_offset = 0;  // how much earlier than the packet's RTP time; the primary's is 0
  ByteView payload;
};

struct RedPayload {
  std::span<const RedBlock> earlier() const { return std::span(redundant).first(redundant_count); }

  std::array<RedBlock, kRedRedundantMax> redundant{};  // in the order of the packet: usually the oldest first
  size_t redundant_count = 0;
  RedBlock primary;
};

// nullopt: blocks longer than the payload, no primary header, or more than kRedRedundantMax redundant blocks. A block,
// the primary too, may be empty.
std::optional<RedPayload> parse_red(ByteView payload);

// Writes the payload of a RED packet at the start of `out` and returns its size; 0 if it does not fit. Redundant blocks
// that RED cannot express (too old, too long) and those beyond kRedRedundantMax are left out, the primary never.
size_t write_red(MutableBytes out, std::span<const RedBlock> redundant, const RedBlock& primary);

}  // namespace eir
