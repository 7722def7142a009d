#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "lib/base/path.h"
#include "lib/sdp/session_description.h"

namespace eir {

// "192.0.2.1" or "2001:db8::1" (RFC 4291 section 2.2); nullopt for anything else, such as a .local name.
std::optional<SocketAddress> parse_address(std::string_view text, uint16_t port);

// Each local socket with each UDP address, the best candidates first.
std::vector<Path> candidate_pairs(uint32_t sockets, std::span<const SocketAddress> servers);
// Those of an answer that this client can use: UDP, component 1, numeric; by descending priority.
std::vector<SocketAddress> usable_addresses(std::span<const sdp::Candidate> candidates);

}  // namespace eir
