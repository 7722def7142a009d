#include <algorithm>
#include <array>
#include <utility>

#include "lib/client/candidate_pairs.h"
#include "lib/client/client.h"

// Offers and answers of a client.
namespace eir {
namespace {

struct ExtensionId {
  ExtensionKind kind;
  uint8_t id;
};
// The ids that Chromium gives by default.
constexpr std::array kExtensionIds = {
    ExtensionId{ExtensionKind::kAudioLevel, 1},
    ExtensionId{ExtensionKind::kAbsSendTime, 2},
    ExtensionId{ExtensionKind::kTransportSequence, 3},
    ExtensionId{ExtensionKind::kMid, 4},
    ExtensionId{ExtensionKind::kRid, 10},
    ExtensionId{ExtensionKind::kRepairedRid, 11},
};
// Beyond 14 only the two-byte form can carry them (RFC 8285 section 4.2).
constexpr uint8_t kTwoByteShift = 16;

bool is_for(ExtensionKind extension, MediaKind media) {
  if (extension == ExtensionKind::kAudioLevel) return media == MediaKind::kAudio;
  if (extension == ExtensionKind::kRid || extension == ExtensionKind::kRepairedRid) return media == MediaKind::kVideo;
  return true;
}

sdp::Fingerprint to_sdp(const CertificateFingerprint& fingerprint) {
  sdp::Fingerprint result;
  result.algorithm = fingerprint.algorithm();
  result.bytes = fingerprint.bytes;
  result.size = static_cast<uint8_t>(fingerprint.size());
  return result;
}

std::optional<CertificateFingerprint> from_sdp(const sdp::Fingerprint& fingerprint) {
  constexpr std::array kHashes = {FingerprintHash::kSha256, FingerprintHash::kSha384, FingerprintHash::kSha512};
  for (const FingerprintHash hash : kHashes) {
    CertificateFingerprint result{.hash = hash, .bytes = fingerprint.bytes};
    if (result.algorithm() == fingerprint.algorithm && result.size() == fingerprint.size) return result;
  }
  return std::nullopt;
}

// RFC 8445 section 5.1.2.1: type preference 126, component 1; the first address has the highest local preference.
std::vector<sdp::Candidate> host_candidates(std::span<const SocketAddress> addresses) {
  constexpr uint32_t kTypePreference = 126;
  constexpr uint32_t kComponent = 1;
  std::vector<sdp::Candidate> candidates;
  for (const SocketAddress& address : addresses) {
    std::string text = address.to_string();
    text.resize(text.rfind(':'));
    if (!address.is_v4()) text = text.substr(1, text.size() - 2);  // brackets
    const auto local_preference = static_cast<uint32_t>(UINT16_MAX - candidates.size());
    candidates.push_back({.foundation = std::to_string(candidates.size() + 1),
                          .component = kComponent,
                          .priority = kTypePreference << 24 | local_preference << 8 | (256 - kComponent),
                          .address = std::move(text),
                          .port = address.port});
  }
  return candidates;
}

}  // namespace

std::string Client::add_audio_track(const AudioTrackOptions& track) {
  std::string mid = std::to_string(media_.size());
  const SenderIdentity identity{mid, static_cast<uint8_t>(media_.size()), options_.tag};
  senders_.push_back(std::make_unique<ClientSender>(track, identity, random_));
  media_.push_back({.sender = senders_.back().get()});
  register_ssrcs();
  return mid;
}

std::string Client::add_video_track(const VideoTrackOptions& track) {
  std::string mid = std::to_string(media_.size());
  const SenderIdentity identity{mid, static_cast<uint8_t>(media_.size()), options_.tag};
  senders_.push_back(std::make_unique<ClientSender>(track, identity, random_));
  media_.push_back({.sender = senders_.back().get()});
  register_ssrcs();
  return mid;
}

std::string Client::add_slot(MediaKind kind) { return add_slot(kind, std::to_string(media_.size())); }

std::string Client::add_slot(MediaKind kind, std::string mid) {
  const ReceiverOptions receiver{options_.nack, options_.key_frame_requests, options_.decrypt_one_in};
  receivers_.push_back(std::make_unique<ClientReceiver>(kind, mid, receiver));
  media_.push_back({.receiver = receivers_.back().get()});
  return mid;
}

void Client::remove_media(Timestamp now, std::string_view mid) {
  end_streams(now, mid);
  for (Media& media : media_) {
    const std::string& own = media.sender != nullptr ? media.sender->mid() : media.receiver->mid();
    if (own == mid) media.is_removed = true;
  }
}

ExtensionMap Client::offered_extensions(MediaKind kind) const {
  ExtensionMap map;
  for (const ExtensionId& one : kExtensionIds) {
    if (one.kind == ExtensionKind::kTransportSequence && !options_.transport_cc) continue;
    const auto id = static_cast<uint8_t>(options_.two_byte_extensions ? one.id + kTwoByteShift : one.id);
    if (is_for(one.kind, kind)) map.add(id, one.kind);
  }
  return map;
}

sdp::OfferedMedia Client::offered_track(const ClientSender& sender) const {
  sdp::OfferedMedia media = sender.offered();
  media.extensions = offered_extensions(media.kind);
  media.cname = options_.name;
  media.stream_id = options_.name;
  media.track_id = options_.name + "-" + media.mid;
  return media;
}

sdp::OfferedMedia Client::offered_slot(const ClientReceiver& receiver) const {
  sdp::OfferedMedia media;
  media.mid = receiver.mid();
  media.kind = receiver.kind();
  media.direction = sdp::Direction::kRecvOnly;
  media.extensions = offered_extensions(media.kind);
  if (media.kind == MediaKind::kAudio) {
    media.codecs = {client_codec(Codec::kOpus, false)};
    return media;
  }
  for (const Codec codec : options_.slot_video_codecs) media.codecs.push_back(client_codec(codec, options_.nack));
  return media;
}

sdp::OfferParameters Client::session_parameters(sdp::DtlsSetup setup) {
  sdp::OfferParameters session;
  session.session_id = std::to_string(uint64_t{options_.tag} + 1);
  session.session_version = ++offers_;
  session.ice = {transport_.local_ice().ufrag, transport_.local_ice().pwd};
  session.fingerprint = to_sdp(transport_.fingerprint());
  session.setup = setup;
  session.candidates = host_candidates(options_.addresses);
  return session;
}

std::string Client::write_offer() {
  using sdp::DtlsSetup;
  sdp::OfferParameters offer =
      session_parameters(options_.offers_dtls_active ? DtlsSetup::kActive : DtlsSetup::kActpass);
  for (const Media& media : media_) {
    offer.media.push_back(media.sender != nullptr ? offered_track(*media.sender) : offered_slot(*media.receiver));
    offer.media.back().disabled = media.is_removed;
  }
  return sdp::write_offer(offer);
}

bool Client::matches_offer(const sdp::Answer& answer) const {
  if (answer.media.size() != media_.size()) return false;
  const auto fingerprint = from_sdp(answer.fingerprint);
  if (!fingerprint) return false;
  const CertificateFingerprint* const known = transport_.expected_fingerprint();
  return known == nullptr || *known == *fingerprint;
}

Result<void, ClientRefusal> Client::handle_answer(Timestamp now, std::string_view text,
                                                  std::span<const SocketAddress> servers) {
  now_ = std::max(now_, now);
  const auto answer = sdp::parse_answer(text);
  if (!answer || answer->setup != sdp::DtlsSetup::kPassive) return ClientRefusal::kAnswerMalformed;
  if (!matches_offer(*answer)) return ClientRefusal::kAnswerMismatch;
  const std::vector<SocketAddress> candidates = usable_addresses(answer->candidates);
  std::vector<Path> pairs = candidate_pairs(options_.sockets, servers.empty() ? candidates : servers);
  if (pairs.empty() && !transport_.is_started()) return ClientRefusal::kNoCandidate;
  apply_media(*answer);
  start_transport(now, *answer, std::move(pairs));
  if (transport_.is_connected()) start_sending(now);
  return {};
}

// RFC 3264 section 6: an answer has no more codecs, feedback or extensions than its offer.
void Client::keep_what_a_slot_can(sdp::AnsweredMedia& offered) const {
  std::erase_if(offered.codecs, [this](const sdp::NegotiatedCodec& codec) {
    if (codec.codec == Codec::kOpus) return false;
    return std::ranges::find(options_.slot_video_codecs, codec.codec) == options_.slot_video_codecs.end();
  });
  for (sdp::NegotiatedCodec& codec : offered.codecs) {
    codec.feedback.goog_remb = false;
    codec.feedback.transport_cc = codec.feedback.transport_cc && options_.transport_cc;
    codec.feedback.nack = codec.feedback.nack && options_.nack;
  }
  const MediaKind kind = offered.kind == sdp::SectionKind::kAudio ? MediaKind::kAudio : MediaKind::kVideo;
  const ExtensionMap known = offered_extensions(kind);
  ExtensionMap common;
  common.allow_mixed = offered.extensions.allow_mixed;
  for (const ExtensionId& one : kExtensionIds) {
    if (known.has(one.kind) && offered.extensions.has(one.kind)) common.add(offered.extensions.id(one.kind), one.kind);
  }
  offered.extensions = common;
}

Result<std::string, ClientRefusal> Client::handle_offer(Timestamp now, std::string_view text,
                                                        std::span<const SocketAddress> servers) {
  now_ = std::max(now_, now);
  auto offer = sdp::parse_server_offer(text);
  const auto is_other = [](const sdp::AnsweredMedia& media) { return media.kind == sdp::SectionKind::kOther; };
  if (!offer || std::ranges::any_of(offer->media, is_other)) return ClientRefusal::kAnswerMalformed;
  if (!media_.empty() || !from_sdp(offer->fingerprint)) return ClientRefusal::kAnswerMismatch;
  const std::vector<SocketAddress> candidates = usable_addresses(offer->candidates);
  std::vector<Path> pairs = candidate_pairs(options_.sockets, servers.empty() ? candidates : servers);
  if (pairs.empty()) return ClientRefusal::kNoCandidate;
  sdp::OfferParameters answer = session_parameters(sdp::DtlsSetup::kActive);
  for (sdp::AnsweredMedia& offered : offer->media) {
    keep_what_a_slot_can(offered);
    add_slot(offered.kind == sdp::SectionKind::kAudio ? MediaKind::kAudio : MediaKind::kVideo, offered.mid);
    sdp::OfferedMedia& line = answer.media.emplace_back(offered_slot(*media_.back().receiver));
    // A line at port 0 lists something all the same, and nobody reads it (RFC 3264 section 6).
    if (!offered.codecs.empty()) line.codecs = offered.codecs;
    line.extensions = offered.extensions;
    line.rtcp_rsize = offered.rtcp_rsize;
    line.disabled = media_.back().is_removed = !offered.accepted || !offered.client_receives || offered.codecs.empty();
  }
  apply_media(*offer);
  start_transport(now, *offer, std::move(pairs));
  return sdp::write_offer(answer);
}

void Client::apply_media(const sdp::Answer& answer) {
  rtcp_rsize_ = true;
  slot_ssrcs_.clear();
  for (size_t i = 0; i < media_.size(); ++i) {
    const sdp::AnsweredMedia& answered = answer.media[i];
    if (answered.accepted && !answered.rtcp_rsize) rtcp_rsize_ = false;
    if (media_[i].sender != nullptr) {
      media_[i].sender->apply(answered);
      continue;
    }
    ClientReceiver& receiver = *media_[i].receiver;
    receiver.apply(answered);
    if (!receiver.is_agreed()) continue;
    slot_ssrcs_.push_back({receiver.ssrc(), &receiver, false});
    if (receiver.rtx_ssrc()) slot_ssrcs_.push_back({*receiver.rtx_ssrc(), &receiver, true});
  }
}

void Client::start_transport(Timestamp now, const sdp::Answer& answer, std::vector<Path> pairs) {
  const IceCredentials remote{answer.ice.ufrag, answer.ice.password};
  if (!pairs.empty()) pairs_ = std::move(pairs);
  if (!transport_.is_started()) {
    register_ssrcs();
    transport_.connect(now, remote, *from_sdp(answer.fingerprint), pairs_);
  } else if (remote.ufrag != remote_ufrag_) {
    transport_.restart(now, remote, pairs_);
  }
  remote_ufrag_ = remote.ufrag;
}

void Client::begin_ice_restart() { transport_.begin_ice_restart(); }

void Client::finish_ice_restart(Timestamp now, const IceCredentials& remote, std::span<const SocketAddress> servers) {
  now_ = std::max(now_, now);
  if (!servers.empty()) pairs_ = candidate_pairs(options_.sockets, servers);
  transport_.restart(now, remote, pairs_);
  remote_ufrag_ = remote.ufrag;
}

void Client::start_sending(Timestamp now) {
  for (const Media& media : media_) {
    if (media.sender != nullptr && !media.is_removed && !media.sender->has_started()) {
      media.sender->set_sending(now, true);
    }
  }
}

void Client::register_ssrcs() {
  std::vector<Ssrc> ssrcs = {fallback_ssrc_};
  for (const auto& sender : senders_) {
    for (const MediaEncoding& encoding : sender->encodings()) {
      ssrcs.push_back(encoding.ssrc());
      ssrcs.push_back(encoding.rtx_ssrc());
    }
  }
  transport_.add_ssrcs(ssrcs);
}

}  // namespace eir
