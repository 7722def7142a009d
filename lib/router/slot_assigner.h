#pragma once

#include <span>
#include <vector>

#include "lib/base/time.h"

namespace eir {

class ClientSession;
class Participant;
class PublishedTrack;

// What one session's slots should show, in the order of its slots; nullptr: nothing.
using SlotPlan = std::vector<PublishedTrack*>;

// Decides that for one receiving session. `candidates` are all tracks of the room in order of publication; those that
// the receiver has no right to, and its own, are left out here. The order of claims:
// 1. the client's wishes (`view`);
// 2. pairs: audio slot k and video slot k belong to one publisher, who keeps them while it publishes;
// 3. when there are more voices than audio slots, the audio slots carry the loudest, a voice keeping its slot for
//    Room::kVoiceHold;
// 4. second cameras and screens take the last free video slots.
// A track stands in at most one slot of its kind.
SlotPlan plan_slots(Timestamp now, ClientSession& receiver, std::span<PublishedTrack* const> candidates);

}  // namespace eir
