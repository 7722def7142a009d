#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "lib/router/events.h"
#include "lib/router/router.h"
#include "server/channel/messages.h"

// Between the words of the channel and those of lib/router. They mean the same and are kept apart because the one is a
// wire format and the other is not. Switches without default: a new enumerator on either side does not compile.
namespace eir {

uint32_t to_right_bits(const std::vector<channel::RightKind>& kinds);
std::vector<channel::RightKind> to_right_kinds(uint32_t bits);
Rights to_router(const channel::Rights& rights);
channel::Rights to_channel(const Rights& rights);

TrackLabel to_router(channel::TrackLabel label);
channel::TrackLabel to_channel(TrackLabel label);
SessionKind to_router(channel::SessionKind kind);
channel::SessionKind to_channel(SessionKind kind);
std::vector<SlotWish> to_router(const std::vector<channel::SlotWish>& wishes);

channel::TransportPhase to_channel(TransportPhase phase);
channel::RefusalCode to_channel(RouterRefusal refusal);
channel::Refused to_channel(const NegotiationRefusal& refusal);
channel::Answer to_channel(NegotiatedAnswer answer);
channel::Event to_channel(const RouterEvent& event);

// All that the router holds, for the adoption by a new control.
channel::WorkerReport report_of(const Router& router);

}  // namespace eir
