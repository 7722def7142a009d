#include "lib/sdp/transport_check.h"

#include <algorithm>
#include <array>
#include <set>
#include <string_view>

#include "lib/rtp/header_extensions.h"

namespace eir::sdp {
namespace {

// RFC 8839 section 5.4.
constexpr size_t kUfragSizeMin = 4;
constexpr size_t kPasswordSizeMin = 22;
constexpr size_t kIceTextSizeMax = 256;

bool is_bundled(const SessionDescription& session, const MediaSection& media) {
  return std::find(session.bundle.begin(), session.bundle.end(), media.mid) != session.bundle.end();
}

// RFC 8829 section 5.1.2; media without DTLS or without feedback cannot be served.
bool is_protocol_supported(const MediaSection& media) {
  if (!media.is_rtp()) return true;  // gets port 0 whatever it is
  return (media.protocol == "UDP/TLS/RTP/SAVPF" || media.protocol == "TCP/DTLS/RTP/SAVPF" ||
          media.protocol == "TCP/TLS/RTP/SAVPF") &&
         !media.has_sdes_keys;
}

std::optional<SdpError> check_media_line(const SessionDescription& session, const MediaSection& media) {
  if (media.mid.empty()) return session.bundle.empty() ? SdpError::kBundleRequired : SdpError::kMidMissing;
  if (media.mid.size() > ShortText::kMax) return SdpError::kMidTooLong;
  if (!is_protocol_supported(media)) return SdpError::kTransportUnsupported;
  if (!is_bundled(session, media)) return SdpError::kBundleRequired;
  if (media.is_rtp() && !media.rtcp_mux) return SdpError::kRtcpMuxRequired;
  return std::nullopt;
}

struct HashStrength {
  std::string_view algorithm;
  uint8_t size;
};
// RFC 8122 section 5; the strongest comes first.
constexpr std::array<HashStrength, 3> kHashes = {{{"sha-512", 64}, {"sha-384", 48}, {"sha-256", 32}}};

const Fingerprint* strongest(const std::vector<Fingerprint>& fingerprints) {
  for (const HashStrength& hash : kHashes) {
    for (const Fingerprint& fingerprint : fingerprints) {
      if (fingerprint.algorithm == hash.algorithm && fingerprint.size == hash.size) return &fingerprint;
    }
  }
  return nullptr;
}

bool is_ice_text(std::string_view text, size_t size_min) {
  return text.size() >= size_min && text.size() <= kIceTextSizeMax &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

}  // namespace

std::optional<SdpRefusal> check_media_lines(const SessionDescription& session) {
  if (session.media.empty()) return SdpRefusal{SdpError::kNoMedia, 0};
  std::set<std::string_view> mids;
  for (const MediaSection& media : session.media) {
    if (!media.mid.empty() && !mids.insert(media.mid).second) return SdpRefusal{SdpError::kMidDuplicate, media.line};
    if (media.is_disabled()) continue;
    if (const auto error = check_media_line(session, media)) return SdpRefusal{*error, media.line};
  }
  return std::nullopt;
}

const MediaSection* tagged_media(const SessionDescription& session) {
  // A bundle-only m-line has no transport of its own, so the tagged one is the first with a port.
  const MediaSection* bundle_only = nullptr;
  for (const std::string& mid : session.bundle) {
    for (const MediaSection& media : session.media) {
      if (media.mid != mid || media.is_disabled()) continue;
      if (media.port != 0) return &media;
      if (bundle_only == nullptr) bundle_only = &media;
    }
  }
  return bundle_only;
}

Result<PeerTransport, SdpRefusal> read_peer_transport(const SessionDescription& session, const MediaSection& tagged) {
  const TransportAttributes& own = tagged.transport;
  const TransportAttributes& common = session.transport;
  PeerTransport peer;
  peer.remote.ice.ufrag = own.ice.ufrag.empty() ? common.ice.ufrag : own.ice.ufrag;
  peer.remote.ice.password = own.ice.password.empty() ? common.ice.password : own.ice.password;
  if (peer.remote.ice.ufrag.empty() || peer.remote.ice.password.empty()) {
    return SdpRefusal{SdpError::kIceMissing, tagged.line};
  }
  if (!is_ice_text(peer.remote.ice.ufrag, kUfragSizeMin) || !is_ice_text(peer.remote.ice.password, kPasswordSizeMin)) {
    return SdpRefusal{SdpError::kIceInvalid, tagged.line};
  }
  const std::vector<Fingerprint>& fingerprints = own.fingerprints.empty() ? common.fingerprints : own.fingerprints;
  if (fingerprints.empty()) return SdpRefusal{SdpError::kFingerprintMissing, tagged.line};
  const Fingerprint* fingerprint = strongest(fingerprints);
  if (fingerprint == nullptr) return SdpRefusal{SdpError::kFingerprintWeak, tagged.line};
  peer.remote.fingerprint = *fingerprint;
  peer.remote.candidates = tagged.candidates;
  peer.remote.end_of_candidates = tagged.end_of_candidates;
  peer.setup = own.setup ? own.setup : common.setup;
  return peer;
}

}  // namespace eir::sdp
