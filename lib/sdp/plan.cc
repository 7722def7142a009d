#include <algorithm>
#include <string_view>
#include <utility>

#include "lib/sdp/codec_choice.h"
#include "lib/sdp/extension_choice.h"
#include "lib/sdp/negotiate.h"
#include "lib/sdp/source_lines.h"
#include "lib/sdp/text.h"
#include "lib/sdp/transport_check.h"

namespace eir::sdp {
namespace {

// RFC 8851 section 5: "pt=96,98" limits a layer to these payload types.
bool allows_payload_type(const RidLine& rid, uint8_t payload_type) {
  const auto list = fmtp_value(rid.restrictions, "pt");
  if (!list) return true;
  std::string_view rest = *list;
  while (!rest.empty()) {
    if (parse_number<uint8_t>(trimmed(next_part(rest, ','))) == payload_type) return true;
  }
  return false;
}

// The layers of a=simulcast:send that can be told apart by their rid, in the order offered.
std::vector<std::string> choose_rids(const MediaSection& media, uint8_t payload_type, size_t layers_max) {
  std::vector<std::string> chosen;
  for (const std::string& id : media.simulcast_send) {
    if (chosen.size() >= layers_max) break;
    const bool is_declared = std::any_of(media.rids.begin(), media.rids.end(), [&](const RidLine& rid) {
      return rid.id == id && rid.send && allows_payload_type(rid, payload_type);
    });
    const bool is_new = std::find(chosen.begin(), chosen.end(), id) == chosen.end();
    if (is_declared && is_new && id.size() <= ShortText::kMax) chosen.push_back(id);
  }
  return chosen;
}

// What both sides can do. Feedback numbers that no extension carries would be a promise without a way to keep it.
void limit_feedback(Feedback& feedback, SectionKind kind, bool has_transport_sequence) {
  feedback.transport_cc = feedback.transport_cc && has_transport_sequence;
  feedback.goog_remb = feedback.goog_remb && !feedback.transport_cc;
  if (kind == SectionKind::kVideo) return;
  feedback.nack_pli = feedback.ccm_fir = feedback.goog_remb = false;
}

// Goes over the m-lines of one offer and counts what the policy limits; lives for one call of plan().
class MediaPlanner {
 public:
  MediaPlanner(const SessionDescription& offer, const Policy& policy, const ExtensionMap& bundle)
      : offer_(offer), policy_(policy), bundle_(bundle) {}

  MediaDescription describe(size_t index) {
    const MediaSection& media = offer_.media[index];
    MediaDescription description;
    description.index = index;
    description.mid = media.mid;
    description.kind = media.kind;
    description.rejected = choose_direction(media, description);
    if (description.rejected) return reject(std::move(description));
    description.codecs = choose_codecs(media, description.receives_from_client, description.sends_to_client);
    if (description.codecs.empty()) {
      description.rejected = MediaRejection::kCodecNone;
      return reject(std::move(description));
    }
    published_ += description.receives_from_client ? 1 : 0;
    slots_ += description.sends_to_client ? 1 : 0;
    fill(media, description);
    return description;
  }

 private:
  static MediaDescription reject(MediaDescription description) {
    description.receives_from_client = description.sends_to_client = false;
    return description;
  }

  std::optional<MediaRejection> choose_direction(const MediaSection& media, MediaDescription& description) const {
    if (media.is_disabled()) return MediaRejection::kDisabledByOffer;
    if (!media.is_rtp()) return MediaRejection::kKindUnsupported;
    const bool is_audio = media.kind == SectionKind::kAudio;
    const bool may_publish = is_audio ? policy_.publish_audio : policy_.publish_video;
    const bool may_receive = is_audio ? policy_.receive_audio : policy_.receive_video;
    const bool publish = may_publish && sends(media.direction);
    const bool receive = may_receive && receives(media.direction);
    // An inactive m-line keeps its place as long as its kind is allowed at all.
    const bool is_idle = media.direction == Direction::kInactive && (may_publish || may_receive);
    if (!publish && !receive && !is_idle) return MediaRejection::kNotAllowed;
    description.receives_from_client = publish && published_ < policy_.publish_media_max;
    description.sends_to_client = receive && slots_ < policy_.receive_media_max;
    if (!is_idle && !description.receives_from_client && !description.sends_to_client) return MediaRejection::kTooMany;
    return std::nullopt;
  }

  std::vector<NegotiatedCodec> choose_codecs(const MediaSection& media, bool published, bool slot) const {
    const std::vector<NegotiatedCodec> offered = known_codecs(media);
    if (media.kind == SectionKind::kAudio) return choose_audio(offered, policy_.allow_g711);
    if (slot && !published) return choose_received_video(offered, policy_.receive_video_codecs);
    return choose_published_video(offered, policy_.publish_video_codecs);
  }

  void fill(const MediaSection& media, MediaDescription& description) const {
    const Direction direction = direction_of(description.sends_to_client, description.receives_from_client);
    const ExtensionChoice extensions = choose_extensions(offer_, media, bundle_, direction);
    description.receive_extensions = extensions.receive;
    description.send_extensions = extensions.send;
    const bool has_sequence = extensions.receive.has(ExtensionKind::kTransportSequence) ||
                              extensions.send.has(ExtensionKind::kTransportSequence);
    for (NegotiatedCodec& codec : description.codecs) limit_feedback(codec.feedback, media.kind, has_sequence);
    description.rtcp_rsize = media.rtcp_rsize;

    SourceLines lines = read_sources(media);
    description.client_ssrcs = std::move(lines.all);
    if (!description.receives_from_client) return;
    description.sources = std::move(lines.sources);
    description.simulcast_ssrcs = std::move(lines.simulcast);
    description.cname = std::move(lines.cname);
    description.stream_id = std::move(lines.stream_id);
    description.track_id = std::move(lines.track_id);
    if (extensions.receive.has(ExtensionKind::kRid)) {
      description.rids = choose_rids(media, description.codecs.front().payload_type, policy_.simulcast_layers_max);
    }
  }

  const SessionDescription& offer_;
  const Policy& policy_;
  const ExtensionMap& bundle_;
  size_t published_ = 0;
  size_t slots_ = 0;
};

// A session from which nothing is left for want of a codec is refused as a whole: the client can be told so at once.
std::optional<SdpRefusal> check_codecs(const Plan& planned) {
  std::optional<SdpRefusal> refusal;
  for (const MediaDescription& media : planned.media) {
    if (media.accepted()) return std::nullopt;
    if (media.rejected != MediaRejection::kCodecNone || refusal) continue;
    refusal = SdpRefusal{SdpError::kCodecNone, planned.offer.media[media.index].line};
  }
  return refusal;
}

std::optional<SdpRefusal> read_remote(Plan& planned) {
  const MediaSection* tagged = tagged_media(planned.offer);
  if (tagged == nullptr) return std::nullopt;
  auto peer = read_peer_transport(planned.offer, *tagged);
  if (!peer) return peer.error();
  // The server is the DTLS server: a client that insists on being it as well cannot be served (RFC 8842 section 5.3).
  if (peer->setup == DtlsSetup::kPassive || peer->setup == DtlsSetup::kHoldconn) {
    return SdpRefusal{SdpError::kSetupUnsupported, tagged->line};
  }
  planned.remote = std::move(peer->remote);
  return std::nullopt;
}

}  // namespace

bool Plan::client_uses(Ssrc ssrc) const {
  return std::any_of(media.begin(), media.end(), [ssrc](const MediaDescription& description) {
    return std::find(description.client_ssrcs.begin(), description.client_ssrcs.end(), ssrc) !=
           description.client_ssrcs.end();
  });
}

Result<Plan, SdpRefusal> plan(const SessionDescription& offer, const Policy& policy) {
  if (const auto refusal = check_media_lines(offer)) return *refusal;
  if (const auto refusal = check_extension_ids(offer)) return *refusal;
  Plan planned;
  planned.offer = offer;
  if (const auto refusal = read_remote(planned)) return *refusal;
  planned.bundle_extensions = bundle_extensions(planned.offer);
  MediaPlanner planner(planned.offer, policy, planned.bundle_extensions);
  for (size_t i = 0; i < offer.media.size(); ++i) planned.media.push_back(planner.describe(i));
  if (const auto refusal = check_codecs(planned)) return *refusal;
  const auto allows_reduced = [](const MediaDescription& media) { return !media.accepted() || media.rtcp_rsize; };
  planned.rtcp_rsize = std::all_of(planned.media.begin(), planned.media.end(), allows_reduced);
  return planned;
}

std::optional<SdpRefusal> check_renegotiation(std::span<const MediaDescription> before, const Plan& now) {
  if (now.media.size() < before.size()) return SdpRefusal{SdpError::kMediaRemoved, 0};
  for (const MediaDescription& media : now.media) {
    const SdpRefusal refusal{SdpError::kMediaReordered, now.offer.media[media.index].line};
    for (size_t i = 0; i < before.size(); ++i) {
      const bool is_same_mid = before[i].mid == media.mid;
      if (i == media.index && !is_same_mid && before[i].accepted()) return refusal;
      if (i != media.index && is_same_mid && !media.mid.empty()) return refusal;
    }
  }
  return std::nullopt;
}

std::optional<SdpRefusal> check_one_way(const Plan& planned, Direction direction) {
  for (const MediaDescription& media : planned.media) {
    const MediaSection& offered = planned.offer.media[media.index];
    if (!offered.is_rtp() || offered.is_disabled()) continue;
    if (offered.direction != direction && offered.direction != Direction::kSendRecv) {
      return SdpRefusal{SdpError::kDirectionNotAllowed, offered.line};
    }
    if (media.accepted()) continue;
    const bool is_codec = media.rejected == MediaRejection::kCodecNone;
    return SdpRefusal{is_codec ? SdpError::kCodecNone : SdpError::kMediaRejected, offered.line};
  }
  return std::nullopt;
}

}  // namespace eir::sdp
