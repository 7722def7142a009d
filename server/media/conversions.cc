#include "server/media/conversions.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "lib/base/check.h"
#include "lib/router/published_track.h"

namespace eir {
namespace {

RightKind to_router(channel::RightKind kind) {
  switch (kind) {
    case channel::RightKind::kAudio:
      return RightKind::kAudio;
    case channel::RightKind::kVideo:
      return RightKind::kVideo;
    case channel::RightKind::kExtraVideo:
      return RightKind::kExtraVideo;
    case channel::RightKind::kScreen:
      return RightKind::kScreen;
  }
  EIR_CHECK(false);
  return {};
}

channel::PairSilence to_channel(PairSilence silence) {
  switch (silence) {
    case PairSilence::kNone:
      return channel::PairSilence::kNone;
    case PairSilence::kSource:
      return channel::PairSilence::kSource;
    case PairSilence::kServer:
      return channel::PairSilence::kServer;
    case PairSilence::kLine:
      return channel::PairSilence::kLine;
  }
  return channel::PairSilence::kNone;
}

channel::SlotState to_channel(SlotState state) {
  switch (state) {
    case SlotState::kLive:
      return channel::SlotState::kLive;
    case SlotState::kMuted:
      return channel::SlotState::kMuted;
    case SlotState::kSilent:
      return channel::SlotState::kSilent;
    case SlotState::kPaused:
      return channel::SlotState::kPaused;
    case SlotState::kCodecUnsupported:
      return channel::SlotState::kCodecUnsupported;
    case SlotState::kEmpty:
      return channel::SlotState::kEmpty;
  }
  EIR_CHECK(false);
  return {};
}

channel::NegotiatedMedia to_channel(NegotiatedMedia media) {
  channel::NegotiatedMedia out;
  out.mid = std::move(media.mid);
  out.kind = media.kind == sdp::SectionKind::kVideo ? MediaKind::kVideo : MediaKind::kAudio;
  if (media.kind == sdp::SectionKind::kApplication) out.use = channel::MediaUse::kApplication;
  if (media.is_slot) out.use = channel::MediaUse::kSlot;
  // An m-line that goes both ways is told by what the client sends on it; its slot is known from SlotsChanged.
  if (media.is_track) out.use = channel::MediaUse::kPublished;
  return out;
}

// One overload for each kind of event.
struct EventConversion {
  channel::Event operator()(const TransportStateChanged& e) const {
    return channel::TransportState{e.participant, e.transport, to_channel(e.phase), std::string(e.reason)};
  }
  channel::Event operator()(const TrackPublished& e) const {
    return channel::TrackPublished{e.track.participant, e.track.track, e.track.mid, e.track.kind,
                                   to_channel(e.track.label)};
  }
  channel::Event operator()(const TrackEnded& e) const { return channel::TrackEnded{e.participant, e.track}; }
  channel::Event operator()(const SlotsChanged& e) const {
    channel::SlotsChanged out{e.participant, {}};
    out.slots.reserve(e.slots.size());
    for (const SlotInfo& slot : e.slots) {
      out.slots.push_back(
          {slot.mid, slot.track, slot.source, slot.kind, to_channel(slot.label), to_channel(slot.state)});
    }
    return out;
  }
  channel::Event operator()(const ActiveSpeakers& e) const { return channel::ActiveSpeakers{e.room, e.participants}; }
  channel::Event operator()(const MediaStarted& e) const {
    const int64_t most = std::numeric_limits<uint32_t>::max();
    return channel::MediaStarted{e.participant, e.mid,
                                 static_cast<uint32_t>(std::clamp<int64_t>(e.elapsed_ms, 0, most))};
  }
  channel::Event operator()(const LayersWanted& e) const {
    return channel::LayersWanted{e.participant, e.track, e.mid, e.rids};
  }
  channel::Event operator()(const PairSilenceChanged& e) const {
    return channel::PairSilenceChanged{e.receiver, e.publisher, e.kind, to_channel(e.label), to_channel(e.silence)};
  }
};

channel::ReportedParticipant report_of(const Participant& participant) {
  channel::ReportedParticipant out;
  out.participant = participant.id();
  out.tag = participant.tag();
  out.rights = to_channel(participant.rights());
  out.muted_kinds = to_right_kinds(participant.muted());
  for (const auto& session : participant.sessions()) {
    out.transports.push_back({session->transport().id(), to_channel(session->kind()), to_channel(session->phase())});
    for (const auto& track : session->tracks()) {
      out.tracks.push_back({track->id(), track->mid(), track->kind(), to_channel(track->label())});
    }
  }
  return out;
}

}  // namespace

uint32_t to_right_bits(const std::vector<channel::RightKind>& kinds) {
  uint32_t bits = 0;
  for (const channel::RightKind kind : kinds) bits |= right_bit(to_router(kind));
  return bits;
}

std::vector<channel::RightKind> to_right_kinds(uint32_t bits) {
  std::vector<channel::RightKind> out;
  for (const channel::RightKind kind : {channel::RightKind::kAudio, channel::RightKind::kVideo,
                                        channel::RightKind::kExtraVideo, channel::RightKind::kScreen}) {
    if ((bits & right_bit(to_router(kind))) != 0) out.push_back(kind);
  }
  static_assert(kRightKinds == 4);
  return out;
}

Rights to_router(const channel::Rights& rights) {
  return {to_right_bits(rights.send_kinds), to_right_bits(rights.receive_kinds), rights.groups};
}

channel::Rights to_channel(const Rights& rights) {
  return {to_right_kinds(rights.send), to_right_kinds(rights.receive), rights.groups};
}

TrackLabel to_router(channel::TrackLabel label) {
  switch (label) {
    case channel::TrackLabel::kMicrophone:
      return TrackLabel::kMicrophone;
    case channel::TrackLabel::kCamera:
      return TrackLabel::kCamera;
    case channel::TrackLabel::kExtraCamera:
      return TrackLabel::kExtraCamera;
    case channel::TrackLabel::kWound:
      return TrackLabel::kWound;
    case channel::TrackLabel::kScreen:
      return TrackLabel::kScreen;
    case channel::TrackLabel::kScreenAudio:
      return TrackLabel::kScreenAudio;
  }
  EIR_CHECK(false);
  return {};
}

channel::TrackLabel to_channel(TrackLabel label) {
  switch (label) {
    case TrackLabel::kMicrophone:
      return channel::TrackLabel::kMicrophone;
    case TrackLabel::kCamera:
      return channel::TrackLabel::kCamera;
    case TrackLabel::kExtraCamera:
      return channel::TrackLabel::kExtraCamera;
    case TrackLabel::kWound:
      return channel::TrackLabel::kWound;
    case TrackLabel::kScreen:
      return channel::TrackLabel::kScreen;
    case TrackLabel::kScreenAudio:
      return channel::TrackLabel::kScreenAudio;
  }
  EIR_CHECK(false);
  return {};
}

SessionKind to_router(channel::SessionKind kind) {
  switch (kind) {
    case channel::SessionKind::kWeb:
      return SessionKind::kWeb;
    case channel::SessionKind::kWhip:
      return SessionKind::kWhip;
    case channel::SessionKind::kWhep:
      return SessionKind::kWhep;
  }
  EIR_CHECK(false);
  return {};
}

channel::SessionKind to_channel(SessionKind kind) {
  switch (kind) {
    case SessionKind::kWeb:
      return channel::SessionKind::kWeb;
    case SessionKind::kWhip:
      return channel::SessionKind::kWhip;
    case SessionKind::kWhep:
      return channel::SessionKind::kWhep;
  }
  EIR_CHECK(false);
  return {};
}

std::vector<SlotWish> to_router(const std::vector<channel::SlotWish>& wishes) {
  std::vector<SlotWish> out;
  out.reserve(wishes.size());
  for (const channel::SlotWish& wish : wishes) {
    out.push_back({.mid = wish.mid,
                   .source = wish.source,
                   .label = to_router(wish.label),
                   .hidden = wish.width == 0 && wish.height == 0,
                   .width = wish.width,
                   .height = wish.height,
                   .priority = wish.priority});
  }
  return out;
}

channel::TransportPhase to_channel(TransportPhase phase) {
  switch (phase) {
    case TransportPhase::kNew:
      return channel::TransportPhase::kNew;
    case TransportPhase::kConnected:
      return channel::TransportPhase::kConnected;
    case TransportPhase::kDisconnected:
      return channel::TransportPhase::kDisconnected;
    case TransportPhase::kClosed:
      return channel::TransportPhase::kClosed;
    case TransportPhase::kFailed:
      return channel::TransportPhase::kFailed;
  }
  EIR_CHECK(false);
  return {};
}

channel::RefusalCode to_channel(RouterRefusal refusal) {
  switch (refusal) {
    case RouterRefusal::kUnknownRoom:
      return channel::RefusalCode::kUnknownRoom;
    case RouterRefusal::kUnknownParticipant:
      return channel::RefusalCode::kUnknownParticipant;
    case RouterRefusal::kUnknownTransport:
      return channel::RefusalCode::kUnknownTransport;
    case RouterRefusal::kUnknownMid:
      return channel::RefusalCode::kUnknownMid;
    case RouterRefusal::kAlreadyThere:
      return channel::RefusalCode::kAlreadyThere;
    case RouterRefusal::kLimitReached:
      return channel::RefusalCode::kLimitReached;
    case RouterRefusal::kDraining:
      return channel::RefusalCode::kDraining;
    case RouterRefusal::kOfferRefused:
      return channel::RefusalCode::kOfferRefused;
    case RouterRefusal::kNotPossible:
      return channel::RefusalCode::kNotPossible;
  }
  EIR_CHECK(false);
  return {};
}

channel::Refused to_channel(const NegotiationRefusal& refusal) {
  channel::Refused out;
  out.code = to_channel(refusal.code);
  if (refusal.sdp) {
    out.detail = sdp::sdp_error_code(refusal.sdp->error);
    out.line = refusal.sdp->line;
  }
  return out;
}

channel::Answer to_channel(NegotiatedAnswer answer) {
  channel::Answer out;
  out.sdp = std::move(answer.sdp);
  out.media.reserve(answer.media.size());
  for (NegotiatedMedia& media : answer.media) out.media.push_back(to_channel(std::move(media)));
  return out;
}

channel::Event to_channel(const RouterEvent& event) { return std::visit(EventConversion{}, event); }

channel::WorkerReport report_of(const Router& router) {
  channel::WorkerReport out;
  out.draining = router.is_draining();
  for (const auto& [id, room] : router.rooms()) {
    channel::ReportedRoom reported{id, room->options().tag, room->options().audio_only, {}};
    for (const auto& participant : std::as_const(*room).participants()) {
      reported.participants.push_back(report_of(*participant));
    }
    out.rooms.push_back(std::move(reported));
  }
  return out;
}

}  // namespace eir
