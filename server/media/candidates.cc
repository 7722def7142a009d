#include "server/media/candidates.h"

#include <fmt/core.h>

#include <algorithm>

namespace eir {
namespace {

bool is_v6(const channel::InheritedSocket& socket) { return socket.announce.find(':') != std::string::npos; }

// RFC 8445 section 5.1.2.1: type preference 126 of host candidates, then local preference, then 256 − component.
uint32_t host_priority(uint32_t local_preference) { return (126U << 24) + (local_preference << 8) + (256U - 1U); }

}  // namespace

std::vector<sdp::Candidate> host_candidates(const std::vector<channel::InheritedSocket>& udp) {
  std::vector<const channel::InheritedSocket*> sockets;
  sockets.reserve(udp.size());
  for (const channel::InheritedSocket& socket : udp) sockets.push_back(&socket);
  std::stable_partition(sockets.begin(), sockets.end(), [](const auto* socket) { return is_v6(*socket); });
  std::vector<sdp::Candidate> out;
  for (const channel::InheritedSocket* const socket : sockets) {
    const auto rank = static_cast<uint32_t>(out.size());
    sdp::Candidate candidate;
    // One foundation for each base address (RFC 8445 section 5.1.1.3).
    candidate.foundation = std::to_string(rank + 1);
    candidate.priority = host_priority(65535U - rank);
    candidate.address = socket->announce;
    candidate.port = socket->port;
    out.push_back(std::move(candidate));
  }
  return out;
}

std::string candidate_value(const sdp::Candidate& candidate) {
  const std::string_view tcp_type = candidate.tcp_type.empty() ? "" : " tcptype ";
  return fmt::format("{} {} {} {} {} {} typ {}{}{}", candidate.foundation, candidate.component,
                     candidate.tcp ? "tcp" : "udp", candidate.priority, candidate.address, candidate.port,
                     candidate.type, tcp_type, candidate.tcp_type);
}

}  // namespace eir
