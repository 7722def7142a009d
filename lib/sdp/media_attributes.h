#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "lib/sdp/sdp_error.h"
#include "lib/sdp/session_description.h"

namespace eir::sdp {

// One "a=<name>:<value>" line; `value` is empty for a flag.
struct AttributeLine {
  std::string_view name;
  std::string_view value;
  uint32_t line = 0;
};

// Each takes in what it knows of one line and leaves other attributes alone. nullopt: nothing wrong.
std::optional<SdpError> read_transport_attribute(TransportAttributes& transport, const AttributeLine& attribute);
std::optional<SdpError> read_media_attribute(MediaSection& media, const AttributeLine& attribute);

// a=sendrecv and its like.
std::optional<Direction> direction_from_name(std::string_view name);

}  // namespace eir::sdp
