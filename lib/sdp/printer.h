#pragma once

#include <string>

#include "lib/sdp/session_description.h"

namespace eir::sdp {

// The text of a description, lines ended by CRLF. All strings in it must be free of line breaks, as parse() leaves
// them.
std::string print(const SessionDescription& session);

}  // namespace eir::sdp
