#include "lib/router/slot_demand.h"

#include <algorithm>

#include "lib/router/client_session.h"
#include "lib/router/participant.h"
#include "lib/router/receive_slot.h"
#include "lib/router/room.h"
#include "lib/router/send_control.h"

namespace eir {
namespace {

struct Aspect {
  PictureProfile profile = PictureProfile::kOrdinary;
  uint8_t rank = SlotDemand::kOther;
};

// What a picture is to its receiver: what is examined or pinned, what is read, who speaks, and the others.
Aspect aspect_of(const ReceiveSlot& slot, const SlotWish* wish) {
  const PublishedTrack& track = *slot.track();
  const Participant& publisher = track.session().participant();
  const bool is_pinned = wish != nullptr && wish->source == publisher.id() && wish->label == track.label();
  switch (track.label()) {
    case TrackLabel::kWound:
      return {.profile = PictureProfile::kWound, .rank = SlotDemand::kMain};
    case TrackLabel::kScreen:
      return {.profile = PictureProfile::kScreen, .rank = is_pinned ? SlotDemand::kMain : SlotDemand::kScreen};
    default:
      if (publisher.signs()) return {.profile = PictureProfile::kSign, .rank = SlotDemand::kMain};
      if (is_pinned) return {.profile = PictureProfile::kOrdinary, .rank = SlotDemand::kMain};
      return {.profile = PictureProfile::kOrdinary,
              .rank = publisher.room().is_loudest(publisher.id()) ? SlotDemand::kSpeaker : SlotDemand::kOther};
  }
}

// A layer that has just begun has no rate yet: what its size usually takes.
void assume_rates(std::span<LayerOffer> offers) {
  for (LayerOffer& offer : offers) {
    if (offer.up_to.back().rate.bps() > 0) continue;
    const auto pixels = static_cast<double>(uint32_t{offer.width} * offer.height);
    offer.up_to.fill({.rate = DataRate::bps(static_cast<int64_t>(pixels * SendControl::kBitsPerPixel))});
  }
}

void ask(const ReceiveSlot& slot, SlotDemand& demand) {
  const SlotWish* const wish = slot.session().participant().find_wish(slot.mid());
  const Aspect aspect = aspect_of(slot, wish);
  demand.profile = aspect.profile;
  demand.rank = aspect.rank;
  if (wish == nullptr) return;
  demand.wish_priority = wish->priority;
  demand.wish_width = wish->width;
  demand.wish_height = wish->height;
}

}  // namespace

SlotDemand demand_of(Timestamp now, const ReceiveSlot& slot, LayerOffers& layers) {
  SlotDemand demand;
  demand.kind = slot.kind();
  if (!slot.is_live()) return demand;
  size_t count = slot.track()->offer_layers(now, layers);
  if (slot.kind() == MediaKind::kAudio) {
    layers.front() = {};
    layers.front().up_to.fill({.rate = SendControl::kVoice});
    count = std::min<size_t>(count, 1);
  } else {
    assume_rates(std::span(layers).first(count));
    ask(slot, demand);
  }
  demand.layers = std::span<const LayerOffer>(layers).first(count);
  return demand;
}

uint8_t useful_layers(const PublishedTrack& track) {
  LayerOffers sizes;
  const size_t count = track.list_sizes(sizes);
  size_t useful = std::min<size_t>(count, 1);
  for (const ReceiveSlot* slot : track.subscribers()) {
    if (!slot->is_live()) continue;
    SlotDemand demand;
    ask(*slot, demand);
    demand.layers = std::span<const LayerOffer>(sizes).first(count);
    useful = std::max(useful, BitrateAllocator::useful_layers(demand));
  }
  // A layer that has not shown its size yet may be the one that is wanted.
  uint32_t mask = (1U << track.layers().size()) - 1;
  for (size_t i = useful; i < count; ++i) mask &= ~(1U << sizes[i].key);
  return static_cast<uint8_t>(mask);
}

}  // namespace eir
