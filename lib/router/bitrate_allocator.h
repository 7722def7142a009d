#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "lib/base/time.h"
#include "lib/base/units.h"
#include "lib/rtp/codec.h"

namespace eir {

// One simulcast layer that a slot could show, as measured: PublishedTrack::offer_layers(). A layer that sends nothing
// now is not offered.
struct LayerOffer {
  static constexpr size_t kTemporalMax = 4;  // the dependency descriptor allows 8; browsers send at most 3

  // One layer with its temporal layers up to and with some number.
  struct Part {
    DataRate rate;
    float frames_per_second = 0;  // 0: not known yet
  };

  uint64_t key = 0;  // the caller's own: the same for the same layer from one call to the next
  uint16_t width = 0;
  uint16_t height = 0;
  uint8_t temporal_layers = 1;
  std::array<Part, kTemporalMax> up_to{};  // by the highest temporal layer that is sent
};

// What gives way first when the line is too thin for all that is wanted.
enum class PictureProfile : uint8_t {
  kOrdinary,
  kWound,      // detail: before all other pictures, 720p while the line carries it, ≥10 frames/s
  kSign,       // movement: ≥20 frames/s, resolution gives way
  kScreen,     // legible: resolution, frame rate gives way
  kAudioOnly,  // no picture at all
};

// What one slot asks for.
struct SlotDemand {
  // Ranks that the rules speak of; lower goes first.
  static constexpr uint8_t kMain = 0;  // pinned, or clinically marked
  static constexpr uint8_t kScreen = 1;
  static constexpr uint8_t kSpeaker = 2;
  static constexpr uint8_t kOther = 3;

  MediaKind kind = MediaKind::kVideo;
  PictureProfile profile = PictureProfile::kOrdinary;
  uint8_t rank = kOther;
  uint32_t wish_priority = 0;  // of the client's `view`; among equal ranks the higher goes first
  uint32_t wish_width = 0;     // likewise, what is on the page; 0: as large as there is
  uint32_t wish_height = 0;
  // Smallest first; what is beyond kLayersMax is not looked at. Sound: one layer, with its rate. None: nothing to send.
  std::span<const LayerOffer> layers;
};

struct SlotGrant {
  int layer = -1;              // index into the demand's layers; −1: paused
  uint8_t temporal_limit = 0;  // the highest temporal layer to send
  DataRate rate;
};

// What the allocator remembers of a slot from one call to the next. Kept by the caller beside the slot; to be begun
// anew (= {}) when the slot shows another source.
struct SlotMemory {
  bool was_granted = false;  // `key` and `temporal_limit` are the last grant
  bool was_paused = false;   // for want of budget
  bool has_risen = false;    // since the last fall
  uint64_t key = 0;
  uint8_t temporal_limit = 0;
  Timestamp rose_at{};
  Timestamp held_until{};  // no rise before
  Duration hold{};         // after the last fall
};

struct Allocation {
  DataRate granted;  // all grants together
  DataRate wanted;   // what they would be if the line carried everything
};

// Divides what a receiver's line carries among its slots. A pure function: the same arguments give the same grants.
//
// Sound comes off the budget first and is granted even beyond it. Then each picture climbs a ladder of rungs (a layer
// with some of its temporal layers), the better the higher; a rung that costs no less than a better one is not in it.
// kWound climbs as far as it goes. The others get their lowest rung each, in order of rank and wish, then climb: rank
// by rank, wish by wish, and rung by rung in turn among equals. The slot that stands first in all this order never gets
// less for a larger budget: before a costlier rung of another slot come all the cheaper ones of the first.
//
// No slot gets a larger layer than fills the size wished for (kWound: nor than 720p needs, if that is more).
//
// A fall is at once. To rise above what it had, a slot needs the sum to stay within kRiseShare of the budget and its
// hold to be over: kHoldMin after a fall, twice as long with each fall that follows a rise within kFallsSoon, kHoldMax
// at most. What a slot never had, it gets without a hold.
class BitrateAllocator {
 public:
  static constexpr size_t kSlotsMax = 64;  // pictures; further ones are paused
  static constexpr size_t kLayersMax = 4;
  static constexpr double kRiseShare = 0.9;
  static constexpr Duration kHoldMin = 1500ms;
  static constexpr Duration kHoldMax = 12s;
  static constexpr Duration kFallsSoon = 10s;

  // How many of the layers may be shown: up to the smallest that covers the wish.
  static size_t useful_layers(const SlotDemand& demand);

  // The three spans belong together, slot by slot, and are equally long.
  static Allocation allocate(Timestamp now, DataRate budget, std::span<const SlotDemand> demands,
                             std::span<SlotMemory> memory, std::span<SlotGrant> grants);
};

}  // namespace eir
