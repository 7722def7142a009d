// covers: lib/router/bitrate_allocator.cc
// Slots, layers, wishes and budgets as the input says, over many calls with one memory: grants name layers that are
// there, stay within the budget unless only sound is left, and add up.
#include <cstdint>
#include <vector>

#include "lib/base/bytes.h"
#include "lib/base/check.h"
#include "lib/router/bitrate_allocator.h"

namespace {

using namespace eir;

LayerOffer read_layer(ByteReader& input) {
  LayerOffer layer{.key = input.u8(), .width = input.u16(), .height = input.u16(), .temporal_layers = input.u8()};
  for (LayerOffer::Part& part : layer.up_to) {
    // Signed and shifted far: what was measured wrongly must do no harm either.
    const auto rate = static_cast<int64_t>(static_cast<int16_t>(input.u16())) * 1000;
    const uint8_t more = input.u8();
    part = {.rate = DataRate::bps(more == 0xff ? rate << 30 : rate), .frames_per_second = static_cast<float>(more)};
  }
  return layer;
}

void check(DataRate budget, const std::vector<SlotDemand>& demands, const std::vector<SlotGrant>& grants,
           const Allocation& allocation) {
  DataRate sum;
  bool any_picture = false;
  for (size_t i = 0; i < demands.size(); ++i) {
    const SlotGrant& grant = grants[i];
    EIR_CHECK(grant.layer < static_cast<int>(demands[i].layers.size()));
    EIR_CHECK(grant.layer >= 0 || grant.rate == DataRate());
    EIR_CHECK(grant.temporal_limit < LayerOffer::kTemporalMax);
    sum = sum + grant.rate;
    any_picture |= grant.layer >= 0 && demands[i].kind == MediaKind::kVideo && grant.rate > DataRate();
  }
  EIR_CHECK(sum == allocation.granted && sum <= allocation.wanted);
  EIR_CHECK(!any_picture || sum <= budget);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  ByteReader input(ByteView{data, size});
  const size_t slots = input.u8() % 70U;
  std::vector<std::vector<LayerOffer>> layers(slots);
  std::vector<SlotDemand> demands(slots);
  for (size_t i = 0; i < slots; ++i) {
    const uint8_t shape = input.u8();
    for (int n = shape % 6; n > 0 && input.remaining() > 0; --n) layers[i].push_back(read_layer(input));
    demands[i] = {.kind = (shape & 0x80) != 0 ? MediaKind::kAudio : MediaKind::kVideo,
                  .profile = static_cast<PictureProfile>((shape >> 4) % 5),
                  .rank = input.u8(),
                  .wish_priority = input.u8(),
                  .wish_width = input.u8() * 8U,
                  .wish_height = input.u8() * 8U,
                  .layers = layers[i]};
  }
  std::vector<SlotMemory> memory(slots);
  std::vector<SlotGrant> grants(slots);
  Timestamp now{1s};
  for (int calls = 0; calls < 32 && input.remaining() > 0; ++calls) {
    now += input.u8() * 50ms;
    const DataRate budget = DataRate::kbps(input.u16() - 100);
    check(budget, demands, grants, BitrateAllocator::allocate(now, budget, demands, memory, grants));
  }
  return 0;
}
