#include "lib/media/layer_selector.h"

#include <utility>

#include "lib/media/receive_stream.h"

namespace eir {

ReceiveStream* select_layer(std::span<ReceiveStream* const> layers, Timestamp now) {
  const auto rank = [](const ReceiveStream& layer) {
    return std::pair(uint64_t{layer.width()} * layer.height(), layer.counters().bytes);
  };
  ReceiveStream* best = nullptr;
  for (ReceiveStream* layer : layers) {
    if (layer == nullptr || !layer->is_active(now, kLayerSilent)) continue;
    if (best == nullptr || rank(*layer) > rank(*best)) best = layer;
  }
  return best;
}

}  // namespace eir
