#pragma once

#include <cstdint>
#include <optional>

#include "lib/base/bytes.h"
#include "lib/rtp/payload_info.h"

namespace eir {

// The AV1 aggregation header and the headers of the OBUs that begin in the packet (RTP Payload Format For AV1 1.0,
// sections 4.4 and 4.5). Layers come from the first OBU extension header, if any. A key frame is seen by N, which
// only the first packet of a coded video sequence has. nullopt: cut short, nothing follows, element lengths that do not
// add up, or both N and Z.
std::optional<PayloadInfo> parse_av1(ByteView payload, bool marker);

}  // namespace eir
