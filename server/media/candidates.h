#pragma once

#include <string>
#include <vector>

#include "lib/sdp/session_description.h"
#include "server/channel/start.h"

namespace eir {

// One host candidate for each UDP socket, announced as configured: IPv6 first (RFC 8421 section 4 lets either lead),
// within a family as listed, with the priorities of RFC 8445 section 5.1.2.
std::vector<sdp::Candidate> host_candidates(const std::vector<channel::InheritedSocket>& udp);

// The value of an a=candidate line (RFC 8839 section 5.1), for ICE restarts that are answered without an SDP.
std::string candidate_value(const sdp::Candidate& candidate);

}  // namespace eir
