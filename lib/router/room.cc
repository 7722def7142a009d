#include "lib/router/room.h"

#include <algorithm>
#include <limits>

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

Participant& Room::add(ParticipantId id, const Rights& rights, Participant::Options options) {
  participants_.push_back(std::make_unique<Participant>(*this, id, std::move(options)));
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
  // What has ended is still repeated for a while to who lost it.
  for (const Retired& retired : retired_) {
    const auto found = std::find_if(participants_.begin(), participants_.end(),
                                    [&](const auto& participant) { return participant->id() == retired.publisher; });
    const bool is_gone = found == participants_.end();
    const Rights sending = is_gone ? retired.sending : (*found)->effective_rights();
    for_each_slot([&](const Participant& receiver, ReceiveSlot& slot) {
      if (retired.publisher != changed.id() && &receiver != &changed) return;
      if (!passes(sending, retired.right, receiver.rights())) slot.forget(retired.stream.get());
    });
  }
}

std::vector<PublishedTrack*> Room::list_tracks() const {
  std::vector<PublishedTrack*> tracks;
  for_each_track([&](PublishedTrack& track) { tracks.push_back(&track); });
  std::sort(tracks.begin(), tracks.end(), [](const auto* a, const auto* b) { return a->id() < b->id(); });
  return tracks;
}

void Room::assign(Timestamp now) {
  const std::vector<PublishedTrack*> tracks = list_tracks();
  for (const auto& participant : participants_) {
    for (const auto& session : participant->sessions()) plan(now, *session, tracks);
  }
  tell_slots(now);
}

void Room::plan(Timestamp now, ClientSession& session, const std::vector<PublishedTrack*>& tracks) {
  ++shared_.counters.slot_plans;
  const SlotPlan planned = plan_slots(now, session, tracks);
  bool has_moved = false;
  // Leave first, then enter: a track moves between slots without ever being in two.
  for (size_t i = 0; i < planned.size(); ++i) {
    ReceiveSlot& slot = *session.slots()[i];
    const SlotWish* const wish = session.participant().find_wish(slot.mid());
    slot.set_paused(now, wish != nullptr && wish->hidden && session.kind() != SessionKind::kWhep);
    if (slot.track() == planned[i]) continue;
    has_moved = true;
    slot.assign(now, nullptr);
  }
  for (size_t i = 0; i < planned.size(); ++i) session.slots()[i]->assign(now, planned[i]);
  session.set_plan_moved(has_moved);
}

void Room::follow_voices(Timestamp now) {
  voices_.clear();
  for_each_track([&](const PublishedTrack& track) {
    if (track.label() == TrackLabel::kMicrophone) voices_.emplace_back(track.audio_level().loudness(now), &track);
  });
  std::sort(voices_.begin(), voices_.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
  std::vector<PublishedTrack*> tracks;
  for (const auto& participant : participants_) {
    for (const auto& session : participant->sessions()) {
      if (!session->plan_moved() && !louder_voice_waits(now, *session)) continue;
      if (tracks.empty()) tracks = list_tracks();
      plan(now, *session, tracks);
    }
  }
  if (!tracks.empty()) tell_slots(now);
}

// True if a plan could give an audio slot to another voice: the loudest one without a slot is as loud as the quietest
// in one, with all that plan_slots() gives to those who are heard already.
bool Room::louder_voice_waits(Timestamp now, const ClientSession& session) const {
  const Participant& receiver = session.participant();
  double quietest = std::numeric_limits<double>::infinity();
  for (const auto& slot : session.slots()) {
    if (slot->kind() != MediaKind::kAudio) continue;
    const SlotWish* const wish = receiver.find_wish(slot->mid());
    if (wish != nullptr && wish->source) continue;
    const PublishedTrack* const shown = slot->track();
    if (shown == nullptr || shown->label() != TrackLabel::kMicrophone) {
      quietest = 0.0;
    } else if (now - slot->assigned_at() >= kVoiceHold) {
      quietest = std::min(quietest, shown->audio_level().loudness(now) + kShownBonus);
    }
  }
  for (const auto& [loudness, voice] : voices_) {
    if (loudness < quietest) return false;
    const Participant& publisher = voice->session().participant();
    if (&publisher == &receiver && !receiver.echo()) continue;
    if (!passes(publisher.rights(), voice->right(), receiver.rights())) continue;
    const bool is_heard = std::any_of(session.slots().begin(), session.slots().end(),
                                      [v = voice](const auto& slot) { return slot->track() == v; });
    if (!is_heard) return true;
  }
  return false;
}

// What SlotsChanged says of a track may change by packets alone, or by their absence.
bool Room::take_track_changes(Timestamp now) {
  bool has_changed = false;
  for_each_track([&](PublishedTrack& track) { has_changed |= track.take_state_changed(now); });
  return has_changed;
}

void Room::tell_slots(Timestamp now) {
  for (const auto& participant : participants_) {
    std::vector<SlotInfo> slots;
    // Mids are those of one session: beside a web session, what its page is told are its own slots.
    const bool has_web = std::any_of(participant->sessions().begin(), participant->sessions().end(),
                                     [](const auto& session) { return session->kind() == SessionKind::kWeb; });
    for (const auto& session : participant->sessions()) {
      if (has_web && session->kind() == SessionKind::kWhep) continue;
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
    if (layer.stream != nullptr) retire(now, track, track.unbind(layer));
  }
  shared_.emit(TrackEnded{.participant = track.session().participant().id(), .track = track.id()});
}

void Room::retire(Timestamp now, const PublishedTrack& track, std::unique_ptr<ReceiveStream> stream) {
  const ReceiveStream* const ended = stream.get();
  for_each_slot([&](const Participant&, ReceiveSlot& slot) { slot.stop(ended); });
  if (retired_.size() == kRetiredMax) {
    for_each_slot([&](const Participant&, ReceiveSlot& slot) { slot.forget(retired_.front().stream.get()); });
    retired_.erase(retired_.begin());
  }
  retired_.push_back({.stream = std::move(stream),
                      .until = now + kRetiredKept,
                      .publisher = track.session().participant().id(),
                      .right = track.right(),
                      .sending = track.session().participant().effective_rights()});
}

void Room::drop_expired_streams(Timestamp now) {
  for (const Retired& retired : retired_) {
    if (now < retired.until) continue;
    for_each_slot([&](const Participant&, ReceiveSlot& slot) { slot.forget(retired.stream.get()); });
  }
  std::erase_if(retired_, [&](const Retired& retired) { return now >= retired.until; });
}

void Room::tell_speakers(Timestamp now) {
  heard_.clear();
  for_each_track([&](const PublishedTrack& track) {
    const Participant& publisher = track.session().participant();
    const bool may_speak = (publisher.effective_rights().send & right_bit(track.right())) != 0;
    if (track.kind() == MediaKind::kAudio && may_speak && track.audio_level().is_voice(now)) {
      heard_.emplace_back(track.audio_level().loudness(now), publisher.id());
    }
  });
  std::sort(heard_.begin(), heard_.end(), std::greater<>());
  if (heard_.size() > kSpeakersMax) heard_.resize(kSpeakersMax);
  if (std::equal(heard_.begin(), heard_.end(), told_speakers_.begin(), told_speakers_.end(),
                 [](const auto& heard, ParticipantId told) { return heard.second == told; })) {
    return;
  }
  told_speakers_.clear();
  for (const auto& [loudness, id] : heard_) told_speakers_.push_back(id);
  shared_.emit(ActiveSpeakers{.room = id_, .participants = told_speakers_});
}

void Room::tell_layers(Timestamp now) {
  for_each_track([&](PublishedTrack& track) {
    // WHIP has no way to tell its publisher.
    if (track.session().kind() != SessionKind::kWeb || !track.update_wanted(now)) return;
    shared_.emit(LayersWanted{.participant = track.session().participant().id(),
                              .track = track.id(),
                              .mid = track.mid(),
                              .rids = track.active_rids()});
  });
}

void Room::watch_pairs(Timestamp now) {
  for_each_slot([&](const Participant& receiver, ReceiveSlot& slot) {
    if (!slot.watch(now)) return;
    shared_.counters.pair_silences += slot.silence() == PairSilence::kNone ? 0 : 1;
    // Of a slot that shows nothing any more there is nobody to speak of; who left is told otherwise.
    if (slot.track() == nullptr) return;
    shared_.emit(PairSilenceChanged{.receiver = receiver.id(),
                                    .publisher = slot.track()->session().participant().id(),
                                    .kind = slot.kind(),
                                    .label = slot.track()->label(),
                                    .silence = slot.silence()});
  });
}

void Room::handle_tick(Timestamp now) {
  drop_expired_streams(now);
  for (const auto& participant : participants_) {
    for (const auto& session : participant->sessions()) session->handle_tick(now);
  }
  tell_speakers(now);
  follow_voices(now);
  // A screen that begins to send is shown before one that does not.
  if (take_track_changes(now)) {
    assign(now);
  } else if (slots_changed_) {
    tell_slots(now);
  }
  slots_changed_ = false;
  tell_layers(now);
  watch_pairs(now);
}

}  // namespace eir
