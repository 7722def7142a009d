#pragma once

#include <span>

#include "lib/base/time.h"

namespace eir {

class ReceiveStream;

// A simulcast layer that sent nothing for so long is taken for switched off. Longer than the gap between two frames at
// 1 frame/s of a still screen, shorter than a person takes for a freeze.
inline constexpr Duration kLayerSilent = 1500ms;

// Which of a track's layers a slot should show: the largest by its key frames' picture size among those that send
// (never by rid, whose names mean nothing); of equal or unknown size the one with the higher byte rate. nullptr if none
// sends.
ReceiveStream* select_layer(std::span<ReceiveStream* const> layers, Timestamp now);

}  // namespace eir
