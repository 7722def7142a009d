#pragma once

#include <string_view>

#include "lib/sdp/sdp_error.h"
#include "lib/sdp/session_description.h"

namespace eir::sdp {

// Reads the WebRTC subset of RFC 8866. Lines may end with CRLF or LF; attributes that Eir has no use for are skipped.
// What is malformed in a line that Eir does use is refused with that line's number, nothing is guessed.
Result<SessionDescription, SdpRefusal> parse(std::string_view text);

}  // namespace eir::sdp
