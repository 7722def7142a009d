#pragma once

#include <compare>
#include <cstdint>
#include <functional>

namespace eir {

// An integer that cannot be mistaken for another kind of integer. `Tag` is an empty struct that names the kind.
template <class Tag, class Rep = uint32_t>
struct Id {
  Rep value{};

  constexpr Id() = default;
  explicit constexpr Id(Rep v) : value(v) {}
  constexpr auto operator<=>(const Id&) const = default;
  explicit constexpr operator bool() const { return value != Rep{}; }
};

// RTP synchronisation source (RFC 3550 section 3).
using Ssrc = Id<struct SsrcTag>;
// A published track; 32 bits because each packet of a slot carries it as its one CSRC. 0 means none.
using TrackId = Id<struct TrackTag>;
// Given by control, unique within one worker's life. 0 means none.
using RoomId = Id<struct RoomTag>;
using ParticipantId = Id<struct ParticipantTag>;
using TransportId = Id<struct TransportTag>;

}  // namespace eir

template <class Tag, class Rep>
struct std::hash<eir::Id<Tag, Rep>> {
  size_t operator()(eir::Id<Tag, Rep> id) const noexcept { return std::hash<Rep>{}(id.value); }
};
