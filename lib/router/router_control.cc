// The control side of the Router: rooms, participants, rights, offers. Runs between batches of packets.
#include <algorithm>
#include <array>
#include <cstdio>

#include "lib/router/published_track.h"
#include "lib/router/receive_slot.h"
#include "lib/router/router.h"
#include "lib/sdp/parser.h"

namespace eir {
namespace {

bool has_camera(const Participant& participant) {
  return std::any_of(participant.sessions().begin(), participant.sessions().end(), [](const auto& session) {
    return std::any_of(session->tracks().begin(), session->tracks().end(),
                       [](const auto& track) { return track->label() == TrackLabel::kCamera; });
  });
}

sdp::IceCredentials to_sdp(const IceCredentials& credentials) {
  return {.ufrag = credentials.ufrag, .password = credentials.pwd};
}

sdp::Fingerprint to_sdp(const CertificateFingerprint& fingerprint) {
  sdp::Fingerprint result{.algorithm = std::string(fingerprint.algorithm()), .bytes = fingerprint.bytes};
  result.size = static_cast<uint8_t>(fingerprint.size());
  return result;
}

std::optional<CertificateFingerprint> from_sdp(const sdp::Fingerprint& fingerprint) {
  CertificateFingerprint result{.bytes = fingerprint.bytes};
  for (const FingerprintHash hash : {FingerprintHash::kSha256, FingerprintHash::kSha384, FingerprintHash::kSha512}) {
    result.hash = hash;
    if (result.algorithm() == fingerprint.algorithm && result.size() == fingerprint.size) return result;
  }
  return std::nullopt;
}

std::string random_text(Random& random) {
  std::array<char, 17> text{};
  std::snprintf(text.data(), text.size(), "%016llx", static_cast<unsigned long long>(random.u64()));
  return text.data();
}

NegotiationRefusal refuse(RouterRefusal code) { return {.code = code, .sdp = std::nullopt}; }
NegotiationRefusal refuse(const sdp::SdpRefusal& refusal) {
  return {.code = RouterRefusal::kOfferRefused, .sdp = refusal};
}

}  // namespace

Result<void, RouterRefusal> Router::open_room(RoomId room, Room::Options options) {
  if (is_draining_) return RouterRefusal::kDraining;
  if (rooms_.contains(room)) return RouterRefusal::kAlreadyThere;
  if (rooms_.size() >= options_.rooms_max || options.tag.size() > Room::kTagBytesMax) {
    return RouterRefusal::kLimitReached;
  }
  rooms_.emplace(room, std::make_unique<Room>(shared_, room, std::move(options)));
  return {};
}

Result<void, RouterRefusal> Router::close_room(Timestamp now, RoomId room, TransmitQueue& out) {
  const auto it = rooms_.find(room);
  if (it == rooms_.end()) return RouterRefusal::kUnknownRoom;
  while (!it->second->participants().empty()) {
    static_cast<void>(leave(now, it->second->participants().back()->id(), out));
  }
  rooms_.erase(it);
  return {};
}

Result<void, RouterRefusal> Router::join(Timestamp now, RoomId room, ParticipantId participant, Rights rights,
                                         Participant::Options options) {
  const auto it = rooms_.find(room);
  if (it == rooms_.end()) return RouterRefusal::kUnknownRoom;
  if (is_draining_) return RouterRefusal::kDraining;
  if (participants_.contains(participant)) return RouterRefusal::kAlreadyThere;
  Room& r = *it->second;
  const size_t most = r.options().participants_max != 0
                          ? std::min<size_t>(r.options().participants_max, options_.participants_per_room_max)
                          : options_.participants_per_room_max;
  if (r.participants().size() >= most || participants_.size() >= options_.participants_max ||
      options.tag.size() > Participant::kTagBytesMax) {
    return RouterRefusal::kLimitReached;
  }
  participants_[participant] = &r.add(participant, rights, std::move(options));
  if (r.deadline() == kNever) shared_.room_timers.set(r, now + Room::kTick);
  return {};
}

Result<void, RouterRefusal> Router::leave(Timestamp now, ParticipantId id, TransmitQueue& out) {
  Participant* const participant = find_participant(id);
  if (participant == nullptr) return RouterRefusal::kUnknownParticipant;
  Room& room = participant->room();
  while (!participant->sessions().empty()) {
    ClientSession& session = *participant->sessions().back();
    session.transport().close(now);
    session.send_handshake(out);
    forget_session(now, session, out);
  }
  participants_.erase(id);
  room.remove(now, *participant);
  return {};
}

Result<void, RouterRefusal> Router::set_rights(Timestamp now, ParticipantId id, Rights rights) {
  Participant* const participant = find_participant(id);
  if (participant == nullptr) return RouterRefusal::kUnknownParticipant;
  participant->room().change_rights(now, *participant, rights);
  return {};
}

Result<void, RouterRefusal> Router::set_mute(Timestamp now, ParticipantId id, uint32_t kinds) {
  Participant* const participant = find_participant(id);
  if (participant == nullptr) return RouterRefusal::kUnknownParticipant;
  participant->room().change_muted(now, *participant, kinds);
  return {};
}

Result<void, RouterRefusal> Router::set_view(Timestamp now, ParticipantId id, std::vector<SlotWish> wishes) {
  Participant* const participant = find_participant(id);
  if (participant == nullptr) return RouterRefusal::kUnknownParticipant;
  if (wishes.size() > Participant::kWishesMax) return RouterRefusal::kLimitReached;
  for (const SlotWish& wish : wishes) {
    const bool known = std::any_of(participant->sessions().begin(), participant->sessions().end(),
                                   [&](const auto& s) { return s->find_slot(std::string_view(wish.mid)) != nullptr; });
    if (!known) return RouterRefusal::kUnknownMid;
  }
  participant->wishes() = std::move(wishes);
  participant->room().assign(now);
  return {};
}

Result<void, RouterRefusal> Router::set_label(Timestamp now, ParticipantId id, std::string_view mid, TrackLabel label) {
  Participant* const participant = find_participant(id);
  if (participant == nullptr) return RouterRefusal::kUnknownParticipant;
  for (const auto& session : participant->sessions()) {
    PublishedTrack* const track = session->find_track(mid);
    if (track == nullptr) continue;
    const bool is_audio_label = label == TrackLabel::kMicrophone || label == TrackLabel::kScreenAudio;
    if (is_audio_label != (track->kind() == MediaKind::kAudio)) return RouterRefusal::kNotPossible;
    // A person has one camera; under its name a second one would need no right to an extra camera.
    const bool is_second = label == TrackLabel::kCamera && track->label() != label && has_camera(*participant);
    if (is_second) return RouterRefusal::kNotPossible;
    participant->room().change_label(now, *track, label);
    return {};
  }
  return RouterRefusal::kUnknownMid;
}

Result<ClientSession*, RouterRefusal> Router::open_session(Timestamp now, const NegotiateRequest& request,
                                                           Participant& participant) {
  if (participant.sessions().size() >= Participant::kSessionsMax) return RouterRefusal::kLimitReached;
  IceCredentials credentials = make_ice_credentials(shared_.random);
  const std::string ufrag = credentials.ufrag;
  auto transport = std::make_unique<Transport>(now, request.transport, dtls_, std::move(credentials));
  participant.sessions().push_back(std::make_unique<ClientSession>(shared_, participant, request.kind,
                                                                   std::move(transport), random_text(shared_.random)));
  ClientSession* const session = participant.sessions().back().get();
  sessions_[request.transport] = session;
  ufrags_[ufrag] = session;
  return session;
}

Result<NegotiatedAnswer, NegotiationRefusal> Router::negotiate(Timestamp now, const NegotiateRequest& request) {
  Participant* const participant = find_participant(request.participant);
  if (participant == nullptr) return refuse(RouterRefusal::kUnknownParticipant);
  const auto offer = sdp::parse(request.offer);
  if (!offer) return refuse(offer.error());
  sdp::Policy policy = options_.policy;
  if (participant->room().options().audio_only) policy.publish_video = policy.receive_video = false;
  if (request.kind == SessionKind::kWhip) policy.receive_audio = policy.receive_video = false;
  if (request.kind == SessionKind::kWhep) policy.publish_audio = policy.publish_video = false;
  const auto plan = sdp::plan(*offer, policy);
  if (!plan) return refuse(plan.error());
  if (request.kind != SessionKind::kWeb) {
    const auto direction = request.kind == SessionKind::kWhip ? sdp::Direction::kSendOnly : sdp::Direction::kRecvOnly;
    if (const auto refusal = sdp::check_one_way(*plan, direction)) return refuse(*refusal);
  }
  if (!plan->remote) return refuse({.error = sdp::SdpError::kNoMedia, .line = 0});
  const std::optional<CertificateFingerprint> fingerprint = from_sdp(plan->remote->fingerprint);
  if (!fingerprint) return refuse({.error = sdp::SdpError::kFingerprintWeak, .line = 0});

  ClientSession* session = find_session(request.transport);
  if (session != nullptr) {
    // A transport belongs to one participant, and its certificate never changes: a new connection is a new transport.
    if (&session->participant() != participant || session->remote_fingerprint_ != *fingerprint) {
      return refuse(RouterRefusal::kNotPossible);
    }
    if (const auto refusal = sdp::check_renegotiation(session->media(), *plan)) return refuse(*refusal);
    if (session->remote_ufrag_ != plan->remote->ice.ufrag) {
      IceCredentials fresh = make_ice_credentials(shared_.random);
      ufrags_[fresh.ufrag] = session;
      session->transport().restart_ice(now, std::move(fresh));
    }
  } else {
    const auto opened = open_session(now, request, *participant);
    if (!opened) return refuse(opened.error());
    session = *opened;
    session->transport().set_rtcp_ssrc(fresh_ssrc(*plan, *session, {}));
  }
  session->remote_ufrag_ = plan->remote->ice.ufrag;
  session->remote_fingerprint_ = *fingerprint;
  session->transport().set_remote(plan->remote->ice.ufrag, *fingerprint);
  return answer(now, *plan, *session);
}

Result<NegotiatedAnswer, NegotiationRefusal> Router::answer(Timestamp now, const sdp::Plan& plan,
                                                            ClientSession& session) {
  sdp::ServerParameters server;
  server.session_id = std::to_string(session.transport().id().value + 1);
  server.session_version = ++session.answers_;
  server.ice = to_sdp(session.transport().ice().local_credentials());
  server.fingerprint = to_sdp(dtls_.fingerprint());
  server.candidates = options_.candidates;
  server.cname = session.cname_;
  const std::vector<sdp::SlotIdentity> slots = identify_slots(plan, session);
  sdp::Negotiated negotiated = sdp::answer(plan, server, slots);
  session.apply(now, negotiated);
  session.participant().room().assign(now);
  arm(session);

  NegotiatedAnswer result{.sdp = std::move(negotiated.answer), .media = {}};
  for (const sdp::MediaDescription& media : session.media()) {
    result.media.push_back({.mid = media.mid,
                            .kind = media.kind,
                            .is_track = media.accepted() && media.receives_from_client,
                            .is_slot = media.accepted() && media.sends_to_client});
  }
  return result;
}

std::vector<sdp::SlotIdentity> Router::identify_slots(const sdp::Plan& plan, const ClientSession& session) {
  std::vector<sdp::SlotIdentity> slots;
  size_t audio = 0;
  size_t video = 0;
  for (const sdp::MediaDescription& media : plan.media) {
    if (!media.accepted() || !media.sends_to_client) continue;
    // Browsers keep picture and sound together within one stream only: audio slot k and video slot k share it.
    const size_t pair = media.kind == sdp::SectionKind::kAudio ? audio++ : video++;
    if (const ReceiveSlot* const slot = session.find_slot(std::string_view(media.mid))) {
      slots.push_back(slot->identity());
      slots.back().media_index = media.index;
      continue;
    }
    sdp::SlotIdentity identity{.media_index = media.index};
    identity.ssrc = fresh_ssrc(plan, session, slots);
    slots.push_back(identity);
    slots.back().rtx_ssrc = fresh_ssrc(plan, session, slots);
    slots.back().stream_id = "pair" + std::to_string(pair);
    slots.back().track_id = "slot" + media.mid;
  }
  return slots;
}

Ssrc Router::fresh_ssrc(const sdp::Plan& plan, const ClientSession& session,
                        const std::vector<sdp::SlotIdentity>& given) {
  while (true) {
    const Ssrc ssrc(shared_.random.u32());
    const bool was_given = std::any_of(given.begin(), given.end(), [&](const sdp::SlotIdentity& slot) {
      return slot.ssrc == ssrc || slot.rtx_ssrc == ssrc;
    });
    if (ssrc && !was_given && !plan.client_uses(ssrc) && !session.uses_ssrc(ssrc)) return ssrc;
  }
}

Result<IceRestart, RouterRefusal> Router::restart_ice(Timestamp now, TransportId id, std::string_view remote_ufrag) {
  ClientSession* const session = find_session(id);
  if (session == nullptr) return RouterRefusal::kUnknownTransport;
  IceCredentials fresh = make_ice_credentials(shared_.random);
  ufrags_[fresh.ufrag] = session;
  session->transport().restart_ice(now, fresh);
  session->transport().ice().set_remote_ufrag(remote_ufrag);
  session->remote_ufrag_ = remote_ufrag;
  drain_transport_events(now, *session);
  return IceRestart{.credentials = std::move(fresh), .candidates = options_.candidates};
}

Result<void, RouterRefusal> Router::close_transport(Timestamp now, TransportId id, TransmitQueue& out) {
  ClientSession* const session = find_session(id);
  if (session == nullptr) return RouterRefusal::kUnknownTransport;
  session->transport().close(now);
  session->send_handshake(out);
  forget_session(now, *session, out);
  return {};
}

void Router::forget_session(Timestamp now, ClientSession& session, TransmitQueue&) {
  std::erase_if(paths_, [&](const auto& entry) { return entry.second == &session; });
  std::erase_if(ufrags_, [&](const auto& entry) { return entry.second == &session; });
  sessions_.erase(session.transport().id());
  Participant& participant = session.participant();
  participant.room().remove_session(now, participant, session);
  participant.room().assign(now);
}

Participant* Router::find_participant(ParticipantId id) {
  const auto it = participants_.find(id);
  return it == participants_.end() ? nullptr : it->second;
}

ClientSession* Router::find_session(TransportId id) {
  const auto it = sessions_.find(id);
  return it == sessions_.end() ? nullptr : it->second;
}

}  // namespace eir
