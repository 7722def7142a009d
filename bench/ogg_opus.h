#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "lib/base/bytes.h"

namespace eir::bench {

// The Opus packets of an Ogg file (RFC 3533, RFC 7845), its two header packets left out. Nothing if the file is not a
// single Opus stream. Checksums are not looked at: the file is one's own.
std::optional<std::vector<std::vector<uint8_t>>> parse_ogg_opus(ByteView file);

}  // namespace eir::bench
