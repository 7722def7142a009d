#pragma once

#include <cstdint>
#include <string>

#include "server/channel/messages.h"
#include "server/consultation/public_id.h"

namespace eir {

struct WhipResourceKind {
  static constexpr std::string_view kPrefix = "r_";
};
using WhipResourceKey = PublicId<WhipResourceKind>;

// A transport that was asked for by HTTP: WHIP publishes, WHEP plays. It belongs to one participant, lives as long as
// the media worker keeps the transport, and is held by RoomBridge with the participant's other transports.
struct WhipResource {
  // Empty for one that an earlier control process made: its client gets 404 and posts anew, the transport counts until
  // its end.
  WhipResourceKey key;
  channel::SessionKind kind = channel::SessionKind::kWhip;
  TransportId transport;
  // Of the client, in the current ICE session.
  std::string ufrag;
  // Counts ICE sessions: the entity tag.
  uint32_t ice_session = 1;
  // The m-line that carries the BUNDLE group's transport, and its a=mid, as a fragment names it.
  std::string media;

  std::string etag() const { return '"' + std::to_string(ice_session) + '"'; }
};

}  // namespace eir
