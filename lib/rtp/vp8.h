#pragma once

#include <cstdint>
#include <optional>

#include "lib/base/bytes.h"
#include "lib/rtp/payload_info.h"

namespace eir {

// The VP8 payload descriptor (RFC 7741 section 4.2) and, in the first packet of a key frame, the frame size from the
// VP8 payload header (section 4.3, RFC 6386 section 9.1). nullopt: the descriptor is cut short or nothing follows it.
std::optional<PayloadInfo> parse_vp8(ByteView payload, bool marker);

// See patch_picture_ids: never grows the payload, a 7-bit picture id stays one.
void patch_vp8(MutableBytes payload, const PayloadInfo& info, uint16_t picture_id, uint8_t tl0_pic_idx);

}  // namespace eir
