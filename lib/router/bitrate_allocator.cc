#include "lib/router/bitrate_allocator.h"

#include <algorithm>
#include <cmath>
#include <tuple>

#include "lib/base/check.h"

namespace eir {
namespace {

constexpr size_t kRungsMax = BitrateAllocator::kLayersMax * LayerOffer::kTemporalMax;
// Beyond any line; keeps the sums of 64 slots far from the end of 64 bits, whatever was measured.
constexpr int64_t kRateMax = 1'000'000'000'000;
// Below it movement falls apart into stills (issue: a wound may go down to it).
constexpr float kFramesUsefulMin = 10;
// Below it finger spelling is lost.
constexpr float kFramesSignMin = 20;
// What "720p" means of a wound, whichever way up the camera is held.
constexpr uint32_t kWoundWidth = 1280;
constexpr uint32_t kWoundHeight = 720;

struct Rung {
  int64_t rate = 0;
  uint8_t layer = 0;
  uint8_t temporal = 0;
};

// One picture on its way up its ladder.
struct Climber {
  size_t slot = 0;
  std::array<Rung, kRungsMax> rungs{};
  int count = 0;
  int taken = -1;  // index of a rung
  int kept = -1;   // what it had before
  bool may_rise = true;

  const Rung& rung_at(int index) const { return rungs[static_cast<size_t>(index)]; }
  bool at_top() const { return taken + 1 >= count; }
  int64_t rate() const { return taken < 0 ? 0 : rung_at(taken).rate; }
  int64_t next_cost() const { return rung_at(taken + 1).rate - rate(); }
};

int64_t bounded(DataRate rate) { return std::clamp<int64_t>(rate.bps(), 0, kRateMax); }

// Pictures are fitted into their place whole: the one side that is full decides, whichever way up the picture is.
bool covers(const LayerOffer& layer, uint32_t width, uint32_t height) {
  return layer.width != 0 && (layer.width >= width || layer.height >= height);
}

float frames_min(PictureProfile profile, size_t layer) {
  switch (profile) {
    case PictureProfile::kScreen:
      return 0;
    case PictureProfile::kSign:
      // Where not even the smallest picture can move as it should, a slower one is better than none.
      return layer == 0 ? kFramesUsefulMin : kFramesSignMin;
    case PictureProfile::kOrdinary:
    case PictureProfile::kWound:
    case PictureProfile::kAudioOnly:
      break;
  }
  return kFramesUsefulMin;
}

// The better the picture, the higher: first by size, then by frame rate. Of a layer whose frame rate is not known, or
// too low with all it has, only the whole is a rung.
void build_ladder(const SlotDemand& demand, Climber& climber) {
  if (demand.profile == PictureProfile::kAudioOnly) return;
  const size_t layers = BitrateAllocator::useful_layers(demand);
  for (size_t layer = 0; layer < layers; ++layer) {
    const LayerOffer& offer = demand.layers[layer];
    const size_t top = std::clamp<size_t>(offer.temporal_layers, 1, LayerOffer::kTemporalMax) - 1;
    const float least = frames_min(demand.profile, layer);
    for (size_t temporal = 0; temporal <= top; ++temporal) {
      const LayerOffer::Part& part = offer.up_to[temporal];
      const bool moves = part.frames_per_second > 0 && part.frames_per_second >= least;
      if (temporal != top && !moves) continue;
      const Rung rung{
          .rate = bounded(part.rate), .layer = static_cast<uint8_t>(layer), .temporal = static_cast<uint8_t>(temporal)};
      while (climber.count > 0 && climber.rung_at(climber.count - 1).rate >= rung.rate) {
        --climber.count;
      }
      climber.rungs[static_cast<size_t>(climber.count++)] = rung;
    }
  }
}

void recall(Timestamp now, const SlotDemand& demand, const SlotMemory& memory, Climber& climber) {
  climber.may_rise = now >= memory.held_until;
  if (!memory.was_granted) return;
  const auto had = std::find_if(demand.layers.begin(), demand.layers.end(),
                                [&](const LayerOffer& each) { return each.key == memory.key; });
  if (had == demand.layers.end()) return;
  const std::tuple former(static_cast<size_t>(had - demand.layers.begin()), memory.temporal_limit);
  for (int i = 0; i < climber.count; ++i) {
    const Rung& rung = climber.rung_at(i);
    // Whatever is no better than what it had: the rung itself may be gone, or no longer worth its rate.
    if (std::tuple(size_t{rung.layer}, rung.temporal) <= former) climber.kept = i;
  }
}

void remember(Timestamp now, const SlotDemand& demand, const Climber& climber, SlotMemory& memory) {
  if (climber.count == 0) {
    memory = {};  // nothing that could be granted: what comes next is new
    return;
  }
  if (climber.taken < climber.kept) {
    const bool falls_soon = memory.has_risen && now - memory.rose_at < BitrateAllocator::kFallsSoon;
    memory.hold = falls_soon ? std::min(memory.hold * 2, BitrateAllocator::kHoldMax) : BitrateAllocator::kHoldMin;
    memory.hold = std::max(memory.hold, BitrateAllocator::kHoldMin);
    memory.held_until = now + memory.hold;
    memory.has_risen = false;
  } else if (climber.taken > climber.kept && (memory.was_granted || memory.was_paused)) {
    memory.has_risen = true;
    memory.rose_at = now;
  }
  memory.was_granted = climber.taken >= 0;
  memory.was_paused = !memory.was_granted;
  if (!memory.was_granted) return;
  const Rung& rung = climber.rung_at(climber.taken);
  memory.key = demand.layers[rung.layer].key;
  memory.temporal_limit = rung.temporal;
}

// All pictures of one call, and what is left for them.
class Climb {
 public:
  Climb(DataRate budget, int64_t spent)
      : budget_(bounded(budget)),
        rise_budget_(std::llround(static_cast<double>(budget_) * BitrateAllocator::kRiseShare)),
        spent_(spent) {}

  void add(Timestamp now, std::span<const SlotDemand> demands, size_t slot, const SlotMemory& memory) {
    Climber& climber = climbers_[count_];
    order_[count_++] = &climber;
    climber.slot = slot;
    build_ladder(demands[slot], climber);
    recall(now, demands[slot], memory, climber);
  }
  bool is_full() const { return count_ == climbers_.size(); }

  void run(std::span<const SlotDemand> demands) {
    const auto key = [&](const Climber* climber) {
      const SlotDemand& demand = demands[climber->slot];
      const bool is_wound = demand.profile == PictureProfile::kWound;
      return std::tuple(climber->count == 0, !is_wound, demand.rank, ~demand.wish_priority, climber->slot);
    };
    const auto end = order_.begin() + static_cast<ptrdiff_t>(count_);
    std::sort(order_.begin(), end, [&](const Climber* a, const Climber* b) { return key(a) < key(b); });
    for (auto it = order_.begin(); it != end && demands[(*it)->slot].profile == PictureProfile::kWound; ++it) {
      while (step(**it)) {
      }
    }
    for (auto it = order_.begin(); it != end; ++it) {
      if ((*it)->taken < 0) step_behind_first(**it);
    }
    for (auto begin = order_.begin(); begin != end;) {
      const auto equals = std::find_if(begin, end, [&](const Climber* each) {
        return demands[each->slot].rank != demands[(*begin)->slot].rank ||
               demands[each->slot].wish_priority != demands[(*begin)->slot].wish_priority;
      });
      climb_in_turn(std::span(begin, equals));
      begin = equals;
    }
  }

  std::span<const Climber> climbers() const { return std::span(climbers_).first(count_); }
  int64_t spent() const { return spent_; }

 private:
  void climb_in_turn(std::span<Climber* const> equals) {
    bool any = true;
    while (any) {
      any = false;
      for (Climber* const climber : equals) any |= climber->taken >= 0 && step_behind_first(*climber);
    }
  }

  bool step_behind_first(Climber& climber) {
    if (climber.at_top()) return false;
    Climber& first = *order_.front();
    while (&first != &climber && !first.at_top() && first.next_cost() < climber.next_cost() && step(first)) {
    }
    return step(climber);
  }

  bool step(Climber& climber) {
    if (climber.at_top()) return false;
    const bool rises = climber.taken + 1 > climber.kept;
    if (rises && !climber.may_rise) return false;
    if (spent_ + climber.next_cost() > (rises ? rise_budget_ : budget_)) return false;
    spent_ += climber.next_cost();
    ++climber.taken;
    return true;
  }

  std::array<Climber, BitrateAllocator::kSlotsMax> climbers_{};
  std::array<Climber*, BitrateAllocator::kSlotsMax> order_{};
  size_t count_ = 0;
  int64_t budget_;
  int64_t rise_budget_;
  int64_t spent_;
};

}  // namespace

size_t BitrateAllocator::useful_layers(const SlotDemand& demand) {
  const size_t count = std::min(demand.layers.size(), kLayersMax);
  if (demand.wish_width == 0 || demand.wish_height == 0) return count;
  const bool is_wound = demand.profile == PictureProfile::kWound;
  const uint32_t width = is_wound ? std::max(demand.wish_width, kWoundWidth) : demand.wish_width;
  const uint32_t height = is_wound ? std::max(demand.wish_height, kWoundHeight) : demand.wish_height;
  for (size_t i = 0; i < count; ++i) {
    if (covers(demand.layers[i], width, height)) return i + 1;
  }
  return count;
}

Allocation BitrateAllocator::allocate(Timestamp now, DataRate budget, std::span<const SlotDemand> demands,
                                      std::span<SlotMemory> memory, std::span<SlotGrant> grants) {
  EIR_CHECK(demands.size() == memory.size() && demands.size() == grants.size());
  int64_t sound = 0;
  for (size_t i = 0; i < demands.size(); ++i) {
    grants[i] = {};
    if (demands[i].kind != MediaKind::kAudio || demands[i].layers.empty()) continue;
    const int64_t rate = bounded(demands[i].layers.front().up_to.front().rate);
    grants[i] = {.layer = 0, .temporal_limit = 0, .rate = DataRate::bps(rate)};
    sound += rate;
  }
  Climb climb(budget, sound);
  for (size_t i = 0; i < demands.size() && !climb.is_full(); ++i) {
    if (demands[i].kind == MediaKind::kVideo) climb.add(now, demands, i, memory[i]);
  }
  climb.run(demands);
  int64_t wanted = sound;
  for (const Climber& climber : climb.climbers()) {
    remember(now, demands[climber.slot], climber, memory[climber.slot]);
    if (climber.count > 0) wanted += climber.rung_at(climber.count - 1).rate;
    if (climber.taken < 0) continue;
    const Rung& rung = climber.rung_at(climber.taken);
    grants[climber.slot] = {.layer = rung.layer, .temporal_limit = rung.temporal, .rate = DataRate::bps(rung.rate)};
  }
  return {.granted = DataRate::bps(climb.spent()), .wanted = DataRate::bps(wanted)};
}

}  // namespace eir
