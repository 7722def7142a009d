#include "lib/sdp/extension_choice.h"

#include <algorithm>
#include <map>
#include <string_view>

namespace eir::sdp {
namespace {

// A video extension on an audio m-line would be noise, and the other way round.
bool fits_kind(ExtensionKind extension, SectionKind kind) {
  switch (extension) {
    case ExtensionKind::kMid:
    case ExtensionKind::kTransportSequence:
    case ExtensionKind::kAbsSendTime:
    case ExtensionKind::kAbsCaptureTime:
      return true;
    case ExtensionKind::kAudioLevel:
      return kind == SectionKind::kAudio;
    case ExtensionKind::kRid:
    case ExtensionKind::kRepairedRid:
    case ExtensionKind::kVideoOrientation:
    case ExtensionKind::kPlayoutDelay:
    case ExtensionKind::kVideoContentType:
    case ExtensionKind::kDependencyDescriptor:
    case ExtensionKind::kVideoLayersAllocation:
      return kind == SectionKind::kVideo;
  }
  return false;
}

// A slot is one stream without layers of its own: no rid, and its layers are the server's business.
bool is_for_slots(ExtensionKind extension) {
  return extension != ExtensionKind::kRid && extension != ExtensionKind::kRepairedRid &&
         extension != ExtensionKind::kVideoLayersAllocation;
}

bool in_bundle(const SessionDescription& offer, const MediaSection& media) {
  return !media.is_disabled() && std::find(offer.bundle.begin(), offer.bundle.end(), media.mid) != offer.bundle.end();
}

// 0 if it fits no packet: RFC 8285 leaves 256 and above for signalling only.
uint8_t packet_id(const ExtensionLine& line) {
  return line.id <= ExtensionMap::kIdMax ? static_cast<uint8_t>(line.id) : uint8_t{0};
}

}  // namespace

std::optional<SdpRefusal> check_extension_ids(const SessionDescription& offer) {
  // At most kLinesMax entries; the views point into `offer`.
  std::map<uint16_t, std::string_view> uris;
  for (const MediaSection& media : offer.media) {
    if (!in_bundle(offer, media)) continue;
    for (const ExtensionLine& line : media.extensions) {
      const auto [known, is_new] = uris.emplace(line.id, line.uri);
      if (!is_new && known->second != line.uri) return SdpRefusal{SdpError::kExtensionIdConflict, line.line};
    }
  }
  return std::nullopt;
}

ExtensionMap bundle_extensions(const SessionDescription& offer) {
  ExtensionMap map;
  map.allow_mixed = offer.extmap_allow_mixed;
  for (const MediaSection& media : offer.media) {
    if (!in_bundle(offer, media) || !media.is_rtp()) continue;
    map.allow_mixed = map.allow_mixed || media.extmap_allow_mixed;
    for (const ExtensionLine& line : media.extensions) {
      const auto kind = extension_from_uri(line.uri);
      if (kind && !map.has(*kind)) map.add(packet_id(line), *kind);
    }
  }
  return map;
}

ExtensionChoice choose_extensions(const SessionDescription& offer, const MediaSection& media,
                                  const ExtensionMap& bundle, Direction server_direction) {
  ExtensionChoice choice;
  choice.receive.allow_mixed = choice.send.allow_mixed = offer.extmap_allow_mixed || media.extmap_allow_mixed;
  for (const ExtensionLine& line : media.extensions) {
    const auto kind = extension_from_uri(line.uri);
    if (!kind || packet_id(line) == 0 || bundle.id(*kind) != packet_id(line) || !fits_kind(*kind, media.kind)) continue;
    // An extension that the client only sends is one that the server only receives.
    const bool receive = receives(server_direction) && sends(line.direction) && !choice.receive.has(*kind);
    const bool send =
        sends(server_direction) && receives(line.direction) && is_for_slots(*kind) && !choice.send.has(*kind);
    if (!receive && !send) continue;
    if (receive) choice.receive.add(packet_id(line), *kind);
    if (send) choice.send.add(packet_id(line), *kind);
    ExtensionLine answered = line;
    answered.direction = direction_of(send, receive);
    choice.answered.push_back(std::move(answered));
  }
  return choice;
}

}  // namespace eir::sdp
