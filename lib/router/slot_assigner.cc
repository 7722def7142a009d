#include "lib/router/slot_assigner.h"

#include <algorithm>

#include "lib/router/client_session.h"
#include "lib/router/participant.h"
#include "lib/router/published_track.h"
#include "lib/router/receive_slot.h"
#include "lib/router/room.h"

namespace eir {
namespace {

// One call of plan_slots.
class Planner {
 public:
  Planner(Timestamp now, ClientSession& receiver, std::span<PublishedTrack* const> candidates)
      : now_(now), receiver_(receiver), plan_(receiver.slots().size(), nullptr), taken_(plan_.size(), false) {
    const Rights rights = receiver.participant().rights();
    for (PublishedTrack* track : candidates) {
      const Participant& publisher = track->session().participant();
      if (&publisher == &receiver.participant() && !receiver.participant().echo()) continue;
      if (passes(publisher.rights(), track->right(), rights)) visible_.push_back(track);
    }
    for (size_t i = 0; i < plan_.size(); ++i) {
      (receiver.slots()[i]->kind() == MediaKind::kAudio ? audio_ : video_).push_back(i);
    }
  }

  SlotPlan run() {
    grant_wishes();
    update_pair_owners();
    fill_pairs();
    fill_voices();
    fill_extras();
    return std::move(plan_);
  }

 private:
  static bool is_main(const PublishedTrack& track) {
    return track.label() == TrackLabel::kMicrophone || track.label() == TrackLabel::kCamera;
  }
  bool is_planned(const PublishedTrack* track) const {
    return std::find(plan_.begin(), plan_.end(), track) != plan_.end();
  }
  void put(size_t slot, PublishedTrack* track) {
    plan_[slot] = track;
    taken_[slot] = true;
  }
  PublishedTrack* find(ParticipantId source, MediaKind kind, TrackLabel label) const {
    for (PublishedTrack* track : visible_) {
      if (track->session().participant().id() == source && track->kind() == kind && track->label() == label)
        return track;
    }
    return nullptr;
  }
  PublishedTrack* main_track(ParticipantId source, MediaKind kind) const {
    return find(source, kind, kind == MediaKind::kAudio ? TrackLabel::kMicrophone : TrackLabel::kCamera);
  }

  void grant_wishes() {
    // Mids are those of one session: the wishes of the web session's page mean nothing for a WHEP player.
    if (receiver_.kind() == SessionKind::kWhep) return;
    for (size_t i = 0; i < plan_.size(); ++i) {
      const ReceiveSlot& slot = *receiver_.slots()[i];
      const SlotWish* const wish = receiver_.participant().find_wish(slot.mid());
      if (wish == nullptr || !wish->source) continue;
      TrackLabel label = wish->label;
      if (slot.kind() == MediaKind::kAudio && label != TrackLabel::kScreenAudio) label = TrackLabel::kMicrophone;
      PublishedTrack* const track = find(wish->source, slot.kind(), label);
      // The slot is reserved even while the wished source is away.
      put(i, track != nullptr && !is_planned(track) ? track : nullptr);
    }
  }

  bool publishes_main(ParticipantId source) const {
    return std::any_of(visible_.begin(), visible_.end(), [&](const PublishedTrack* track) {
      return track->session().participant().id() == source && is_main(*track);
    });
  }

  void update_pair_owners() {
    std::vector<ParticipantId>& owners = receiver_.pair_owners();
    owners.resize(std::max(audio_.size(), video_.size()));
    for (ParticipantId& owner : owners) {
      if (owner && !publishes_main(owner)) owner = {};
    }
    for (const PublishedTrack* track : visible_) {
      const ParticipantId source = track->session().participant().id();
      if (!is_main(*track) || std::find(owners.begin(), owners.end(), source) != owners.end()) continue;
      const auto free = std::find(owners.begin(), owners.end(), ParticipantId());
      if (free == owners.end()) return;
      *free = source;
    }
  }

  void fill_pairs() {
    const std::vector<ParticipantId>& owners = receiver_.pair_owners();
    size_t voices = 0;
    for (const PublishedTrack* track : visible_) voices += track->label() == TrackLabel::kMicrophone ? 1 : 0;
    // A WHEP player has pairs in order of publication and nothing else: no page tells whose voice it is.
    voices_overflow_ = voices > audio_.size() && receiver_.kind() != SessionKind::kWhep;
    for (size_t k = 0; k < owners.size(); ++k) {
      if (!owners[k]) continue;
      if (!voices_overflow_ && k < audio_.size()) fill_pair(audio_[k], owners[k], MediaKind::kAudio);
      if (k < video_.size()) fill_pair(video_[k], owners[k], MediaKind::kVideo);
    }
  }

  void fill_pair(size_t slot, ParticipantId owner, MediaKind kind) {
    if (taken_[slot]) return;
    PublishedTrack* const track = main_track(owner, kind);
    if (track != nullptr && !is_planned(track)) put(slot, track);
  }

  void fill_voices() {
    if (!voices_overflow_) {
      // A wish may have moved a pair's voice; whoever is left over takes what is free.
      fill_rest(audio_, TrackLabel::kMicrophone);
      return;
    }
    std::vector<PublishedTrack*> voices;
    for (PublishedTrack* track : visible_) {
      if (track->label() == TrackLabel::kMicrophone && !is_planned(track)) voices.push_back(track);
    }
    std::vector<size_t> free;
    for (const size_t slot : audio_) {
      if (!taken_[slot]) free.push_back(slot);
    }
    const auto rank = [&](const PublishedTrack* track) {
      double loudness = track->audio_level().loudness(now_);
      // Who is in a slot stays unless somebody is clearly louder, and stays for the hold time in any case.
      if (is_shown(track)) loudness += Room::kShownBonus;
      if (is_held(track)) loudness += 1000.0;
      return loudness;
    };
    std::stable_sort(voices.begin(), voices.end(), [&](const auto* a, const auto* b) { return rank(a) > rank(b); });
    if (voices.size() > free.size()) voices.resize(free.size());
    // Those who stay keep their slots.
    for (const size_t slot : free) {
      PublishedTrack* const shown = receiver_.slots()[slot]->track();
      const auto it = std::find(voices.begin(), voices.end(), shown);
      if (shown == nullptr || it == voices.end()) continue;
      put(slot, shown);
      voices.erase(it);
    }
    for (const size_t slot : free) {
      if (taken_[slot] || voices.empty()) continue;
      put(slot, voices.front());
      voices.erase(voices.begin());
    }
  }

  bool is_shown(const PublishedTrack* track) const {
    return std::any_of(audio_.begin(), audio_.end(),
                       [&](size_t slot) { return receiver_.slots()[slot]->track() == track; });
  }
  bool is_held(const PublishedTrack* track) const {
    return std::any_of(audio_.begin(), audio_.end(), [&](size_t slot) {
      const ReceiveSlot& s = *receiver_.slots()[slot];
      return s.track() == track && now_ - s.assigned_at() < Room::kVoiceHold;
    });
  }

  void fill_rest(const std::vector<size_t>& slots, TrackLabel label) {
    for (PublishedTrack* track : visible_) {
      if (track->label() != label || is_planned(track)) continue;
      for (const size_t slot : slots) {
        if (taken_[slot]) continue;
        put(slot, track);
        break;
      }
    }
  }

  // Browsers keep m-lines in reserve for a second camera and a screen: those that send come first, the others wait in
  // slots that nobody else needs.
  void fill_extras() {
    for (const bool is_silent : {false, true}) {
      std::vector<PublishedTrack*> extras;
      for (PublishedTrack* track : visible_) {
        if (!is_main(*track) && !is_planned(track) && track->is_silent(now_) == is_silent) extras.push_back(track);
      }
      place_extras(extras);
    }
    fill_rest(video_, TrackLabel::kCamera);
  }

  // Whoever is shown in a slot already stays there; the others take free ones from the end, those that show nothing
  // first.
  void place_extras(const std::vector<PublishedTrack*>& extras) {
    for (PublishedTrack* track : extras) {
      for (const size_t slot : slots_for(*track)) {
        if (!taken_[slot] && receiver_.slots()[slot]->track() == track) put(slot, track);
      }
    }
    for (PublishedTrack* track : extras) {
      if (is_planned(track)) continue;
      const std::vector<size_t>& slots = slots_for(*track);
      const auto is_free = [&](size_t slot) { return !taken_[slot]; };
      const auto is_empty = [&](size_t slot) { return is_free(slot) && receiver_.slots()[slot]->track() == nullptr; };
      auto it = std::find_if(slots.rbegin(), slots.rend(), is_empty);
      if (it == slots.rend()) it = std::find_if(slots.rbegin(), slots.rend(), is_free);
      if (it != slots.rend()) put(*it, track);
    }
  }

  const std::vector<size_t>& slots_for(const PublishedTrack& track) const {
    return track.kind() == MediaKind::kAudio ? audio_ : video_;
  }

  Timestamp now_;
  ClientSession& receiver_;
  SlotPlan plan_;
  std::vector<bool> taken_;
  std::vector<PublishedTrack*> visible_;
  std::vector<size_t> audio_;
  std::vector<size_t> video_;
  bool voices_overflow_ = false;
};

}  // namespace

SlotPlan plan_slots(Timestamp now, ClientSession& receiver, std::span<PublishedTrack* const> candidates) {
  return Planner(now, receiver, candidates).run();
}

}  // namespace eir
