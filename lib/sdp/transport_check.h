#pragma once

#include <optional>

#include "lib/sdp/negotiate.h"
#include "lib/sdp/sdp_error.h"
#include "lib/sdp/session_description.h"

namespace eir::sdp {

// Mids, BUNDLE, rtcp-mux and transport protocol of all m-lines in use: what both an offer and an answer must have.
std::optional<SdpRefusal> check_media_lines(const SessionDescription& session);

// The m-line whose transport attributes count for the whole BUNDLE group (RFC 9143 section 7.2); nullptr if all are
// disabled. Call after check_media_lines().
const MediaSection* tagged_media(const SessionDescription& session);

// The peer's ICE credentials and fingerprint, at the tagged m-line or at session level.
struct PeerTransport {
  RemoteTransport remote;
  std::optional<DtlsSetup> setup;
};
Result<PeerTransport, SdpRefusal> read_peer_transport(const SessionDescription& session, const MediaSection& tagged);

}  // namespace eir::sdp
