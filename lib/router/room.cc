#include "lib/router/room.h"

#include <algorithm>

#include "lib/router/client_session.h"
#include "lib/router/published_track.h"
#include "lib/router/receive_slot.h"
#include "lib/router/slot_assigner.h"

namespace eir {

Room::Room(RouterShared& shared, RoomId id, Options options) : shared_(shared), id_(id), options_(std::move(options)) {}

Room::~Room() {
  // Slots point at tracks of other participants: they go first.
  for (const auto& participant : participants_) {
    for (const auto& session : participant->sessions()) {
      for (const auto& slot : session->slots()) slot->assign(Timestamp(), nullptr);
    }
  }
}

template <class F>
void Room::for_each_slot(F&& f) {
  for (const auto& participant : participants_) {
    for (const auto& session : participant->sessions()) {
      for (const auto& slot : session->slots()) f(*participant, *slot);
    }
  }
}

template <class F>
void Room::for_each_track(F&& f) const {
  for (const auto& participant : participants_) {
    for (const auto& session : participant->sessions()) {
      for (const auto& track : session->tracks()) f(*track);
    }
  }
}

Participant& Room::add(ParticipantId id, std::string tag, const Rights& rights, bool echo) {
  participants_.push_back(std::make_unique<Participant>(*this, id, std::move(tag), echo));
  participants_.back()->set_rights(rights);
  participants_.back()->await_media();
  return *participants_.back();
}

void Room::remove(Timestamp now, Participant& participant) {
  while (!participant.sessions().empty()) remove_session(now, participant, *participant.sessions().back());
  std::erase_if(participants_, [&](const auto& p) { return p.get() == &participant; });
  assign(now);
}

void Room::remove_session(Timestamp now, Participant& participant, const ClientSession& session) {
  for (const auto& track : session.tracks()) note_ended(now, *track);
  std::erase_if(participant.sessions(), [&](const auto& s) { return s.get() == &session; });
}

void Room::change_rights(Timestamp now, Participant& participant, const Rights& rights) {
  const bool received_nothing = participant.rights().receive == 0;
  participant.set_rights(rights);
  if (received_nothing && rights.receive != 0) participant.await_media();
  enforce(now, participant);
  assign(now);
}

void Room::change_muted(Timestamp now, Participant& participant, uint32_t kinds) {
  participant.set_muted(kinds);
  enforce(now, participant);
  assign(now);
  // Slots that show what is no longer muted go on.
  for_each_slot([&](const Participant&, ReceiveSlot& slot) {
    if (slot.track() != nullptr && &slot.track()->session().participant() == &participant) slot.aim(now);
  });
}

void Room::change_label(Timestamp now, PublishedTrack& track, TrackLabel label) {
  track.set_label(label);
  enforce(now, track.session().participant());
  note_published(track);
  assign(now);
}

// Nothing that is paced, shown or remembered may be sent against the rights as they are now.
void Room::enforce(Timestamp now, const Participant& changed) {
  for_each_track([&](PublishedTrack& track) {
    const Participant& publisher = track.session().participant();
    const Rights sending = publisher.effective_rights();
    for_each_slot([&](const Participant& receiver, ReceiveSlot& slot) {
      if (&publisher != &changed && &receiver != &changed) return;
      if (!passes(sending, track.right(), receiver.rights())) slot.revoke(now, track.id());
    });
  });
}

void Room::assign(Timestamp now) {
  std::vector<PublishedTrack*> tracks;
  for_each_track([&](PublishedTrack& track) { tracks.push_back(&track); });
  std::sort(tracks.begin(), tracks.end(), [](const auto* a, const auto* b) { return a->id() < b->id(); });
  for (const auto& participant : participants_) {
    for (const auto& session : participant->sessions()) {
      const SlotPlan plan = plan_slots(now, *session, tracks);
      // Leave first, then enter: a track moves between slots without ever being in two.
      for (size_t i = 0; i < plan.size(); ++i) {
        ReceiveSlot& slot = *session->slots()[i];
        const SlotWish* const wish = participant->find_wish(slot.mid());
        slot.set_paused(now, wish != nullptr && wish->hidden);
        if (slot.track() != plan[i]) slot.assign(now, nullptr);
      }
      for (size_t i = 0; i < plan.size(); ++i) session->slots()[i]->assign(now, plan[i]);
    }
  }
  tell_slots(now);
}

void Room::tell_slots(Timestamp now) {
  for (const auto& participant : participants_) {
    std::vector<SlotInfo> slots;
    for (const auto& session : participant->sessions()) {
      for (const auto& slot : session->slots()) slots.push_back(slot->describe(now));
    }
    if (slots == participant->told_slots()) continue;
    participant->told_slots() = slots;
    shared_.emit(SlotsChanged{.participant = participant->id(), .slots = std::move(slots)});
  }
}

void Room::note_published(const PublishedTrack& track) {
  shared_.emit(TrackPublished{{.participant = track.session().participant().id(),
                               .track = track.id(),
                               .mid = track.mid(),
                               .kind = track.kind(),
                               .label = track.label()}});
}

void Room::note_ended(Timestamp now, PublishedTrack& track) {
  for_each_slot([&](const Participant&, ReceiveSlot& slot) { slot.end(now, track); });
  for (PublishedTrack::Layer& layer : track.layers()) {
    if (layer.stream != nullptr) retire(now, track.unbind(layer));
  }
  shared_.emit(TrackEnded{.participant = track.session().participant().id(), .track = track.id()});
}

void Room::retire(Timestamp now, std::unique_ptr<ReceiveStream> stream) {
  const ReceiveStream* const ended = stream.get();
  for_each_slot([&](const Participant&, ReceiveSlot& slot) { slot.stop(ended); });
  if (retired_.size() == kRetiredMax) {
    for_each_slot([&](const Participant&, ReceiveSlot& slot) { slot.forget(retired_.front().stream.get()); });
    retired_.erase(retired_.begin());
  }
  retired_.push_back({.stream = std::move(stream), .until = now + kRetiredKept});
}

void Room::drop_expired_streams(Timestamp now) {
  for (const Retired& retired : retired_) {
    if (now < retired.until) continue;
    for_each_slot([&](const Participant&, ReceiveSlot& slot) { slot.forget(retired.stream.get()); });
  }
  std::erase_if(retired_, [&](const Retired& retired) { return now >= retired.until; });
}

void Room::tell_speakers(Timestamp now) {
  std::vector<std::pair<double, ParticipantId>> heard;
  for_each_track([&](const PublishedTrack& track) {
    const Participant& publisher = track.session().participant();
    const bool may_speak = (publisher.effective_rights().send & right_bit(track.right())) != 0;
    if (track.kind() == MediaKind::kAudio && may_speak && track.audio_level().is_voice(now)) {
      heard.emplace_back(track.audio_level().loudness(now), publisher.id());
    }
  });
  std::sort(heard.begin(), heard.end(), std::greater<>());
  if (heard.size() > kSpeakersMax) heard.resize(kSpeakersMax);
  std::vector<ParticipantId> speakers;
  for (const auto& [loudness, id] : heard) speakers.push_back(id);
  if (speakers == told_speakers_) return;
  told_speakers_ = speakers;
  shared_.emit(ActiveSpeakers{.room = id_, .participants = std::move(speakers)});
}

void Room::handle_tick(Timestamp now) {
  drop_expired_streams(now);
  for (const auto& participant : participants_) {
    for (const auto& session : participant->sessions()) session->handle_tick(now);
  }
  tell_speakers(now);
  assign(now);
}

}  // namespace eir
