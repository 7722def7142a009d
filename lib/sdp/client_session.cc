#include "lib/sdp/client_session.h"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "lib/sdp/codec_choice.h"
#include "lib/sdp/parser.h"
#include "lib/sdp/printer.h"
#include "lib/sdp/source_lines.h"
#include "lib/sdp/transport_check.h"

namespace eir::sdp {
namespace {

constexpr std::array<ExtensionKind, kExtensionKinds> kAllExtensions = {
    ExtensionKind::kMid,
    ExtensionKind::kRid,
    ExtensionKind::kRepairedRid,
    ExtensionKind::kAudioLevel,
    ExtensionKind::kTransportSequence,
    ExtensionKind::kAbsSendTime,
    ExtensionKind::kAbsCaptureTime,
    ExtensionKind::kVideoOrientation,
    ExtensionKind::kPlayoutDelay,
    ExtensionKind::kVideoContentType,
    ExtensionKind::kDependencyDescriptor,
    ExtensionKind::kVideoLayersAllocation,
};

void add_codec(MediaSection& section, const NegotiatedCodec& codec) {
  CodecLine& line = section.codecs.emplace_back();
  line.payload_type = codec.payload_type;
  line.name = encoding_name(codec.codec);
  line.clock_rate = clock_rate_of(codec.codec);
  line.channels = codec.codec == Codec::kOpus ? 2 : 1;
  line.fmtp = codec.fmtp;
  line.feedback = codec.feedback;
  if (!codec.rtx_payload_type) return;
  CodecLine& rtx = section.codecs.emplace_back();
  rtx.payload_type = *codec.rtx_payload_type;
  rtx.name = "rtx";
  rtx.clock_rate = clock_rate_of(codec.codec);
  rtx.fmtp = "apt=" + std::to_string(codec.payload_type);
}

MediaSection offered_section(const OfferParameters& parameters, const OfferedMedia& media) {
  MediaSection section;
  section.kind = media.kind == MediaKind::kAudio ? SectionKind::kAudio : SectionKind::kVideo;
  section.kind_text = media.kind == MediaKind::kAudio ? "audio" : "video";
  section.port = media.disabled ? 0 : 9;
  section.protocol = "UDP/TLS/RTP/SAVPF";
  section.mid = media.mid;
  section.direction = media.disabled ? Direction::kInactive : media.direction;
  for (const NegotiatedCodec& codec : media.codecs) add_codec(section, codec);
  if (media.disabled) return section;
  section.transport.ice = parameters.ice;
  section.transport.fingerprints = {parameters.fingerprint};
  section.transport.setup = parameters.setup;
  section.rtcp_mux = true;
  section.rtcp_rsize = media.rtcp_rsize;
  for (const ExtensionKind kind : kAllExtensions) {
    if (!media.extensions.has(kind)) continue;
    ExtensionLine& line = section.extensions.emplace_back();
    line.id = media.extensions.id(kind);
    line.uri = extension_uri(kind);
  }
  if (!sends(media.direction)) return section;
  section.simulcast_send = media.rids;
  for (const std::string& rid : media.rids) section.rids.push_back({rid, true, {}});
  section.stream_id = media.stream_id;
  section.track_id = media.track_id;
  for (const SourcePair& pair : media.sources) write_source(section, pair, media.cname);
  return section;
}

AnsweredMedia answered_media(const SessionDescription& session, size_t index) {
  const MediaSection& section = session.media[index];
  AnsweredMedia media;
  media.index = index;
  media.mid = section.mid;
  media.kind = section.kind;
  media.accepted = !section.is_disabled();
  if (!media.accepted) return media;
  media.client_sends = receives(section.direction);
  media.client_receives = sends(section.direction);
  media.codecs = known_codecs(section);
  media.extensions.allow_mixed = session.extmap_allow_mixed || section.extmap_allow_mixed;
  for (const ExtensionLine& line : section.extensions) {
    const auto kind = extension_from_uri(line.uri);
    if (!kind || line.id > ExtensionMap::kIdMax || media.extensions.has(*kind)) continue;
    media.extensions.add(static_cast<uint8_t>(line.id), *kind);
  }
  if (media.client_sends) media.rids = section.simulcast_recv;
  media.rtcp_rsize = section.rtcp_rsize;
  if (!media.client_receives) return media;
  SourceLines lines = read_sources(section);
  media.sources = std::move(lines.sources);
  media.cname = std::move(lines.cname);
  media.stream_id = std::move(lines.stream_id);
  media.track_id = std::move(lines.track_id);
  return media;
}

Result<Answer, SdpRefusal> parse_peer(std::string_view text, std::span<const DtlsSetup> setups) {
  const auto session = parse(text);
  if (!session) return session.error();
  if (const auto refusal = check_media_lines(*session)) return *refusal;
  Answer answer;
  answer.ice_lite = session->ice_lite;
  if (const MediaSection* tagged = tagged_media(*session)) {
    auto peer = read_peer_transport(*session, *tagged);
    if (!peer) return peer.error();
    if (!peer->setup || std::ranges::find(setups, *peer->setup) == setups.end()) {
      return SdpRefusal{SdpError::kSetupUnsupported, tagged->line};
    }
    answer.setup = *peer->setup;
    answer.ice = std::move(peer->remote.ice);
    answer.fingerprint = std::move(peer->remote.fingerprint);
    answer.candidates = std::move(peer->remote.candidates);
    answer.end_of_candidates = peer->remote.end_of_candidates;
  }
  for (size_t i = 0; i < session->media.size(); ++i) answer.media.push_back(answered_media(*session, i));
  return answer;
}

}  // namespace

NegotiatedCodec offered_codec(Codec codec, uint8_t payload_type, std::optional<uint8_t> rtx_payload_type) {
  NegotiatedCodec offered;
  offered.payload_type = payload_type;
  offered.codec = codec;
  offered.rtx_payload_type = rtx_payload_type;
  offered.feedback.transport_cc = true;
  switch (codec) {
    case Codec::kOpus:
      offered.fmtp = "minptime=10;useinbandfec=1";
      break;
    case Codec::kH264:
      offered.h264 = H264Format{.profile_level_id = 0x42e01f, .packetization_mode = 1};
      offered.fmtp = "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f";
      break;
    case Codec::kVp9:
      offered.fmtp = "profile-id=0";
      break;
    case Codec::kAv1:
      offered.fmtp = "level-idx=5;profile=0;tier=0";
      break;
    case Codec::kPcmu:
    case Codec::kPcma:
    case Codec::kVp8:
      break;
  }
  if (kind_of(codec) == MediaKind::kVideo) {
    offered.feedback.nack = offered.feedback.nack_pli = offered.feedback.ccm_fir = true;
  }
  return offered;
}

std::string write_offer(const OfferParameters& parameters) {
  SessionDescription session;
  session.session_id = parameters.session_id;
  session.session_version = parameters.session_version;
  session.extmap_allow_mixed = parameters.extmap_allow_mixed;
  for (const OfferedMedia& media : parameters.media) {
    MediaSection section = offered_section(parameters, media);
    if (!media.disabled && session.bundle.empty()) section.candidates = parameters.candidates;
    if (!media.disabled) session.bundle.push_back(media.mid);
    session.media.push_back(std::move(section));
  }
  return print(session);
}

Result<Answer, SdpRefusal> parse_answer(std::string_view text) {
  constexpr std::array kSetups = {DtlsSetup::kActive, DtlsSetup::kPassive};
  return parse_peer(text, kSetups);
}

Result<Answer, SdpRefusal> parse_server_offer(std::string_view text) {
  constexpr std::array kSetups = {DtlsSetup::kActpass, DtlsSetup::kPassive};
  return parse_peer(text, kSetups);
}

}  // namespace eir::sdp
