#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "tests/support/line_rows.h"

namespace eir {

// Publishers and receivers of the table of lines.

// Three layers of 150, 500 and 1,700 kbit/s and 40 kbit/s of sound. A deaf one sends a key frame every 2 s.
ClientOptions three_layer_source(LineSource source);
// With three temporal layers each, as browsers send simulcast.
ClientOptions temporal_source(LineSource source);
// With slots for so many people.
ClientOptions viewer_of(size_t people);

const ReceiverStats& picture_of(const SimPerson& person);
// Of all that was in every packet.
uint64_t payload_digest_of(const SimPerson& person);
// The viewer's first picture is this person's, whoever speaks.
std::vector<SlotWish> wish_for(const SimPerson& source, const SimPerson& viewer);

}  // namespace eir
