#pragma once

#include <array>

#include "lib/base/time.h"
#include "lib/router/bitrate_allocator.h"
#include "lib/router/published_track.h"

namespace eir {

class ReceiveSlot;

using LayerOffers = std::array<LayerOffer, PublishedTrack::kLayersMax>;

// What a slot asks for now: what its picture is to its receiver, what the client wishes, and the layers that its track
// sends, which are written to `layers`. No layers while the slot could not send anyway.
SlotDemand demand_of(Timestamp now, const ReceiveSlot& slot, LayerOffers& layers);

// The layers of a picture that some receiver could use if its line carried everything, as bits by their place in the
// offer (WantedLayers): the lowest always, and those whose size is not known yet.
uint8_t useful_layers(const PublishedTrack& track);

}  // namespace eir
